"""Sockets for the connect wire: how one is got, asked how it fares, and made ready for the next question.

Two kinds stand behind one seam. On Linux a socket is used again and again: a fresh one costs as much as the connect() itself.
Elsewhere each question takes a socket of its own, since after a failed connect() POSIX leaves a socket's state open.
"""

from __future__ import annotations

import ctypes
import errno
import select
import selectors
import socket
import struct
import sys
from typing import Protocol

from hatoba.errors import NotPermitted, WireError
from hatoba.messages import _
from hatoba.probes.connect import Kind
from hatoba.wire.connect_errors import (
    IP_RECVERR,
    IP_RECVTTL,
    IPV6_RECVERR,
    IPV6_RECVHOPLIMIT,
    ErrorQueue,
    SocketError,
)

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, errno.EINTR})
_LINGER_0 = struct.pack("ii", 1, 0)
_SO_BINDTODEVICE = 25
_READY_AT_ONCE = 1024


class Slot:
    """A socket and the question that it carries at the moment."""

    __slots__ = ("address", "connect", "descriptor", "family", "socket", "started_s", "token", "zone_index")

    def __init__(self, its_socket: socket.socket) -> None:
        self.socket = its_socket
        self.family = its_socket.family
        self.connect = its_socket.connect_ex
        self.descriptor = its_socket.fileno()
        self.token = 0
        self.address: SocketAddress = ("", 0)
        self.zone_index = 0
        self.started_s = 0.0

    def is_about(self, error: SocketError) -> bool:
        return error.asked == (socket.inet_pton(self.family, self.address[0]), self.address[1])

    def meets_itself(self) -> bool:
        """Whether the connection's two ends are this one socket: a simultaneous open (RFC 9293 section 3.5), which happens
        on an own address when the kernel picks the asked port as the source port."""
        mine: SocketAddress = self.socket.getsockname()
        return mine[:2] == self.address[:2]


Result = tuple[int, SocketError | None]
"""An errno, 0 for connected, and the ICMP error behind it where the kernel tells."""


class Sockets(Protocol):
    """The seam. A slot is taken, connected by its ``connect``, watched, read until it has a result, and put back."""

    refused_at_once: Kind
    """What ECONNREFUSED means if connect() itself returns it."""

    def take(self, family: int) -> Slot:
        """A socket that is not connected. Raises OSError where the kernel gives none."""

    def watch(self, slot: Slot) -> None:
        """Have :meth:`ready` tell of it."""

    def ready(self, timeout_s: float) -> list[tuple[int, int]]:
        """Descriptors of which there may be something to read, with what for; waits up to *timeout_s* for the first."""

    def read(self, slot: Slot, events: int) -> Result | None:
        """How it ended; None if it has not ended."""

    def put(self, slot: Slot) -> None:
        """Take it back, whatever its state; a connection is cut by a RST, an attempt is given up."""

    def close(self) -> None: ...


