"""What the tests of netcat share: a console that can be read, two ends of a connection without a network, descriptors to
read."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hatoba.netcat.console import Console


def heard(**settings: object) -> tuple[Console, io.StringIO]:
    """A console, and what it says."""
    stream = io.StringIO()
    return Console(stream, **settings), stream  # type: ignore[arg-type]


@dataclass
class Bench:
    """A connection's two ends, and pipes for standard input and output."""

    ours: socket.socket
    peer: socket.socket
    source: int
    feed: int
    """Write here what is to be read from *source*."""
    sink: int
    drain: int
    """Read here what was written to *sink*."""

    def feeds(self, data: bytes) -> None:
        """All of the input there will be."""
        os.write(self.feed, data)
        self.closes_feed()

    def closes_feed(self) -> None:
        os.close(self.feed)
        self.feed = -1

    def drained(self) -> bytes:
        """What came out, up to now."""
        os.set_blocking(self.drain, False)
        found = b""
        try:
            while piece := os.read(self.drain, 1 << 20):
                found += piece
        except BlockingIOError:
            pass
        return found

    def peer_heard(self) -> bytes:
        """What the peer got, up to now; ``...`` at the end where it was not told that nothing more comes."""
        self.peer.setblocking(False)
        found = b""
        try:
            while piece := self.peer.recv(1 << 20):
                found += piece
        except BlockingIOError:
            return found + b"..."
        return found


@contextmanager
def bench(kind: int = socket.SOCK_STREAM) -> Iterator[Bench]:
    ours, peer = socket.socketpair(socket.AF_UNIX, kind)
    source, feed = os.pipe()
    drain, sink = os.pipe()
    held = Bench(ours, peer, source, feed, sink, drain)
    try:
        yield held
    finally:
        for connection in (held.ours, held.peer):
            connection.close()
        for descriptor in (held.source, held.feed, held.sink, held.drain):
            if descriptor >= 0:
                os.close(descriptor)
