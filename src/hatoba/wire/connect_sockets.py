"""Sockets for the connect wire: how one is got, asked how it fares, and given back.

Two kinds stand behind one seam: :class:`PlainSockets` here, which work anywhere, and those of Linux
(``hatoba.wire.connect_recycled``), which are faster and know more.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from hatoba.errors import NotPermitted, WireError
from hatoba.messages import _
from hatoba.probes.connect import Kind
from hatoba.wire.connect_errors import SocketError

if TYPE_CHECKING:
    from hatoba.wire.connect_salvo import Addresses, Round

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, errno.EINTR})
LINGER_0 = struct.pack("ii", 1, 0)
_SO_BINDTODEVICE = 25


class Slot:
    """A socket and the question that it carries at the moment."""

    __slots__ = (
        "address",
        "connect",
        "descriptor",
        "ended_s",
        "family",
        "socket",
        "started_s",
        "token",
        "told_s",
        "watched",
        "zone_index",
    )

    def __init__(self, its_socket: socket.socket) -> None:
        self.socket = its_socket
        self.family = its_socket.family
        self.connect = its_socket.connect_ex
        self.descriptor = its_socket.fileno()
        self.token = 0
        self.watched = False
        """Whether it stands in an epoll."""
        self.address: SocketAddress = ("", 0)
        self.zone_index = 0
        self.started_s = self.ended_s = 0.0
        self.told_s = 0.0
        """When a salvo saw that there is something to be learnt of it; 0: it did not."""

    def is_about(self, error: SocketError) -> bool:
        return error.asked == (socket.inet_pton(self.family, self.address[0]), self.address[1])

    def meets_itself(self) -> bool:
        """Whether the connection's two ends are this one socket: a simultaneous open (RFC 9293 section 3.5), which happens
        on an own address when the kernel picks the asked port as the source port."""
        mine: SocketAddress = self.socket.getsockname()
        return mine[:2] == self.address[:2]


Ended = tuple[Slot, int, SocketError | None]
"""A slot with its errno (0 for connected) and the ICMP error behind it where the kernel tells. Valid until the next take()."""


class Sockets(Protocol):
    """The seam. A slot is taken, connected by its ``connect``, launched if that is under way, and ends of its own accord or is
    given up."""

    refused_at_once: Kind
    """What ECONNREFUSED means if connect() itself returns it."""
    flying: dict[int, Slot]
    """What is under way, by descriptor, the oldest first."""

    def take(self, family: int) -> Slot:
        """A socket that is not connected. Raises OSError where the kernel gives none."""

    def launch(self, slot: Slot, told_s: float = 0.0) -> None:
        """Its connect() is under way. *told_s*: since then there is something to be learnt of it."""

    near: bool
    """The last that :meth:`fire` asked answered at once."""

    def fire(self, family: int, addresses: Addresses, most: int) -> list[Round]:
        """Ask these, from the first on, some hundreds at a time, if this kind can and most of them answer at once; over no
        more than *most* sockets. What the rounds leave open is to be launched, put back or ended; the other slots are back
        already."""

    def end(self, slot: Slot, code: int) -> Ended:
        """It was told in a round that this one has ended, and nothing more."""

    def put_back(self, slot: Slot) -> None:
        """It was not launched: connect() told the outcome at once."""

    def settle(self, timeout_s: float, clock: Callable[[], float]) -> list[Ended]:
        """What ended, with the slot's ``ended_s`` set; waits up to *timeout_s* for the first. A connection that came about is
        cut by a RST."""

    def give_up(self, slots: list[Slot]) -> None:
        """End these attempts."""

    def close(self) -> None:
        """End everything."""


def new_socket(family: int, interface: str | None, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A socket of TCP, or of another *kind*, that does not block, tied to *interface* if one is named.

    Raises OSError where the kernel gives no socket, WireError and NotPermitted where it does not tie it.
    """
    fresh = socket.socket(family, kind)
    fresh.setblocking(False)
    if interface is None:
        return fresh
    try:
        fresh.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode())
    except OSError as error:
        fresh.close()
        if error.errno in (errno.EPERM, errno.EACCES):
            raise NotPermitted(
                _("this kernel lets only root tie a connection to interface {name}; leave the option out, or use sudo.").format(
                    name=interface
                )
            ) from error
        raise WireError(_("there is no interface {name}; see: ip link").format(name=interface)) from error
    return fresh


class PlainSockets:
    """Anywhere: one socket for each question, since POSIX leaves open what a socket is good for after a failed connect(), and
    the platform's best selector. No error queue, so a REJECT by ICMP 3/3 looks like a RST."""

    near = False
    refused_at_once = Kind.REFUSED  # BSD's stack answers connect() to an own address at once

    def __init__(self, interface: str | None = None) -> None:
        self.flying: dict[int, Slot] = {}
        self._interface = interface
        self._selector = selectors.DefaultSelector()

    def take(self, family: int) -> Slot:
        return Slot(self._fresh(family))

    def _fresh(self, family: int) -> socket.socket:
        fresh = new_socket(family, self._interface)
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        return fresh

    def launch(self, slot: Slot, told_s: float = 0.0) -> None:
        self.flying[slot.descriptor] = slot
        self._selector.register(slot.descriptor, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def fire(self, family: int, addresses: Addresses, most: int) -> list[Round]:
        return []

    def end(self, slot: Slot, code: int) -> Ended:
        slot.socket.close()
        return slot, code, None

    def put_back(self, slot: Slot) -> None:
        slot.socket.close()

    def settle(self, timeout_s: float, clock: Callable[[], float]) -> list[Ended]:
        ended: list[Ended] = []
        events = self._selector.select(timeout_s)
        now = clock()
        for key, _events in events:
            slot = self.flying[key.fd]
            code = self._read(slot)
            if code not in UNDER_WAY:
                slot.ended_s = now
                ended.append((slot, code, None))
        self.give_up([slot for slot, _code, _error in ended])
        return ended

    def _read(self, slot: Slot) -> int:
        code = slot.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return code
        try:
            slot.socket.getpeername()
        except OSError as error:
            return errno.EINPROGRESS if error.errno == errno.ENOTCONN else error.errno or errno.EIO
        return self._again(slot) if slot.meets_itself() else 0

    def _again(self, slot: Slot) -> int:
        """Ask once more from another source port, under the same descriptor number."""
        self._selector.unregister(slot.descriptor)
        fresh = self._fresh(slot.family)
        # Only after this does the old socket go, lest the fresh one get the same source port.
        code = fresh.connect_ex(slot.address)
        os.dup2(fresh.fileno(), slot.descriptor, inheritable=False)
        fresh.close()
        self._selector.register(slot.descriptor, selectors.EVENT_READ | selectors.EVENT_WRITE)
        return code

    def give_up(self, slots: list[Slot]) -> None:
        for slot in slots:
            self._selector.unregister(slot.descriptor)
            del self.flying[slot.descriptor]
            slot.socket.close()

    def close(self) -> None:
        self.give_up(list(self.flying.values()))
        self._selector.close()
