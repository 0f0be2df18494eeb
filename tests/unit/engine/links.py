"""Networks in memory: links on which neighbours are looked for, and hosts behind a gateway."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import numpy as np
import pytest

from hatoba.engine.neighbour_search import NeighbourSearch
from hatoba.engine.pacing.pace import Pace
from hatoba.wire.fake import FakeClock, FakeNeighbours, FakeNetwork
from hatoba.wire.routes import Link, Route, Way

LINK = Link(2, "eth0", bytes.fromhex("020000000001"), ethernet=True, up=True)
BOTH = pytest.mark.parametrize("family", [4, 6])
FIRST = {4: "198.18.0.0", 6: "fd00:18::"}
MAC = bytes.fromhex("020000000099")

Owner = Callable[[bytes], bytes | None]


class Far(FakeNetwork):
    """Everything is behind a gateway: no hardware address shows who is there."""

    def ways(self, family: int, ranges: object, zone: str | None) -> Iterator[Way]:
        link = Link(1, "fake0", bytes.fromhex("020000000001"), ethernet=True, up=True)
        source, gateway = (("198.18.9.1", "198.18.9.254"), ("fd00:18:9::1", "fd00:18:9::fe"))[family == 6]
        route = Route(link, ip_address(source).packed, ip_address(gateway).packed, False)
        for first, last in ranges:  # type: ignore[attr-defined]
            yield Way(first, last, route)


class Link4And6(FakeNetwork):
    """A link on which *owner* has the say; its answers take *delay_s*."""

    def __init__(self, owner: Owner, delay_s: float = 0.001) -> None:
        super().__init__(lambda _probe: [], FakeClock())
        self.owner, self.delay_s = owner, delay_s
        self.made: Callable[[], FakeNeighbours] = lambda: FakeNeighbours(self.owner, self.clock, self.delay_s)

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> FakeNeighbours:
        assert (link, len(source)) == (LINK, 4 if family == 4 else 16)
        self.askers.append(self.made())
        return self.askers[-1]

    @property
    def asked(self) -> list[bytes]:
        return [address for asker in self.askers for address in asker.asked]


def addresses(family: int, count: int) -> np.ndarray:
    first = int(ip_address(FIRST[family]))
    width = 4 if family == 4 else 16
    return np.frombuffer(b"".join((first + n).to_bytes(width, "big") for n in range(count)), np.uint8).reshape(count, width)


def search_of(network: Link4And6, max_rate_pps: float | None = None, **options: object) -> NeighbourSearch:
    pace = Pace(network.clock(), None, max_rate_pps)
    return NeighbourSearch(network, network.clock, pace, **options)  # type: ignore[arg-type]


def among(packed: np.ndarray, places: list[int], loss: float = 0.0, seed: int = 1) -> Owner:
    """Those at *places* answer; of questions and of answers the share *loss* gets lost."""
    draw = random.Random(seed)
    there = {packed[place].tobytes() for place in places}
    return lambda address: MAC if address in there and draw.random() >= loss and draw.random() >= loss else None
