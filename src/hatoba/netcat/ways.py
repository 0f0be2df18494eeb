"""The two ways of a connection, each by the fastest pump that does what is asked of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hatoba.errors import OutputError, UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.ends import OutputClosed
from hatoba.netcat.pumps import (
    Copying,
    Filter,
    Pump,
    Read,
    SendingFile,
    Splicing,
    Write,
    is_file,
    is_pipe,
    reading,
    receiving,
    sending,
    writing,
)


@dataclass(frozen=True, slots=True)
class Streams:
    """Our side: the descriptors of input and output, and who sees what passes.

    *sent* and *received*, where given, see every piece, in order, and return what is passed on; without them bytes need not
    cross this program at all.
    """

    source: int = 0
    sink: int = 1
    sent: Filter | None = None
    received: Filter | None = None
    line_delay_s: float = 0.0
    """Send lines one by one, and wait so long after each."""
    discards: bool = False
    """What comes is taken, so that the peer is not held up and its end is seen, and nothing is kept of it."""


class Company(Protocol):
    """Who is at the other end, where that is not one peer from the beginning to the end."""

    came: int
    """How often somebody came, or said something where nobody can come."""

    def deserted_at_s(self) -> float:
        """When (``time.monotonic``) nobody will have been there for as long as anybody is waited for; infinite while somebody
        is."""

    def acts_at_s(self) -> float:
        """When (``time.monotonic``) it wants its turn, whether something comes or not; infinite where it only waits."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What a relay moves bytes by."""

    sending: Pump
    receiving: Pump
    tell_end: Callable[[], None] | None
    """Tells the peer that nothing more comes; None where nothing can tell it: datagrams have no end."""
    terminal: bool
    """Whether a person types the input."""
    company: Company | None = None
    """Where several may come and go."""
    seen_by_kernel: bool = False
    """Whether all that waits to be moved waits in the kernel, which tells of it; TLS and a company may have some in memory."""


def stream_ways(connection: socket.socket, streams: Streams) -> Ways:
    """For a connected stream, plain or wrapped; it becomes non-blocking."""
    connection.setblocking(False)
    return Ways(
        _sending_pump(connection, streams),
        _receiving_pump(connection, streams),
        lambda: end_sending(connection),
        os.isatty(streams.source),
        seen_by_kernel=type(connection) is socket.socket,
    )


def _sending_pump(connection: socket.socket, streams: Streams) -> Pump:
    source = streams.source

    def copying() -> Copying:
        return Copying(
            source,
            given(source),
            connection.fileno(),
            sending(connection),
            change=streams.sent,
            line_delay_s=streams.line_delay_s,
        )

    if streams.sent is None and not streams.line_delay_s and _plain(connection):
        if is_pipe(source):
            return Splicing(source, connection.fileno())
        if is_file(source):
            return SendingFile(source, connection.fileno(), copying)
    return copying()


def _receiving_pump(connection: socket.socket, streams: Streams) -> Pump:
    descriptor = connection.fileno()
    if streams.discards:
        return Copying(descriptor, receiving(connection), descriptor, len, change=streams.received)
    if streams.received is None and _plain(connection) and is_pipe(streams.sink):
        return Splicing(descriptor, streams.sink)
    return Copying(descriptor, receiving(connection), streams.sink, output(streams.sink), change=streams.received)


def end_sending(connection: socket.socket) -> None:
    """Tell the peer that nothing more comes. What wraps a socket may know how by a method ``end_sending`` of its own (TLS has a
    message for it); otherwise the socket's sending side is shut down."""
    own = getattr(connection, "end_sending", None)
    if own is not None:
        own()
    else:
        connection.shutdown(socket.SHUT_WR)


def _plain(connection: socket.socket) -> bool:
    """Whether the kernel can move the bytes itself: a stream of TCP or of a Unix socket, with nothing wrapped around it."""
    return (
        type(connection) is socket.socket
        and connection.type == socket.SOCK_STREAM
        and connection.proto in (0, socket.IPPROTO_TCP)
    )


def given(descriptor: int) -> Read:
    """Read standard input; its faults are told from those of the network."""
    read = reading(descriptor)

    def told(buffer: memoryview) -> int | None:
        try:
            return read(buffer)
        except OSError as error:
            raise UsageError(_("standard input can't be read: {reason}").format(reason=system_words(error))) from error

    return told


def output(descriptor: int) -> Write:
    """Write to standard output; its faults are told from those of the network."""
    write = writing(descriptor)

    def told(data: memoryview) -> int | None:
        try:
            return write(data)
        except BrokenPipeError as error:
            raise OutputClosed(system_words(error)) from error
        except OSError as error:
            raise OutputError(_("standard output can't be written: {reason}").format(reason=system_words(error))) from error

    return told
