"""Shards: disjoint and complete whatever is scanned, the same on every machine, each with its share of every network."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.model import Protocol, Shard
from hatoba.targets.build import build_targets
from hatoba.targets.ports import choice, parse_ports
from hatoba.targets.ranges import from_pairs
from hatoba.targets.shards import Members, parse_shard
from hatoba.targets.target_set import Block, TargetSet, joined

PORTS = choice({Protocol.TCP: [80]}).ports
HALF = 1 << 64


def pack(family: int, addresses: list[int]) -> np.ndarray:
    width = 4 if family == 4 else 16
    return np.frombuffer(b"".join(a.to_bytes(width, "big") for a in addresses), np.uint8).reshape(-1, width)


def unpack(packed: np.ndarray) -> list[int]:
    return [int.from_bytes(row.tobytes(), "big") for row in packed]


@st.composite
def target_sets(draw: st.DrawFn) -> TargetSet:
    """Up to three blocks of ranges that may begin or end at the borders of the address space and of IPv6's halves."""
    found: list[Block] = []
    first = 0
    for family in draw(st.lists(st.sampled_from([4, 6]), min_size=1, max_size=3)):
        top = (1 << (32 if family == 4 else 128)) - 2
        borders = [0, top] if family == 4 else [0, top, HALF - 5, 7 * HALF - 1, 7 * HALF]
        origins = st.one_of(st.integers(0, top), st.sampled_from(borders))
        pairs = draw(st.lists(st.tuples(origins, st.integers(0, 40)), min_size=1, max_size=6))
        block = Block(from_pairs(family, [(start, min(start + more, top)) for start, more in pairs]), PORTS, first)
        found.append(block)
        first += block.count
    return TargetSet(tuple(found))


def hosts(targets: TargetSet) -> list[tuple[int, int]]:
    """Family and address of each."""
    return [(block.family, address) for block in targets.blocks for address in unpack(block.packed(np.arange(block.count)))]


counts = st.one_of(st.integers(1, 9), st.integers(1, 1 << 16))


@settings(deadline=None, max_examples=150)
@given(target_sets(), st.integers(1, 40))
def test_the_shards_are_disjoint_and_together_all(targets: TargetSet, count: int) -> None:
    parts = [targets.part(Shard(number, count)) for number in range(1, count + 1)]
    assert sum(map(len, parts)) == len(targets)
    assert {part.all_addresses for part in parts} == {len(targets)}
    assert Counter(address for part in parts for address in hosts(part)) == Counter(hosts(targets))


@settings(deadline=None, max_examples=150)
@given(target_sets(), counts, st.data())
def test_every_offset_of_a_shard_is_found_again(targets: TargetSet, count: int, data: st.DataObject) -> None:
    part = targets.part(Shard(data.draw(st.integers(1, count)), count))
    for block in part.blocks:
        offsets = np.arange(block.count)
        packed = block.packed(offsets)
        addresses = unpack(packed)
        assert addresses == sorted(set(addresses))
        assert block.find(packed).tolist() == offsets.tolist()
        assert [int(block.address(offset)) for offset in offsets.tolist()] == addresses
        inside = {address for first, last in block.ranges() for address in range(first, last + 1)}
        others = sorted(inside - set(addresses))
        assert not others or (block.find(pack(block.family, others)) == -1).all()


@settings(deadline=None, max_examples=150)
@given(target_sets(), st.integers(1, 9), st.data())
def test_the_hosts_between_two_addresses_are_counted_right(targets: TargetSet, count: int, data: st.DataObject) -> None:
    sharded = data.draw(st.booleans())
    part = targets.part(Shard(data.draw(st.integers(1, count)), count)) if sharded else targets
    for block in part.blocks:
        addresses = unpack(block.packed(np.arange(block.count)))
        for first, last in block.ranges():
            low = data.draw(st.integers(first, last))
            high = data.draw(st.integers(low, last))
            start, end = block.between(low, high)
            assert addresses[start:end] == [address for address in addresses if low <= address <= high]


@settings(deadline=None)
@given(target_sets(), target_sets(), st.integers(1, 9))
def test_an_address_is_of_the_same_shard_whatever_else_is_scanned(one: TargetSet, other: TargetSet, count: int) -> None:
    def homes(targets: TargetSet) -> dict[tuple[int, int], int]:
        return {host: number for number in range(1, count + 1) for host in hosts(targets.part(Shard(number, count)))}

    its, others = homes(one), homes(other)
    assert all(its[address] == others[address] for address in its.keys() & others.keys())


def test_the_parts_never_change() -> None:
    """Two machines with different versions share a scan: these addresses stay where they are."""
    network = build_targets(["198.18.0.0/28", "fd00:18::/124"], ports=parse_ports("80"), families=frozenset({4, 6})).targets
    of_two = {
        (number, block.family): [int(block.address(n)) & 15 for n in range(block.count)]
        for number in (1, 2)
        for block in network.part(Shard(number, 2)).blocks
    }
    assert of_two == {
        (1, 4): [0, 3, 4, 6, 9, 11, 12, 15],
        (1, 6): [0, 3, 5, 7, 8, 11, 13, 14],
        (2, 4): [1, 2, 5, 7, 8, 10, 13, 14],
        (2, 6): [1, 2, 4, 6, 9, 10, 12, 15],
    }


def test_the_worked_example_of_the_docstring() -> None:
    """Of each run each shard has one, and shard after shard has the next."""
    runs = np.arange(1000, dtype=np.uint64)
    high = np.zeros(1000, np.uint64)
    places = np.array([Members(Shard(number, 3)).of_runs(high, runs) % np.uint64(3) for number in (1, 2, 3)]).astype(np.int64)
    assert ((places[1] - places[0]) % 3 == 1).all()
    assert ((places[2] - places[0]) % 3 == 2).all()


