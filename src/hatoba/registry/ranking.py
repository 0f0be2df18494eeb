"""Which ports are asked first: ``-F`` (the first 100) and ``--top-ports N``.

The order is our own. ``tools/registry/ranking.tsv`` names more than a thousand ports of TCP and several hundred of UDP, each
with its reason. Beyond that table the order goes on by rule: ports with a name, IANA's or ours, in order of number; then all
others in order of number; port 0, which no program can ask for, last.
"""

from __future__ import annotations

from functools import cache

from hatoba.model import Protocol
from hatoba.registry import store
from hatoba.registry.entry import HIGHEST

FAST = 100
"""How many ports ``-F`` asks."""

DEFAULT = 1000
"""How many ports are asked where nothing is said."""


def top_ports(count: int, protocol: Protocol) -> tuple[int, ...]:
    """The first *count* ports of the ranking (1 to 65536; ValueError otherwise), each once."""
    if not 1 <= count <= HIGHEST + 1:
        raise ValueError(f"no number of ports: {count}")
    table = tuple(store.ranked(protocol))
    return table[:count] if count <= len(table) else _all(protocol)[:count]


@cache
def _all(protocol: Protocol) -> tuple[int, ...]:
    order = dict(store.ranked(protocol))
    names = store.services(protocol)
    for ports in (sorted(names), range(1, HIGHEST + 1), (0,)):
        for port in ports:
            if port or ports == (0,):
                order.setdefault(port, 0)
    return tuple(order)


def ranking_reason(port: int, protocol: Protocol) -> str | None:
    """Why *port* stands in the table, in English and in the catalogues; None for a port that only the rule reaches."""
    from hatoba.registry.reasons import REASONS

    number = store.ranked(protocol).get(port)
    return None if number is None else REASONS[number]


@cache
def _places(protocol: Protocol) -> dict[int, int]:
    return {port: place for place, port in enumerate(store.ranked(protocol), 1)}


def ranking_place(port: int, protocol: Protocol) -> int | None:
    """Where *port* stands in the table, counted from 1; None for a port that only the rule reaches."""
    return _places(protocol).get(port)
