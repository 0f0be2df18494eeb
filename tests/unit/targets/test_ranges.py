"""Range arithmetic beside Python's sets and the standard library's networks."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, collapse_addresses, ip_network
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.targets.ranges import (
    Ranges,
    following,
    from_pairs,
    ints_to_keys,
    key_to_int,
    minus,
    pack_to_keys,
    partition,
    union,
)

Pairs = list[tuple[int, int]]
# Around places where a mistake would show: zero, a carry into the upper half of IPv6, the top of each family.
ORIGINS = {4: (0, (198 << 24) + 250, (1 << 32) - 64), 6: (0, (1 << 64) - 32, (0xFD << 120) + 250, (1 << 128) - 66)}


def pairs_of(family: int) -> st.SearchStrategy[Pairs]:
    def at(origin: int) -> st.SearchStrategy[tuple[int, int]]:
        return st.tuples(st.integers(0, 63), st.integers(0, 12)).map(
            lambda p: (origin + p[0], min(origin + p[0] + p[1], origin + 63))
        )

    return st.lists(st.sampled_from(ORIGINS[family]).flatmap(at), max_size=8)


def members(pairs: Pairs) -> set[int]:
    return {address for first, last in pairs for address in range(first, last + 1)}


def held(ranges: Ranges) -> set[int]:
    return members(list(ranges.pairs()))


def both_families(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("family", [4, 6])(test)


@both_families
@given(data=st.data())
def test_sets_are_sorted_apart_and_complete(family: int, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(family))
    ranges = from_pairs(family, pairs)
    got = list(ranges.pairs())
    assert held(ranges) == members(pairs)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(got))
    assert ranges.count() == len(members(pairs))


@both_families
@given(data=st.data())
def test_arithmetic_is_that_of_sets(family: int, data: st.DataObject) -> None:
    one, other = data.draw(pairs_of(family)), data.draw(pairs_of(family))
    a, b = from_pairs(family, one), from_pairs(family, other)
    assert held(minus(a, b)) == members(one) - members(other)
    assert held(union([a, b], family)) == members(one) | members(other)


@both_families
@given(data=st.data())
def test_partition_gives_each_address_once_with_all_its_holders(family: int, data: st.DataObject) -> None:
    given_pairs = data.draw(st.lists(pairs_of(family), max_size=4))
    expected: dict[int, set[int]] = {}
    for number, pairs in enumerate(given_pairs):
        for address in members(pairs):
            expected.setdefault(address, set()).add(number)
    found: dict[int, frozenset[int]] = {}
    for holders, ranges in partition([from_pairs(family, pairs) for pairs in given_pairs], family):
        for address in held(ranges):
            assert address not in found
            found[address] = holders
    assert found == expected


@both_families
@given(data=st.data())
def test_membership(family: int, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(family))
    width = 4 if family == 4 else 16
    asked = [origin + step for origin in ORIGINS[family] for step in range(64)]
    packed = np.frombuffer(b"".join(a.to_bytes(width, "big") for a in asked), dtype=np.uint8).reshape(-1, width)
    inside = from_pairs(family, pairs).contains(packed)
    assert [address for address, yes in zip(asked, inside, strict=True) if yes] == sorted(members(pairs))


@both_families
@given(data=st.data())
def test_networks_are_the_fewest_that_hold_exactly_these(family: int, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(family))
    kind = IPv4Address if family == 4 else IPv6Address
    expected = list(collapse_addresses(kind(address) for address in members(pairs)))
    assert list(from_pairs(family, pairs).networks()) == expected


def test_whole_families() -> None:
    assert from_pairs(4, [(0, (1 << 32) - 1)]).count() == 1 << 32
    assert list(from_pairs(4, [(0, (1 << 32) - 1)]).networks()) == [ip_network("0.0.0.0/0")]
    # The all-ones IPv6 address is no member: see the top of the module.
    assert from_pairs(6, [(0, (1 << 128) - 1)]).count() == (1 << 128) - 1


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        pack_to_keys(6, np.zeros((3, 4), dtype=np.uint8))
    with pytest.raises(ValueError, match="4"):
        pack_to_keys(4, np.zeros(4, dtype=np.uint8))


@pytest.mark.parametrize(("family", "values"), [(4, [0, 255, 0xFFFFFFFE]), (6, [0, 255, (1 << 64) - 1, (7 << 64) + 5])])
def test_the_address_behind_each(family: int, values: list[int]) -> None:
    keys = following(family, ints_to_keys(family, values))
    assert [key_to_int(key) for key in keys] == [value + 1 for value in values]
