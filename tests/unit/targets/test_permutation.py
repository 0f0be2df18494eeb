"""A keyed order: every number once, spread well, the same for the same key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatoba.targets.permutation import Permutation

KEYS = 1 << 62
MASK64 = (1 << 64) - 1
keys = st.integers(0, KEYS - 1)


class Plain:
    """The network of the module's docstring once more, one number at a time in Python's integers; and backwards."""

    def __init__(self, size: int, key: int) -> None:
        self.size = size
        bits = max(2, (size - 1).bit_length())
        self.low_bits, self.high_bits = bits // 2, bits - bits // 2
        self.keys = [self.splitmix(key * 4 + index) for index in range(4)]

    @staticmethod
    def splitmix(value: int) -> int:
        value = (value + 0x9E3779B97F4A7C15) & MASK64
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK64
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK64
        return value ^ value >> 31

    @staticmethod
    def scramble(half: int, key: int) -> int:
        value = (half ^ key) * 0xBF58476D1CE4E5B9 & MASK64
        value = (value ^ value >> 31) * 0x94D049BB133111EB & MASK64
        return value ^ value >> 29

    def network(self, value: int, rounds: tuple[int, ...]) -> int:
        low, high = value & ((1 << self.low_bits) - 1), value >> self.low_bits
        for number in rounds:
            if number % 2:
                low ^= self.scramble(high, self.keys[number]) & ((1 << self.low_bits) - 1)
            else:
                high ^= self.scramble(low, self.keys[number]) & ((1 << self.high_bits) - 1)
        return high << self.low_bits | low

    def walk(self, value: int, rounds: tuple[int, ...]) -> int:
        value = self.network(value, rounds)
        while value >= self.size:
            value = self.network(value, rounds)
        return value

    def number(self, position: int) -> int:
        return self.walk(position, (0, 1, 2, 3))

    def position(self, number: int) -> int:
        return self.walk(number, (3, 2, 1, 0))


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


sizes = st.one_of(st.integers(1, 1 << 62), st.sampled_from([(1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 48, (1 << 62) - 1]))


@settings(deadline=None, max_examples=300)
@given(sizes, keys, st.lists(st.integers(0, 1 << 62), min_size=1, max_size=8))
def test_every_order_can_be_walked_backwards_so_it_is_a_bijection(size: int, key: int, drawn: list[int]) -> None:
    """At any size: whoever finds the position of each number again has given no number to two positions, and left out none."""
    plain = Plain(size, key)
    positions = [value % size for value in drawn]
    numbers = Permutation(size, key)(np.array(positions, np.int64)).tolist()
    assert numbers == [plain.number(position) for position in positions]
    assert [plain.position(number) for number in numbers] == positions
    assert [plain.number(plain.position(number)) for number in positions] == positions


@pytest.mark.parametrize("size", [(1 << 32) + 12_345, 1000 << 32, (1 << 48) - 3])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_hundred_thousand_neighbours_above_two_to_the_32_are_distinct(size: int, place: float) -> None:
    start = int((size - 100_000) * place)
    numbers = Permutation(size, 3)(np.arange(start, start + 100_000))
    assert len(np.unique(numbers)) == len(numbers)
    assert 0 <= numbers.min() <= numbers.max() < size
    assert numbers.max() > size * 0.99, "it does not reach the end"


@settings(deadline=None)
@given(st.integers(1, 3000), keys, st.integers(1, 700))
def test_batches_equal_the_whole(size: int, key: int, step: int) -> None:
    permutation = Permutation(size, key)
    parts = [permutation(np.arange(start, min(start + step, size))) for start in range(0, size, step)]
    assert np.array_equal(np.concatenate(parts), whole(size, key))


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


@pytest.mark.parametrize("key", [-1, KEYS])
def test_keys_that_would_be_others_again_are_refused(key: int) -> None:
    with pytest.raises(ValueError, match="key from 0"):
        Permutation(10, key)
