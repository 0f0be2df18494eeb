"""Datagrams: each is taken and sent whole. None is joined with another, cut, or taken for an end because it is empty."""

from __future__ import annotations

import math
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hatoba.errors import HatobaError
from hatoba.messages import _, ngettext
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, Peer, SocketAddress, SocketSettings
from hatoba.netcat.listening import Welcome, listening_sockets
from hatoba.netcat.own_address import Ancillary, own_address, receive_into, send_back
from hatoba.netcat.pumps import Copying, sending
from hatoba.netcat.resolving import Place
from hatoba.netcat.sockets import open_socket
from hatoba.netcat.ways import Streams, Ways, given, output

LONGEST_BYTES = 1 << 18
"""Longer than any datagram: UDP's end at 65,527 bytes of data (RFC 768), those of Unix sockets at the send buffer."""

_LARGEST_BYTES = {socket.AF_INET: 65_507, socket.AF_INET6: 65_527}
_LARGEST_UNIX_BYTES = 1 << 16
"""The most that we send in one: what IP's length field leaves (RFC 791, RFC 8200); for Unix sockets any system takes this."""

Answer = Callable[[bytes, Peer], bytes | None]
"""From a datagram and its sender to what is sent back; None for nothing."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A datagram, whole, the socket that it came to and who sent it."""

    listener: socket.socket
    datagram: bytes
    address: SocketAddress
    back: Ancillary
    """For :func:`~hatoba.netcat.own_address.send_back`."""


def answer_datagrams(
    end: End, settings: SocketSettings, console: Console, answer: Answer, *, welcome: Welcome | None = None
) -> int:
    """Take datagrams from anybody and send each sender what *answer* says; return how many there were, when none came for
    ``welcome.wait_s``, or after the first without ``keep_open``. Raises NotBound where nothing can be."""
    welcome = welcome or Welcome(keep_open=True)
    count = 0
    with listening_sockets(end, settings, console) as sockets:
        while (arrived := next_datagram(sockets, welcome, console)) is not None:
            count += 1
            try:
                reply = answer(arrived.datagram, Peer.of(arrived.address))
            except HatobaError as error:  # it is told, and the next one gets what there is then
                console.complain(str(error))
                reply = None
            if reply is not None and arrived.address:
                # Who asked may be gone by now, and its host may say so by an ICMP error: that is no fault of ours.
                with suppress(OSError):
                    send_back(arrived.listener, reply, arrived.address, arrived.back)
            if not welcome.keep_open:
                break
    return count


def next_datagram(sockets: Sequence[socket.socket], welcome: Welcome, console: Console) -> Arrived | None:
    """The next datagram of somebody who may send one; None where none came in time."""
    poll = select.poll()
    buffer = memoryview(bytearray(LONGEST_BYTES))
    by_descriptor = {each.fileno(): each for each in sockets}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = poll.poll(None if welcome.wait_s is None else 1000 * welcome.wait_s)
        if not ready:
            return None
        listener = by_descriptor[ready[0][0]]
        try:
            count, address, back = receive_into(listener, buffer)
        except OSError:
            continue  # an ICMP error that answers something we sent, or a checksum that turned out wrong
        if welcome.allows(Peer.of(address)):
            return Arrived(listener, bytes(buffer[:count]), address, back)
        console.turned_away(Peer.of(address))


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose datagrams came first: *early* are those that have been taken already, *address* is the sender's."""

    early: Sequence[bytes]
    address: SocketAddress


def datagram_ways(connection: socket.socket, streams: Streams, caller: Caller | None = None) -> Ways:
    """For a connected datagram socket; it becomes non-blocking. Each piece of input is one datagram: a line from a terminal,
    what one write put into a pipe as long as nobody writes faster than we read, at most the longest that there is.

    *caller* is what :func:`connect_to_first` found.
    """
    connection.setblocking(False)
    descriptor = connection.fileno()
    return Ways(
        Copying(
            streams.source,
            given(streams.source),
            descriptor,
            sending(connection),
            change=streams.sent,
            piece_bytes=_LARGEST_BYTES.get(connection.family, _LARGEST_UNIX_BYTES),
            line_delay_s=streams.line_delay_s,
        ),
        Copying(
            descriptor,
            _FromPeer(connection, caller).read,
            streams.sink,
            len if streams.discards else output(streams.sink),
            change=streams.received,
        ),
        None,
        os.isatty(streams.source),
    )


class _FromPeer:
    """Reads whole datagrams. Where there was a *caller*, others may have sent some before the socket was connected."""

    def __init__(self, connection: socket.socket, caller: Caller | None) -> None:
        self._connection = connection
        self._early = deque(caller.early if caller is not None else ())
        self._sender = caller.address if caller is not None else None

    def read(self, buffer: memoryview) -> int | None:
        while self._early:
            datagram = self._early.popleft()
            if datagram:
                buffer[: len(datagram)] = datagram
                return len(datagram)
        while True:
            try:
                count, sender = self._connection.recvfrom_into(buffer)
            except BlockingIOError:
                return None
            if count and (not self._sender or sender == self._sender):
                return count


