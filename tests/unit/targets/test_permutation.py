"""A keyed order: every number once, spread well, the same for the same key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatoba.targets.permutation import Permutation

keys = st.integers(0, (1 << 64) - 1)


def whole(size: int, key: int) -> np.ndarray:
    return Permutation(size, key)(np.arange(size))


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 5000), keys)
@example(1, 0)
@example(2, 0)
@example(3, 1)
@example(4, 5)
@example(5, 7)
@example(4096, 1)
@example(4097, 1)
def test_every_number_comes_exactly_once(size: int, key: int) -> None:
    order = whole(size, key)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(size))


@pytest.mark.parametrize("size", [65_535 * 3, 1 << 17, (1 << 17) + 1])
def test_every_number_comes_exactly_once_in_a_real_scan_s_size(size: int) -> None:
    assert np.bincount(whole(size, 99), minlength=size).tolist() == [1] * size


@settings(deadline=None)
@given(st.integers(1, 1 << 62), keys, st.lists(st.integers(0, 1 << 62), min_size=1, max_size=20, unique=True))
def test_huge_spaces_stay_inside_and_never_collide(size: int, key: int, positions: list[int]) -> None:
    asked = sorted({position % size for position in positions})
    numbers = Permutation(size, key)(np.array(asked, np.int64))
    assert ((numbers >= 0) & (numbers < size)).all()
    assert len(set(numbers.tolist())) == len(asked)


@settings(deadline=None)
@given(st.integers(1, 3000), keys, st.integers(1, 700))
def test_batches_equal_the_whole(size: int, key: int, step: int) -> None:
    permutation = Permutation(size, key)
    parts = [permutation(np.arange(start, min(start + step, size))) for start in range(0, size, step)]
    assert np.array_equal(np.concatenate(parts), whole(size, key))


@settings(deadline=None)
@given(st.integers(1, 3000), keys, st.integers(2, 5))
def test_shards_have_no_overlap_and_no_gap(size: int, key: int, count: int) -> None:
    shards = [Permutation(size, key)(np.arange(number, size, count)) for number in range(count)]
    assert np.array_equal(np.sort(np.concatenate(shards)), np.arange(size))


def test_the_positions_given_are_left_alone() -> None:
    positions = np.arange(1000)
    Permutation(1000, 3)(positions)
    assert np.array_equal(positions, np.arange(1000))


def test_no_positions_no_numbers() -> None:
    assert Permutation(10, 1)(np.zeros(0, np.int64)).shape == (0,)


@pytest.mark.parametrize("size", [100, 1000, 65_536])
def test_every_key_has_an_order_of_its_own(size: int) -> None:
    orders = {whole(size, key).tobytes() for key in range(50)}
    assert len(orders) == 50
    assert whole(size, 7).tobytes() == whole(size, 7).tobytes()


def test_orders_of_two_keys_agree_no_more_than_chance() -> None:
    size = 10_000
    agreements = [int((whole(size, key) == whole(size, key + 1)).sum()) for key in range(20)]
    assert max(agreements) <= 10, "one agreement is expected of two random orders"


@pytest.mark.parametrize("key", range(8))
@pytest.mark.parametrize("size", [4096, 5000, 65_535 * 4])
def test_neighbouring_positions_give_numbers_all_over(size: int, key: int) -> None:
    """Chi-square of 16 equal bins over stretches of consecutive positions: 15 degrees of freedom, mean 15, and 60 has a
    chance below one in a million. Without replacement the numbers are spread even better."""
    order = whole(size, key)
    for start in range(0, size - 1600, max(1600, size // 8)):
        counts = np.bincount(order[start : start + 1600] * 16 // size, minlength=16)
        assert ((counts - 100) ** 2 / 100).sum() < 60, f"from position {start}: {counts.tolist()}"


@pytest.mark.parametrize("key", range(8))
def test_the_same_port_of_neighbouring_hosts_is_far_apart(key: int) -> None:
    """No host sees a burst: among 1,000 consecutive questions to 256 hosts, none meets one host too often."""
    ports = 1000
    order = whole(256 * ports, key)
    for start in range(0, len(order) - 1000, 32_000):
        a_host = np.bincount(order[start : start + 1000] // ports, minlength=256)
        assert a_host.max() <= 20, "3.9 are expected on average; 20 has a chance below one in a hundred million"


@pytest.mark.parametrize("key", range(8))
def test_steps_between_neighbours_are_spread(key: int) -> None:
    """The differences of consecutive numbers, modulo the size, fall evenly into 16 bins too: no stride shows through."""
    size = 50_000
    steps = np.diff(whole(size, key)) % size
    counts = np.bincount(steps * 16 // size, minlength=16)
    expected = len(steps) / 16
    assert ((counts - expected) ** 2 / expected).sum() < 60, counts.tolist()


@pytest.mark.parametrize("size", [0, -1, (1 << 62) + 1])
def test_impossible_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="size from 1"):
        Permutation(size, 1)