@pytest.mark.parametrize("count", [2, 3, 4, 16, 255, 256])
def test_the_first_address_of_each_network_is_not_one_machine_s_alone(count: int) -> None:
    """Routers stand there. Chi-square of the shards of x.y.z.1 in a /12: its mean is count - 1, six deviations are rare."""
    firsts = np.arange(0xC6100001, 0xC6200001, 256, dtype=np.uint64)
    high = np.zeros(len(firsts), np.uint64)
    mine = np.array([Members(Shard(number, count)).runs(high, firsts)[1].sum() for number in range(1, count + 1)])
    assert mine.sum() == len(firsts) == 4096
    expected = len(firsts) / count
    statistic = ((mine - expected) ** 2 / expected).sum()
    assert statistic < count - 1 + 6 * (2 * (count - 1)) ** 0.5, mine.tolist()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_each_shard_has_its_share_of_every_network(count: int) -> None:
    network = build_targets(["198.18.0.0/15"], ports=parse_ports("80")).targets
    sizes = [len(network.part(Shard(number, count))) for number in range(1, count + 1)]
    assert sum(sizes) == 1 << 17
    assert max(sizes) - min(sizes) <= 2


def test_a_part_of_the_whole_internet_takes_no_more_room_than_the_whole() -> None:
    whole = build_targets(["0.0.0.0/0"], ports=parse_ports("80"), exclude=["10.0.0.0/8"]).targets
    parts = [whole.part(Shard(number, 3)) for number in (1, 2, 3)]
    assert sum(map(len, parts)) == len(whole) == parts[0].all_addresses
    assert {len(block.addresses) for part in parts for block in part.blocks} == {len(whole.blocks[0].addresses)}
    last = parts[2].blocks[0].count - 1
    assert parts[2].blocks[0].find(parts[2].blocks[0].packed(np.array([last]))).tolist() == [last]


def test_ranges_without_a_host_of_the_shard_are_left_out() -> None:
    """A list of hosts is shared, not looked through by every machine."""
    listed = build_targets([f"198.18.{n}.7" for n in range(200)], ports=parse_ports("80")).targets
    parts = [listed.part(Shard(number, 4)) for number in range(1, 5)]
    assert [len(block.addresses) for part in parts for block in part.blocks] == [len(part) for part in parts]
    assert sum(map(len, parts)) == 200


def test_names_go_with_their_hosts() -> None:
    found = build_targets(
        [f"n{n}.example:{80 + n % 2}" for n in range(40)],
        ports=parse_ports("80"),
        resolver=lambda name, family: [IPv4Address(f"198.18.0.{name[1:].split('.')[0]}")] if family == 4 else [],
    ).targets
    told = {}
    for number in (1, 2, 3):
        part = found.part(Shard(number, 3))
        assert part.shard == Shard(number, 3)
        told |= {str(part.address(index)): part.names(index) for index in range(len(part))}
    assert told == {f"198.18.0.{n}": (f"n{n}.example",) for n in range(40)}


def test_joined_blocks_of_a_shard_hold_its_hosts_alone() -> None:
    """One range of each block crosses the border between two upper halves."""
    base = (0xFD000018 << 96) + HALF - 35
    parts = TargetSet(
        (
            Block(from_pairs(6, [(base + n, base + n + 9) for n in range(0, 60, 20)]), PORTS),
            Block(from_pairs(6, [(base + n + 10, base + n + 19) for n in range(0, 60, 20)]), PORTS, 30),
        )
    ).part(Shard(2, 3))
    whole, origin = joined(parts.blocks)
    assert whole.count == len(parts) == len(origin)
    addresses = {parts.address(index) for index in range(len(parts))}
    assert {IPv6Address(address) for address in unpack(whole.packed(np.arange(whole.count)))} == addresses
    indices = whole.index(np.arange(whole.count)).tolist()
    assert [int(parts.address(index)) for index in indices] == unpack(whole.packed(np.arange(whole.count)))


def test_an_empty_shard_is_said_and_is_no_mistake() -> None:
    built = [build_targets(["198.18.0.2"], ports=parse_ports("80"), shard=Shard(number, 3)) for number in (1, 2, 3)]
    assert sorted(len(one.targets) for one in built) == [0, 0, 1]
    empty = next(one for one in built if not one.targets.blocks)
    assert empty.targets.all_addresses == 1
    assert "none of the 1 address:" in empty.notes[-1]
    assert "-p" in empty.notes[-1]
    assert not next(one for one in built if one.targets.blocks).notes


@pytest.mark.parametrize(("text", "number", "count"), [("1/1", 1, 1), ("2/3", 2, 3), ("65536/65536", 65536, 65536)])
def test_shards_are_written_as_one_of_how_many(text: str, number: int, count: int) -> None:
    assert parse_shard(text) == Shard(number, count)
    assert str(parse_shard(text)) == text


@pytest.mark.parametrize(
    "text", ["", "0/3", "4/3", "1/0", "1", "1/", "/3", "-1/3", "1/65537", "1 / 3", "1/3/3", "a/b", "\u0661/3"]
)
def test_what_is_no_shard_gets_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"1/3 to 3/3") as told:
        parse_shard(text)
    assert "\n" not in str(told.value)


def test_a_host_is_scanned_by_the_same_machine_by_name_and_by_address() -> None:
    def part(target: str, number: int) -> TargetSet:
        shard = Shard(number, 5)
        there = [ip_address("198.18.3.3")]
        return build_targets([target], ports=parse_ports("80"), shard=shard, resolver=lambda _name, _family: there).targets

    def home(target: str) -> list[int]:
        return [number for number in range(1, 6) if part(target, number).blocks]

    assert home("198.18.3.3") == home("www.example:443") != []
