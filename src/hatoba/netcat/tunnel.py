"""Bytes between two connections, both ways, until both have ended."""

from __future__ import annotations

import math
import select
import socket
import time
from collections.abc import Callable

from hatoba.netcat.ways import end_sending

PIECE_BYTES = 1 << 16
"""All that is ever kept, for each way."""


class Idle(TimeoutError):
    """Nothing moved for as long as was allowed."""


def tunnel(
    first: socket.socket,
    second: socket.socket,
    *,
    early: bytes = b"",
    idle_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, int]:
    """Pass on what each side says to the other, ends of sending included, and return how many bytes went each way: from *first*
    to *second*, and back. *early* is what *first* had said before. Either may be a TLS one; both are non-blocking afterwards.

    Raises Idle where nothing moved for *idle_s*, and OSError where one of them breaks off.
    """
    for connection in (first, second):
        connection.setblocking(False)
    ways = (_Way(first, second, early), _Way(second, first, b""))
    moved_at = clock()
    while True:
        moved = [way.step() for way in ways]
        if all(way.over for way in ways):
            return ways[0].moved_bytes, ways[1].moved_bytes
        if any(moved):
            moved_at = clock()
            continue
        left_s = math.inf if idle_s is None else moved_at + idle_s - clock()
        if left_s <= 0:
            raise Idle
        _wait(ways, left_s)


class _Way:
    """One direction."""

    def __init__(self, source: socket.socket, sink: socket.socket, held: bytes) -> None:
        self.source, self.sink = source, sink
        self._held = memoryview(held)
        self._ended = False
        self.over = False
        """Everything was passed on, and the end as well."""
        self.moved_bytes = 0

    def step(self) -> bool:
        """Move something; False where it has to wait."""
        try:
            return not self.over and self._move()
        except OSError as error:
            if isinstance(error, BlockingIOError) or type(error).__name__ in ("SSLWantReadError", "SSLWantWriteError"):
                return False
            raise

    def _move(self) -> bool:
        if self._held:
            sent = self.sink.send(self._held)
            self._held = self._held[sent:]
            self.moved_bytes += sent
        elif self._ended:
            end_sending(self.sink)
            self.over = True
        else:
            self._held = memoryview(self.source.recv(PIECE_BYTES))
            self._ended = not self._held
        return True

    def waits_for(self) -> tuple[int, int]:
        return (self.sink.fileno(), select.POLLOUT) if self._held else (self.source.fileno(), select.POLLIN)


def _wait(ways: tuple[_Way, _Way], seconds: float) -> None:
    poll = select.poll()
    wanted: dict[int, int] = {}
    for way in ways:
        if not way.over:
            descriptor, event = way.waits_for()
            wanted[descriptor] = wanted.get(descriptor, 0) | event
        if getattr(way.sink, "unsent", False):  # a goodbye that the kernel did not take yet
            wanted[way.sink.fileno()] = wanted.get(way.sink.fileno(), 0) | select.POLLOUT
    for descriptor, events in wanted.items():
        poll.register(descriptor, events)
    poll.poll(None if seconds == math.inf else math.ceil(1000 * seconds))
