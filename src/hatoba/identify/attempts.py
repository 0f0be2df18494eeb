"""Several attempts on one port: side by side, until one succeeds, and nothing left open behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from hatoba.model import Address, Protocol
from hatoba.wire.conversations import Conversation, Dials

_AT_ONCE = 4


async def first_success(attempts: Sequence[Callable[[], Awaitable[bool]]]) -> bool:
    """Make attempts, a few at once, in order, until one succeeds; what is under way by then is broken off."""
    for start in range(0, len(attempts), _AT_ONCE):
        under_way = {asyncio.ensure_future(attempt()) for attempt in attempts[start : start + _AT_ONCE]}
        try:
            while under_way:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                if True in {one.result() for one in done}:
                    return True
        finally:
            for one in under_way:
                one.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
    return False


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
