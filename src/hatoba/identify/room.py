"""Who may begin an interview: so many at once in all, so many of each host, and nobody waits long for those who hold us up.

A port that accepts and says nothing takes a quarter of a minute, and some machines do so on every port. So whoever has the
fewest interviews under way is next, and the last of the room is kept from hosts that let us wait: for quick ones, and for the
first interview of those that nothing is known of yet, unless they have more ports than can be asked at once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from hatoba.model import Address

Item = TypeVar("Item")
_QUICK_S = 5.0
"""A host is quick whose latest interview took no longer: a service that greets late does (its timeout for our name, mostly)."""
_FOR_ALL = 0.75
"""How much of the room is for everybody."""


class _Trust(IntEnum):
    QUICK = 0
    NEW = 1
    SLOW = 2


@dataclass(slots=True)
class _Host(Generic[Item]):
    waiting: deque[Item] = field(default_factory=deque)
    under_way: int = 0
    quick: bool | None = None
    """None: no interview of it has ended."""
    line: OrderedDict[Address, _Host[Item]] | None = None
    """Where it waits."""


class Room(Generic[Item]):
    """Of items, each an interview that one host waits for. It holds what waits and counts what is under way, no more."""

    def __init__(self, at_once: int, per_host: int) -> None:
        self._at_once, self._per_host = at_once, per_host
        self._for_all = max(1, int(at_once * _FOR_ALL))
        self._under_way = 0
        self._hosts: dict[Address, _Host[Item]] = {}
        # Hosts with somebody waiting, by trust and by how many they have under way; the longest waiting first.
        self._lines: list[list[OrderedDict[Address, _Host[Item]]]] = [[OrderedDict() for _ in range(per_host)] for _ in _Trust]

    def __contains__(self, address: Address) -> bool:
        """Whether an interview of that host waits or is under way."""
        return address in self._hosts

    def line_up(self, address: Address, item: Item) -> None:
        host = self._hosts.setdefault(address, _Host())
        host.waiting.append(item)
        self._place(address, host)

    def admit(self) -> list[Item]:
        """Whose interviews are to begin now; each is under way until :meth:`leave`."""
        admitted = []
        while self._under_way < self._at_once and (chosen := self._next()) is not None:
            address, host = chosen
            admitted.append(host.waiting.popleft())
            host.under_way += 1
            self._under_way += 1
            self._place(address, host)
        return admitted

    def leave(self, address: Address, took_s: float | None) -> None:
        """An interview of that host has ended, after so many seconds; None where it says nothing of how quick the host is."""
        host = self._hosts[address]
        host.under_way -= 1
        self._under_way -= 1
        if took_s is not None:
            host.quick = took_s <= _QUICK_S
        self._place(address, host)
        if not host.waiting and not host.under_way:
            del self._hosts[address]

    def clear(self) -> list[Item]:
        """Take out all that wait."""
        waiting = [item for host in self._hosts.values() for item in host.waiting]
        for address, host in self._hosts.items():
            host.waiting.clear()
            self._place(address, host)
        self._hosts = {address: host for address, host in self._hosts.items() if host.under_way}
        return waiting

    def _next(self) -> tuple[Address, _Host[Item]] | None:
        """Who has the fewest under way, of those who may have more."""
        roomy = self._under_way < self._for_all
        for count in range(self._per_host):
            for trust in _Trust:
                line = self._lines[trust][count]
                if line and (roomy or trust is _Trust.QUICK or (trust is _Trust.NEW and not count)):
                    return next(iter(line.items()))
        return None

    def _place(self, address: Address, host: _Host[Item]) -> None:
        """Put the host into the line where it belongs now, at the end unless it stands there already."""
        waits = host.waiting and host.under_way < self._per_host
        line = self._lines[self._trust(host)][host.under_way] if waits else None
        if line is host.line:
            return
        if host.line is not None:
            del host.line[address]
        if line is not None:
            line[address] = host
        host.line = line

    def _trust(self, host: _Host[Item]) -> _Trust:
        if host.quick is None:
            return _Trust.NEW if len(host.waiting) <= self._per_host else _Trust.SLOW
        return _Trust.QUICK if host.quick else _Trust.SLOW
