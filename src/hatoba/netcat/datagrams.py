"""Datagrams: each is taken and sent whole. None is joined with another, cut, or taken for an end because it is empty."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hatoba.errors import HatobaError
from hatoba.messages import _, ngettext
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, Peer, SocketAddress, SocketSettings
from hatoba.netcat.listening import Welcome, listening_sockets
from hatoba.netcat.pumps import Copying, sending
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
                    arrived.listener.sendto(reply, arrived.address)
            if not welcome.keep_open:
                break
    return count


def next_datagram(sockets: Sequence[socket.socket], welcome: Welcome, console: Console) -> Arrived | None:
    """The next datagram of somebody who may send one; None where none came in time."""
    poll = select.poll()
    by_descriptor = {each.fileno(): each for each in sockets}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = poll.poll(None if welcome.wait_s is None else 1000 * welcome.wait_s)
        if not ready:
            return None
        listener = by_descriptor[ready[0][0]]
        try:
            datagram, address = listener.recvfrom(LONGEST_BYTES)
        except OSError:
            continue  # an ICMP error that answers something we sent, or a checksum that turned out wrong
        if welcome.allows(Peer.of(address)):
            return Arrived(listener, datagram, address)
        console.turned_away(Peer.of(address))


def datagram_ways(connection: socket.socket, streams: Streams, first: Arrived | None = None) -> Ways:
    """For a connected datagram socket; it becomes non-blocking. Each piece of input is one datagram: a line from a terminal,
    what one write put into a pipe as long as nobody writes faster than we read, at most the longest that there is.

    *first* is what :func:`connect_to_first` took from it already.
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
            _FromPeer(connection, first).read,
            streams.sink,
            len if streams.discards else output(streams.sink),
            change=streams.received,
        ),
        None,
        os.isatty(streams.source),
    )


class _FromPeer:
    """Reads whole datagrams. Where there was a *first*, others may have sent some before the socket was connected."""

    def __init__(self, connection: socket.socket, first: Arrived | None) -> None:
        self._connection = connection
        self._first = first
        self._sender = first.address if first is not None else None

    def read(self, buffer: memoryview) -> int | None:
        if self._first is not None:
            datagram, self._first = self._first.datagram, None
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
) -> tuple[socket.socket, Arrived] | None:
    """Wait for a datagram, and talk with its sender only from then on: a connected socket, and that datagram, for
    :func:`datagram_ways`. None where nobody came in time. Raises NotBound where nothing can be."""
    with listening_sockets(end, settings, console) as sockets:
        arrived = next_datagram(sockets, welcome, console)
        if arrived is None:
            return None
        if arrived.address:  # a Unix socket without a name can't be answered
            arrived.listener.connect(arrived.address)
        connection = arrived.listener.dup()
    console.accepted(end, Peer.of(arrived.address), Peer.of(connection.getsockname()))
    return connection, arrived


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
    )


class _Anybody:
    """Reads from all sockets, writes to the last sender; until there is one, input waits."""

    def __init__(self, sockets: Sequence[socket.socket], welcome: Welcome, console: Console) -> None:
        self._welcome = welcome
        self._console = console
        self._poll = select.epoll()
        self._sockets = {each.fileno(): each for each in sockets}
        self._last: tuple[socket.socket, SocketAddress] | None = None
        for descriptor in self._sockets:
            self._poll.register(descriptor, select.EPOLLIN)

    @property
    def descriptor(self) -> int:
        return self._poll.fileno()

    def read(self, buffer: memoryview) -> int | None:
        for descriptor, _event in self._poll.poll(0):
            listener = self._sockets[descriptor]
            try:
                count, sender = listener.recvfrom_into(buffer)
            except OSError:
                continue  # an ICMP error for what we sent, or nothing after all
            if not self._welcome.allows(Peer.of(sender)):
                self._console.turned_away(Peer.of(sender))
                continue
            if sender:
                self._last = listener, sender
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
        listener, sender = self._last
        try:
            return listener.sendto(data, sender)
        except BlockingIOError:
            return None
        except OSError as fault:
            # One of many peers is gone; the others stay.
            self._console.failed(Peer.of(sender), fault)
            return len(data)