def connect_to_first(
    end: End, settings: SocketSettings, console: Console, welcome: Welcome
) -> tuple[socket.socket, Caller] | None:
    """Wait for a datagram, and talk with its sender only from then on: a connected socket, and what came already, for
    :func:`datagram_ways`. None where nobody came in time. Raises NotBound where nothing can be."""
    with listening_sockets(end, settings, console) as sockets:
        arrived = next_datagram(sockets, welcome, console)
        if arrived is None:
            return None
        connection, early = _connected(end, settings, arrived)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    console.accepted(end, Peer.of(arrived.address), Peer.of(connection.getsockname()))
    return connection, Caller((arrived.datagram, *early), arrived.address)


def _connected(end: End, settings: SocketSettings, arrived: Arrived) -> tuple[socket.socket, list[bytes]]:
    """A socket connected to who sent *arrived*, and what it had sent besides. One that is bound to every address would answer,
    and listen, at the one that the route prefers: so it is bound anew where the datagram came to."""
    listener = arrived.listener
    own = own_address(arrived.back)
    if own is not None:
        (address, interface), port = own, listener.getsockname()[1]
        place = Place(listener.family, (address, port, 0, interface) if listener.family == socket.AF_INET6 else (address, port))
        connection = open_socket(end.transport, place, settings)
        try:
            for each in (listener, connection):  # both at one port, until one of them is closed
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(place.address)
            connection.connect(arrived.address)
        except OSError:  # an address that we have no more: let the system choose
            connection.close()
        else:
            return connection, list(_left_of(arrived))
    if arrived.address:  # a Unix socket without a name can't be answered
        listener.connect(arrived.address)
    return listener.dup(), []


def _left_of(arrived: Arrived) -> Iterator[bytes]:
    """What the sender of *arrived* had sent before there was a socket for it."""
    with suppress(BlockingIOError):
        while True:
            datagram, sender = arrived.listener.recvfrom(LONGEST_BYTES)
            if sender == arrived.address:
                yield datagram


def anybody_ways(sockets: Sequence[socket.socket], streams: Streams, welcome: Welcome, console: Console) -> Ways:
    """For bound sockets that hear anybody: what comes is written out, whoever sent it, and input goes to who was heard last."""
    company = _Anybody(sockets, welcome, console)
    return Ways(
        Copying(
            streams.source,
            given(streams.source),
            company.descriptor,
            company.write,
            change=streams.sent,
            piece_bytes=min(_LARGEST_BYTES.get(each.family, _LARGEST_UNIX_BYTES) for each in sockets),
            line_delay_s=streams.line_delay_s,
        ),
        Copying(
            company.descriptor,
            company.read,
            streams.sink,
            len if streams.discards else output(streams.sink),
            change=streams.received,
        ),
        None,
        os.isatty(streams.source),
        company,
    )


class _Anybody:
    """Reads from all sockets, writes to the last sender; until there is one, input waits."""

    def __init__(self, sockets: Sequence[socket.socket], welcome: Welcome, console: Console) -> None:
        self._welcome = welcome
        self._console = console
        self._poll = select.epoll()
        self._sockets = {each.fileno(): each for each in sockets}
        self._last: tuple[socket.socket, SocketAddress, Ancillary] | None = None
        self.came = 0
        self._heard_at_s = time.monotonic()
        for descriptor in self._sockets:
            self._poll.register(descriptor, select.EPOLLIN)

    @property
    def descriptor(self) -> int:
        return self._poll.fileno()

    def deserted_at_s(self) -> float:
        return math.inf if self._welcome.wait_s is None else self._heard_at_s + self._welcome.wait_s

    def acts_at_s(self) -> float:
        return math.inf

    def read(self, buffer: memoryview) -> int | None:
        for descriptor, _event in self._poll.poll(0):
            listener = self._sockets[descriptor]
            try:
                count, sender, back = receive_into(listener, buffer)
            except OSError:
                continue  # an ICMP error for what we sent, or nothing after all
            if not self._welcome.allows(Peer.of(sender)):
                self._console.turned_away(Peer.of(sender))
                continue
            self.came += 1
            self._heard_at_s = time.monotonic()
            if sender:
                self._last = listener, sender, back
            who = str(Peer.of(sender)) or _("a socket without a name")
            self._console.detail(
                ngettext("{count} byte from {peer}", "{count} bytes from {peer}", count).format(count=count, peer=who)
            )
            if count:
                return count
        return None

    def write(self, data: memoryview) -> int | None:
        if self._last is None:
            return None
        listener, sender, back = self._last
        try:
            return send_back(listener, data, sender, back)
        except BlockingIOError:
            return None
        except OSError as fault:
            # One of many peers is gone; the others stay.
            self._console.failed(Peer.of(sender), fault)
            return len(data)