class RecycledSockets:
    """Linux: an edge-triggered epoll in which each socket stays for good, and the error queue.

    What this rests on, all in the kernel's ``net/ipv4/af_inet.c`` and ``tcp_ipv4.c``:

    * A second connect() on a socket under way tells how the first one fares and sends nothing. If that one failed, the
      socket is as new afterwards, and the next connect() picks a new source port.
    * connect() to ``AF_UNSPEC`` gives an attempt up, and cuts a connection by a RST.
    * An ICMP error enters the queue before the socket learns that it failed. If it comes while the socket is in the middle
      of connect(), as it does from a near host, only the queue tells: the kernel keeps trying. So the queue is read first.
    """

    refused_at_once = Kind.LOCAL  # a policy of the kernel's own, such as SELinux: no segment can have come back yet

    def __init__(self, interface: str | None = None) -> None:
        self._interface = interface
        self._epoll = select.epoll()
        self._free: dict[int, list[Slot]] = {socket.AF_INET: [], socket.AF_INET6: []}
        self._all: dict[int, Slot] = {}
        self._queue = ErrorQueue()
        self._connect = ctypes.CDLL(None).connect
        self._connect.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        self._unspecified = struct.pack("=H14x", socket.AF_UNSPEC)

    def take(self, family: int) -> Slot:
        free = self._free[family]
        return free.pop() if free else self._open(family)

    def _open(self, family: int) -> Slot:
        slot = Slot(_new_socket(family, self._interface))
        if family == socket.AF_INET:
            slot.socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            slot.socket.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        else:
            slot.socket.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            slot.socket.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
        self._epoll.register(slot.descriptor, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        self._all[slot.descriptor] = slot
        return slot

    def watch(self, slot: Slot) -> None:
        """Nothing to do: the epoll knows it since it was opened."""

    def ready(self, timeout_s: float) -> list[tuple[int, int]]:
        return self._epoll.poll(timeout_s, _READY_AT_ONCE)

    def read(self, slot: Slot, events: int) -> Result | None:
        if events & select.EPOLLERR:
            found = None
            while (error := self._queue.read(slot.descriptor)) is not None:
                if found is None and slot.is_about(error):
                    found = error
            if found is not None:
                return found.errno, found
        code = slot.connect(slot.address)
        if code in UNDER_WAY:
            return None
        if code == 0 and slot.meets_itself():
            self._reset(slot)
            code = slot.connect(slot.address)
            return None if code in UNDER_WAY else (code, None)
        return (0 if code == errno.EISCONN else code), None

    def put(self, slot: Slot) -> None:
        # A socket that was bound to a link by an address's zone stays bound to it.
        if slot.zone_index or self._reset(slot) != 0:
            del self._all[slot.descriptor]
            slot.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
            slot.socket.close()
        else:
            self._free[slot.family].append(slot)

    def _reset(self, slot: Slot) -> int:
        """Cut or give up. A connection ends by RST, not by FIN, so that no TIME_WAIT holds its source port for a minute;
        the target's program sees "connection reset by peer" in its first read, and many a log says so."""
        return int(self._connect(slot.descriptor, self._unspecified, len(self._unspecified)))

    def close(self) -> None:
        for slot in self._all.values():
            self._reset(slot)
            slot.socket.close()
        self._all.clear()
        self._epoll.close()


class PlainSockets:
    """Anywhere: one socket for each question and the platform's best selector. No error queue, so a REJECT by ICMP 3/3
    looks like a RST."""

    refused_at_once = Kind.REFUSED  # BSD's stack answers connect() to an own address at once

    def __init__(self, interface: str | None = None) -> None:
        self._interface = interface
        self._selector = selectors.DefaultSelector()
        self._all: dict[int, Slot] = {}

    def take(self, family: int) -> Slot:
        slot = Slot(_new_socket(family, self._interface))
        slot.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._all[slot.descriptor] = slot
        return slot

    def watch(self, slot: Slot) -> None:
        self._selector.register(slot.descriptor, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def ready(self, timeout_s: float) -> list[tuple[int, int]]:
        return [(key.fd, events) for key, events in self._selector.select(timeout_s)]

    def read(self, slot: Slot, events: int) -> Result | None:
        code = slot.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return code, None
        try:
            slot.socket.getpeername()
        except OSError as error:
            return None if error.errno == errno.ENOTCONN else (error.errno or errno.EIO, None)
        if slot.meets_itself():
            return self._again(slot)
        return 0, None

    def _again(self, slot: Slot) -> Result | None:
        """Ask once more from another source port, in the same slot."""
        self._selector.unregister(slot.descriptor)
        fresh = _new_socket(slot.family, self._interface)
        code = fresh.connect_ex(slot.address)
        # The old socket closes after the new one has its source port, lest it be the same; the number stays the slot's.
        socket.socket(fileno=slot.descriptor).close() if False else slot.socket.close()
        del self._all[slot.descriptor]
        slot.socket, slot.connect, slot.descriptor = fresh, fresh.connect_ex, fresh.fileno()
        self._all[slot.descriptor] = slot
        self.watch(slot)
        return None if code in UNDER_WAY else (code, None)

    def put(self, slot: Slot) -> None:
        if slot.descriptor in self._selector.get_map():
            self._selector.unregister(slot.descriptor)
        del self._all[slot.descriptor]
        slot.socket.close()

    def close(self) -> None:
        for slot in self._all.values():
            slot.socket.close()
        self._all.clear()
        self._selector.close()
