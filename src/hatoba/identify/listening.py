"""Hearing a stranger out, in bounded time and memory: however slowly it drips, however much it pours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hatoba.wire.conversations import Conversation

MOST_BYTES = 1 << 16
"""Of one answer: a page's head and title stand far before that."""
_PIECE_BYTES = 1 << 14
_LOOKED_AT_EACH = 1 << 12
_GROWTH = 8


@dataclass(frozen=True, slots=True)
class Heard:
    data: bytes
    ended: bool
    """Whether the other side ended the conversation, in order or by a reset."""
    dragged: bool = False
    """Whether it was still talking when the time for the whole was up."""


async def hear(
    conversation: Conversation,
    complete: Callable[[bytes], bool],
    first_s: float,
    gap_s: float,
    whole_s: float,
    most_bytes: int = MOST_BYTES,
) -> Heard:
    """What is said until it is *complete*, until the other side ends, or is silent: *first_s* for its first word, *gap_s*
    between two pieces, *whole_s* for all of it, seconds each."""
    heard = bytearray()
    looked_at = 0
    until_s = asyncio.get_running_loop().time() + whole_s
    while len(heard) < most_bytes:
        wait_s = min(gap_s if heard else first_s, until_s - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(max(wait_s, 0)):
                piece = await conversation.receive(_PIECE_BYTES)
        except TimeoutError:
            return Heard(bytes(heard), ended=False, dragged=bool(heard) and wait_s < gap_s)
        except OSError:
            return Heard(bytes(heard), ended=True)
        if not piece:
            return Heard(bytes(heard), ended=True)
        heard += piece
        # To look at all of a long answer for every byte that comes would take time in proportion to the square of its length.
        # A pause or the end tells that it is whole, where the last piece was not looked at.
        if len(heard) < _LOOKED_AT_EACH or (len(heard) - looked_at) * _GROWTH >= len(heard):
            looked_at = len(heard)
            if complete(bytes(heard)):
                break
    return Heard(bytes(heard[:most_bytes]), ended=False)
