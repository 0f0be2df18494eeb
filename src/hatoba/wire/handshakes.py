"""Whole connections, held for a moment: does somebody really stand behind an open port?

What answers a SYN need not be the program: SYN proxies and tarpits do it for ports where nobody listens. A completed
connection tells: behind a SYN proxy it is reset as soon as the proxy has asked the host, a tarpit never opens its window.
"""

from __future__ import annotations

import errno
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.probes.connect import End, Handshake
from hatoba.wire.connect_sockets import LINGER_0
from hatoba.wire.descriptors import EXHAUSTED, room_for_sockets

_SND_WND_AT = 228  # struct tcp_info, tcpi_snd_wnd (linux/tcp.h, since Linux 5.4)
_TCP_INFO_BYTES = 232
_AT_ONCE = 1024
_CONNECT_PATIENCE_S = 2.0
_HOLD_S = 1.0
"""How long a connection has to stay up to count as held: a proxy needs a round trip to the host behind it to know better."""


@dataclass(slots=True)
class _Connection:
    token: int
    socket: socket.socket
    until_s: float
    """When its present stage is over."""


class Handshakes:
    """Completes connections, many at once, holds each for a second and closes it with RST, which frees both ends.

    Raises WireError if this process may open no file any more.
    """

    def __init__(self, clock: Callable[[], float], interface: str | None = None) -> None:
        self._clock, self._interface = clock, interface
        self._begun: dict[int, _Connection] = {}
        """By descriptor, the oldest first."""
        self._held: dict[int, _Connection] = {}
        self._ended: list[tuple[int, Handshake]] = []
        try:
            self._selector = selectors.DefaultSelector()
        except OSError as error:
            raise _no_more() from error
        try:
            self._ceiling = self._limit = min(_AT_ONCE, room_for_sockets())
        except OSError as error:
            self._selector.close()
            raise _no_more() from error

    @property
    def room(self) -> int:
        """How many more may be begun now."""
        return max(0, self._limit - len(self._begun) - len(self._held))

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        """Begin a connection for each row, and return how many were begun, the first ones.

        *tokens* (n,), what comes back with the end; *packed* (n, 4) or (n, 16), addresses; *ports* (n,); *zone_index*, the
        interface of link-local addresses. Fewer than n if there is no room, or if the kernel has no more to give: then the
        room shrinks, and grows again with each that ends. Raises WireError if not even one can be begun.
        """
        family = socket.AF_INET if packed.shape[1] == 4 else socket.AF_INET6
        count = min(len(tokens), self.room)
        for row, token, port in zip(range(count), tokens.tolist(), ports.tolist(), strict=False):
            host = socket.inet_ntop(family, packed[row].tobytes())
            address = (host, port) if family == socket.AF_INET else (host, port, 0, zone_index)
            if not self._begin(token, family, address):
                return row
        return count

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:
        """Those that ended since the last call, with their tokens; waits up to *timeout_s* for news, which need not be one."""
        now_s = self._clock()
        stages = (self._begun, self._held)
        due_s = min((next(iter(stage.values())).until_s for stage in stages if stage), default=now_s + timeout_s)
        for key, _events in self._selector.select(0 if self._ended else max(0.0, min(timeout_s, due_s - now_s))):
            self._look(key.fd)
        self._expire()
        ended, self._ended = self._ended, []
        self._limit = min(self._ceiling, self._limit + len(ended))
        return ended

    def close(self) -> None:
        """End all that is under way."""
        for descriptor in [*self._begun, *self._held]:
            self._end(descriptor, Handshake(End.FAILED))
        self._ended.clear()
        self._selector.close()

    def _begin(self, token: int, family: int, address: tuple[str, int] | tuple[str, int, int, int]) -> bool:
        """False: the kernel has no more to give until one that is under way has ended."""
        connection, code = None, 0
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            if self._interface is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode())
            code = connection.connect_ex(address)
            if code in (0, errno.EINPROGRESS):
                self._selector.register(connection, selectors.EVENT_WRITE)
                until_s = self._clock() + _CONNECT_PATIENCE_S
                self._begun[connection.fileno()] = _Connection(token, connection, until_s)
                return True
        except OSError as error:
            code = error.errno or errno.EIO
        if connection is not None:
            connection.close()
        if code in EXHAUSTED:
            self._limit = len(self._begun) + len(self._held)
            if self._limit:
                return False
            if connection is None:
                raise _no_more()
        self._ended.append((token, Handshake(End.FAILED)))
        return True

    def _look(self, descriptor: int) -> None:
        begun = self._begun.get(descriptor)
        connection = begun or self._held[descriptor]
        failed = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            cut = begun is None or failed == errno.ECONNRESET
            self._end(descriptor, Handshake(End.CUT if cut else End.FAILED))
        elif begun is None:  # readable: data, or the end of it
            self._end(descriptor, Handshake(End.HELD, _window_bytes(connection.socket), spoke=True))
        else:
            connection.until_s = self._clock() + _HOLD_S
            self._held[descriptor] = self._begun.pop(descriptor)
            self._selector.modify(connection.socket, selectors.EVENT_READ)

    def _expire(self) -> None:
        now_s = self._clock()
        for stage in (self._begun, self._held):
            for descriptor, connection in list(stage.items()):
                if connection.until_s > now_s:
                    break
                held = Handshake(End.HELD, _window_bytes(connection.socket))
                self._end(descriptor, held if stage is self._held else Handshake(End.FAILED))

    def _end(self, descriptor: int, handshake: Handshake) -> None:
        connection = self._begun.pop(descriptor, None) or self._held.pop(descriptor)
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._ended.append((connection.token, handshake))


def _no_more() -> WireError:
    return WireError(_("this process may open no more connections; allow more open files with: ulimit -n 4096"))


def _window_bytes(connection: socket.socket) -> int | None:
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return None
    return struct.unpack_from("=I", info, _SND_WND_AT)[0] if len(info) >= _TCP_INFO_BYTES else None
