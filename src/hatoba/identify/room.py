"""Who may begin an interview: so many at once in all, so many of each host, and nobody waits for those who hold us up.

A port that accepts and says nothing takes most of a minute, and some machines do so on every port. So whoever has the fewest
interviews under way is next; and once most of the room is taken, hosts that let us wait get no more of it than one interview
each. Where nobody else wants it they have all the room but that rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hatoba.model import Address

_QUICK_S = 5.0
"""A host is quick whose latest interview took no longer: a service that greets late does (its timeout for our name, mostly)."""
_FOR_SLOW = 0.75
"""How much of the room those may take together who are not."""


@dataclass(slots=True)
class _Host:
    under_way: int = 0
    quick: bool = False
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Room:
    """For one event loop."""

    def __init__(self, at_once: int, per_host: int) -> None:
        self._at_once, self._per_host = at_once, per_host
        self._for_slow = max(1, int(at_once * _FOR_SLOW))
        self._under_way = 0
        self._hosts: dict[Address, _Host] = {}
        # Hosts with somebody waiting, by whether they are quick and how many they have under way; the longest waiting first.
        self._lines: dict[bool, list[dict[Address, _Host]]] = {quick: [{} for _ in range(per_host)] for quick in (True, False)}

    @asynccontextmanager
    async def place(self, address: Address) -> AsyncIterator[None]:
        """Wait for a place for an interview of the host at *address*, and hold it."""
        host = self._hosts.setdefault(address, _Host())
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        host.waiting.append(turn)
        self._line_up(address, host)
        self._admit()
        try:
            await turn
            begun_s = loop.time()
            yield
            host.quick = loop.time() - begun_s <= _QUICK_S
        finally:
            if not turn.cancelled():
                self._leave(address, host)

    def _leave(self, address: Address, host: _Host) -> None:
        self._step_back(address, host)
        host.under_way -= 1
        self._under_way -= 1
        self._line_up(address, host)
        self._admit()

    def _admit(self) -> None:
        """Let in whoever may come in."""
        while self._under_way < self._at_once and (chosen := self._next()) is not None:
            address, host = chosen
            self._step_back(address, host)
            turn = host.waiting.popleft()
            if not turn.cancelled():  # else its interview is broken off
                host.under_way += 1
                self._under_way += 1
                turn.set_result(None)
            self._line_up(address, host)

    def _next(self) -> tuple[Address, _Host] | None:
        """Who has the fewest under way, of those who may have more."""
        roomy = self._under_way < self._for_slow
        for count in range(self._per_host):
            for quick in (True, False):
                line = self._lines[quick][count]
                if line and (quick or roomy or not count):
                    return next(iter(line.items()))
        return None

    def _line_up(self, address: Address, host: _Host) -> None:
        """Where the host belongs now, at the end, if somebody waits."""
        if host.waiting and host.under_way < self._per_host:
            self._lines[host.quick][host.under_way].setdefault(address, host)

    def _step_back(self, address: Address, host: _Host) -> None:
        for quick in (True, False):  # it may have changed
            for line in self._lines[quick][host.under_way : host.under_way + 1]:
                line.pop(address, None)
