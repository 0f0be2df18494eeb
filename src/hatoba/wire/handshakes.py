"""Whole connections, held for a moment: does somebody really stand behind an open port?

What answers a SYN need not be the program: SYN proxies and tarpits do it for ports where nobody listens. A completed
connection tells: behind a SYN proxy it is reset as soon as the proxy has asked the host, a tarpit never opens its window.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address

from hatoba.wire.routes import link_index

_SND_WND_AT = 228  # struct tcp_info, tcpi_snd_wnd (linux/tcp.h, since Linux 5.4)
_TCP_INFO_BYTES = 232
_AT_ONCE = 128
_CONNECT_PATIENCE_S = 2.0
_HOLD_S = 1.0
"""How long a connection has to stay up to count as held: a proxy needs a round trip to the host behind it to know better."""


class End(Enum):
    """How a connection ended."""

    HELD = "held"
    CUT = "cut"
    """It was completed, and reset."""
    FAILED = "failed"
    """It was never completed."""


@dataclass(frozen=True, slots=True)
class Handshake:
    end: End
    window_bytes: int | None = None
    """How much the other side takes, once the connection was held; None where the system does not tell."""
    spoke: bool = False
    """It sent something, or closed in good order."""


class Handshakes:
    """Completes connections to one address after the other, many ports at a time."""

    def __init__(self, clock: Callable[[], float], interface: str | None = None) -> None:
        self._clock, self._interface = clock, interface

    def hold(self, packed: bytes, ports: Sequence[int], zone: str | None = None) -> dict[int, Handshake]:
        """Connect to each of *ports* of an address, hold the connection for a second, close it."""
        found: dict[int, Handshake] = {}
        zone_index = link_index(zone) if zone else 0
        for start in range(0, len(ports), _AT_ONCE):
            found |= self._hold_some(packed, ports[start : start + _AT_ONCE], zone_index)
        return found

    def _hold_some(self, packed: bytes, ports: Sequence[int], zone_index: int) -> dict[int, Handshake]:
        found: dict[int, Handshake] = {}
        open_sockets: dict[int, tuple[int, socket.socket]] = {}
        poll = select.poll()
        try:
            for port in ports:
                connection = self._begin(packed, port, zone_index)
                if connection is None:
                    found[port] = Handshake(End.FAILED)
                    continue
                open_sockets[connection.fileno()] = port, connection
                poll.register(connection, select.POLLOUT)
            self._wait(poll, open_sockets, found)
        finally:
            for _port, connection in open_sockets.values():
                connection.close()
        return found

    def _begin(self, packed: bytes, port: int, zone_index: int) -> socket.socket | None:
        family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            if self._interface is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode())
            host = str(ip_address(packed))
            code = connection.connect_ex((host, port) if len(packed) == 4 else (host, port, 0, zone_index))
        except OSError:
            connection.close()
            return None
        if code in (0, errno.EINPROGRESS):
            return connection
        connection.close()
        return None

    def _wait(self, poll: select.poll, waiting: dict[int, tuple[int, socket.socket]], found: dict[int, Handshake]) -> None:
        connected: set[int] = set()
        until_s = self._clock() + _CONNECT_PATIENCE_S
        held_until_s = until_s
        pending = set(waiting)
        while pending and (left_s := (until_s if pending - connected else held_until_s) - self._clock()) > 0:
            for number, events in poll.poll(left_s * 1000):
                port, connection = waiting[number]
                failed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if failed or (number in connected and events & (select.POLLERR | select.POLLHUP)):
                    found[port] = Handshake(End.CUT if number in connected or failed == errno.ECONNRESET else End.FAILED)
                elif number in connected:  # readable: data, or the end of it
                    found[port] = Handshake(End.HELD, _window_bytes(connection), spoke=True)
                else:
                    connected.add(number)
                    held_until_s = self._clock() + _HOLD_S
                    poll.modify(connection, select.POLLIN)
                    continue
                poll.unregister(number)
                pending.discard(number)
        for number in pending:
            port, connection = waiting[number]
            ended = Handshake(End.HELD, _window_bytes(connection)) if number in connected else Handshake(End.FAILED)
            found[port] = ended


def _window_bytes(connection: socket.socket) -> int | None:
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return None
    return struct.unpack_from("=I", info, _SND_WND_AT)[0] if len(info) >= _TCP_INFO_BYTES else None
