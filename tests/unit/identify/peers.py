"""Scripted strangers, and a loop whose clock jumps: whole interviews in no time at all."""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hatoba.model import Address, Protocol

Result = TypeVar("Result")
END = None
"""The other side has ended the stream."""
RESET = ConnectionResetError()
Said = bytes | None | OSError
Timed = tuple[float, Said]


class _JumpingSelector(selectors.SelectSelector):
    """Waits for nothing: what it would have waited is what the clock moves on."""

    loop: FakeLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        events = super().select(0)
        if not events:
            self.loop.now_s += max(timeout, 0.0)
        return events


class FakeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now_s = 1000.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s


def run(work: Awaitable[Result]) -> tuple[Result, float]:
    """The result, and the seconds that it took by the loop's clock."""
    loop = FakeLoop()
    began_s = loop.time()
    try:
        return loop.run_until_complete(work), loop.time() - began_s  # type: ignore[arg-type]
    finally:
        loop.close()


class Peer:
    """What one connection meets. *greeting* comes first; *answers* is called with each thing that is sent, and says what comes
    back, each piece after so many seconds."""

    def __init__(
        self, greeting: Iterable[Said | Timed] = (), answers: Callable[[bytes], Iterable[Said | Timed]] = lambda _d: ()
    ):
        self._inbox: deque[Timed] = deque()
        self._answers = answers
        self._news = asyncio.Event()
        self._ended = False
        self.sent: list[bytes] = []
        self.closed = 0
        self._say(greeting)

    def _say(self, pieces: Iterable[Said | Timed]) -> None:
        at_s = asyncio.get_running_loop().time()
        for piece in pieces:
            delay_s, data = piece if isinstance(piece, tuple) else (0.0, piece)
            at_s += delay_s
            self._inbox.append((at_s, data))
        self._news.set()

    async def send(self, data: bytes) -> None:
        if self._ended:
            raise BrokenPipeError
        self.sent.append(data)
        self._say(self._answers(data))

    async def receive(self, most_bytes: int) -> bytes:
        while not self._inbox:
            self._news.clear()
            await self._news.wait()
        at_s, data = self._inbox[0]
        await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))
        if data is END:
            self._ended = True
            return b""
        if isinstance(data, OSError):
            raise data
        self._inbox[0] = (at_s, data[most_bytes:])
        if not data[most_bytes:]:
            self._inbox.popleft()
        return data[:most_bytes]

    def close(self, last: bytes = b"") -> None:
        if last:
            self.sent.append(last)
            self._answers(last)
        self.closed += 1


@dataclass
class FakeDials:
    """Opens conversations with what *make* gives; *refuse* is raised instead."""

    make: Callable[[], Any]
    refuse: OSError | None = None
    dialled: list[tuple[Protocol, str, int]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    any_port: list[bool] = field(default_factory=list)

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Any:
        self.dialled.append((protocol, str(address), port))
        self.any_port.append(any_port)
        if self.refuse is not None:
            raise self.refuse
        peer = self.make()
        self.peers.append(peer)
        return peer

    @property
    def sent(self) -> list[bytes]:
        return [data for peer in self.peers for data in peer.sent]

    def assert_all_closed(self) -> None:
        assert all(peer.closed for peer in self.peers), "a conversation was left open"
