from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import numpy as np
import pytest
from builders import target_set

from hatoba.engine import legs
from hatoba.engine.legs import RoutedLeg, Unreachable, connect_legs, packet_legs
from hatoba.model import Protocol
from hatoba.wire.fake import FakeClock, FakeNetwork, answers_of
from hatoba.wire.routes import Link, Route, Way

ETHERNET = Link(2, "eth0", bytes(6), ethernet=True, up=True)
TUNNEL = Link(3, "tun0", b"", ethernet=False, up=True)


class RoutedNetwork(FakeNetwork):
    """198.18.0.0-3 on the link, .4 unreachable, .5-6 by a gateway, .7 through a tunnel."""

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        base = int(ip_address("198.18.0.0"))
        source, gateway = ip_address("198.18.0.1").packed, ip_address("198.18.0.254").packed
        yield Way(base, base + 3, Route(ETHERNET, source, None, local=False))
        yield Way(base + 4, base + 4, None, "Network is unreachable")
        yield Way(base + 5, base + 6, Route(ETHERNET, source, gateway, local=False))
        yield Way(base + 7, base + 7, Route(TUNNEL, source, None, local=False))


def parts(absent: frozenset[str] = frozenset()) -> list[RoutedLeg | Unreachable]:
    block = target_set("198.18.0.0/29", "1-10").blocks[0]
    return list(packet_legs(block, Protocol.TCP, RoutedNetwork(answers_of([]), FakeClock(), absent)))


def test_each_way_is_a_leg_of_its_own() -> None:
    found = parts()
    assert [type(part).__name__ for part in found] == ["RoutedLeg", "Unreachable", "RoutedLeg", "RoutedLeg"]
    offsets = [part.leg.offsets.tolist() if isinstance(part, RoutedLeg) else part.offsets.tolist() for part in found]
    assert offsets == [[0, 1, 2, 3], [4], [5, 6], [7]]
    assert [part.leg.macs is not None for part in found if isinstance(part, RoutedLeg)] == [True, True, False]


def test_who_has_no_neighbour_is_left_out_and_told() -> None:
    found = parts(frozenset({"198.18.0.2"}))
    assert isinstance(found[0], Unreachable)
    assert (found[0].offsets.tolist(), found[0].reason) == ([2], "no-neighbour")
    assert isinstance(found[1], RoutedLeg)
    assert found[1].leg.offsets.tolist() == [0, 1, 3]


def test_a_silent_gateway_takes_all_behind_it() -> None:
    found = [part for part in parts(frozenset({"198.18.0.254"})) if isinstance(part, Unreachable)]
    assert [(part.offsets.tolist(), part.reason) for part in found] == [([4], "no-route"), ([5, 6], "no-gateway")]


def test_no_leg_is_larger_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "MAX_QUESTIONS", 64)
    block = target_set("198.18.0.0/24", "1-10").blocks[0]
    found = list(connect_legs(block, Protocol.TCP))
    assert max(len(leg) for leg in found) <= 64
    np.testing.assert_array_equal(np.concatenate([leg.offsets for leg in found]), np.arange(256))
