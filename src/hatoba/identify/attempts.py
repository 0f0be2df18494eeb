"""Several attempts on one port: side by side, until one succeeds, and nothing left open behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set

from hatoba.model import Address, Protocol
from hatoba.wire.conversations import Conversation, Dials

Attempt = Callable[[], Awaitable[bool]]
"""Whether it succeeded."""
_AT_ONCE = 4


async def first_success(attempts: Sequence[Attempt], beside: Sequence[Attempt] = ()) -> bool:
    """Make attempts, a few at once, in order, until one succeeds; what is under way by then is broken off. Those *beside* take
    long: they begin when the first few have failed, go on meanwhile, and are waited for when all others have failed, too."""
    lasting: set[asyncio.Future[bool]] = set()
    try:
        for start in range(0, len(attempts), _AT_ONCE):
            if await _any_succeeds(_begun(attempts[start : start + _AT_ONCE]), lasting):
                return True
            lasting = lasting or _begun(beside)
        lasting = lasting or _begun(beside)
        return await _any_succeeds(lasting)
    finally:
        await _broken_off(lasting)


def _begun(attempts: Sequence[Attempt]) -> set[asyncio.Future[bool]]:
    return {asyncio.ensure_future(attempt()) for attempt in attempts}


async def _any_succeeds(awaited: set[asyncio.Future[bool]], beside: Set[asyncio.Future[bool]] = frozenset()) -> bool:
    """Whether one of those *awaited* does, or one *beside* them as long as they go on."""
    left = set(awaited)
    try:
        while left:
            done, _ = await asyncio.wait(
                {*left, *(one for one in beside if not one.done())}, return_when=asyncio.FIRST_COMPLETED
            )
            if True in {one.result() for one in done}:
                return True
            left -= done
    finally:
        await _broken_off(left)
    return False


async def _broken_off(under_way: Set[asyncio.Future[bool]]) -> None:
    for one in under_way:
        one.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


class TrackedDials:
    """Opens conversations and closes whatever was left open, however an interview ends."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials
        self._opened: list[Conversation] = []

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Conversation:
        conversation = await self._dials.dial(protocol, address, port, any_port=any_port)
        self._opened.append(conversation)
        return conversation

    def close(self) -> None:
        for conversation in self._opened:
            conversation.close()
