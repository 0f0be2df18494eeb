"""A search that nobody waits for: it goes on beside something else, a step at a time."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from links import BOTH, LINK, Link4And6, addresses, among, search_of

from hatoba.engine import neighbour_search
from hatoba.engine.neighbour_search import Neighbours, NeighbourSearch
from hatoba.engine.pacing.pace import Pace


def stepped(network: Link4And6, packed: np.ndarray, search: NeighbourSearch, pause_s: Callable[[], float]) -> Neighbours:
    """What is found by a search that nobody waits for: a step after each pause."""
    looking = search.begin(LINK, 4 if packed.shape[1] == 4 else 6, bytes(packed.shape[1]), packed)
    while not looking.over:
        network.clock.now_s += pause_s()
        before_s = network.clock.now_s
        search.step()
        assert network.clock.now_s - before_s < 0.005, "a step waits for nothing"
    found = looking.found()
    looking.close()
    return found


@pytest.mark.parametrize("seed", range(20))
def test_beside_something_else_all_are_found_too(seed: int) -> None:
    """Whatever the steps are like: many in a millisecond, or none for seconds, and with 5 % lost each way."""
    packed, draw = addresses(4, 512), random.Random(seed)
    there = sorted(draw.sample(range(512), 100))
    network = Link4And6(among(packed, there, loss=0.05, seed=seed))
    longest_s = (0.0001, 0.01, 0.1, 2.0)[seed % 4]
    found = stepped(network, packed, search_of(network), lambda: draw.uniform(0.0, longest_s))
    assert np.flatnonzero(found.known).tolist() == there


@BOTH
@pytest.mark.parametrize("pause_s", [0.0, 0.03, 0.25, 1.0])
def test_silence_is_believed_no_sooner_beside_something_else(family: int, pause_s: float) -> None:
    network = Link4And6(lambda _address: None)
    before_s = network.clock.now_s
    found = stepped(network, addresses(family, 1), search_of(network), lambda: pause_s)
    assert not found.known.any()
    assert len(network.asked) == 5
    assert network.clock.now_s - before_s >= 4 * neighbour_search.INITIAL_S + neighbour_search.MAX_S


def test_an_answer_that_came_in_a_long_pause_is_heard_before_anybody_is_asked_again() -> None:
    packed = addresses(4, 64)
    network = Link4And6(among(packed, list(range(64))))
    search = search_of(network)
    assert stepped(network, packed, search, lambda: 5.0).known.all()
    assert len(network.asked) == 64
    assert search.sent == 64


def test_beside_something_else_the_users_rate_is_shared() -> None:
    """The search gets a part of it and no more, and the sum holds."""
    packed = addresses(4, 400)
    network = Link4And6(lambda _address: None)
    pace = Pace(network.clock(), None, 1000.0)
    search = NeighbourSearch(network, network.clock, pace)
    looking = search.begin(LINK, 4, bytes(4), packed)
    pace.new_leg()
    began_s, other = network.clock.now_s, 0
    while network.clock.now_s < began_s + 2.0:
        network.clock.now_s += 0.005
        search.step()
        count = pace.allowance(network.clock())
        pace.spent(count, network.clock())
        other += count
    looking.close()
    asked = len(network.asked)
    assert asked + other <= 1.01 * 1000.0 * (network.clock.now_s - began_s)
    assert 0.2 <= asked / (asked + other) <= 0.3


def test_those_who_answer_at_once_have_done_so_after_a_lull() -> None:
    packed = addresses(4, 600)
    network = Link4And6(among(packed, list(range(500))))
    looking = search_of(network).begin(LINK, 4, bytes(4), packed)
    assert looking.lull_s == np.inf
    while not looking.known[:500].all():
        assert looking.lull_s > 0, "some were not asked yet"
        list(looking.listen())
    assert 0 < looking.lull_s <= neighbour_search.LULL_S
    network.clock.now_s += neighbour_search.LULL_S
    assert looking.lull_s <= 0
    looking.close()
    looking.close()
    assert network.askers[0].closed
