from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Protocol
from hatoba.targets.build import build_targets
from hatoba.targets.ports import choice, parse_ports
from hatoba.targets.ranges import from_pairs
from hatoba.targets.target_set import Block, TargetSet, joined

PORTS = choice({Protocol.TCP: [22, 80]}).ports
WIDTH = {4: 4, 6: 16}


def pack(family: int, *values: int) -> np.ndarray:
    raw = b"".join(value.to_bytes(WIDTH[family], "big") for value in values)
    return np.frombuffer(raw, dtype=np.uint8).reshape(-1, WIDTH[family])


def unpack(packed: np.ndarray) -> list[int]:
    return [int.from_bytes(row.tobytes(), "big") for row in packed]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    family = draw(st.sampled_from([4, 6]))
    top = (1 << (32 if family == 4 else 128)) - 2
    origins = st.one_of(st.integers(0, top), st.sampled_from([0, top, min(top, (1 << 64) - 3)]))
    pairs = draw(st.lists(st.tuples(origins, st.integers(0, 40)), min_size=1, max_size=8))
    return Block(from_pairs(family, [(first, min(first + more, top)) for first, more in pairs]), PORTS)


@given(blocks())
def test_every_offset_is_found_again(block: Block) -> None:
    offsets = np.arange(block.count, dtype=np.int64)
    packed = block.packed(offsets)
    assert packed.shape == (block.count, WIDTH[block.family])
    expected = [address for first, last in block.ranges() for address in range(first, last + 1)]
    assert unpack(packed) == expected
    assert block.find(packed).tolist() == offsets.tolist()


@given(st.data())
def test_every_address_of_many_blocks_is_found_again(data: st.DataObject) -> None:
    """Blocks whose ranges lie between each other's."""
    values = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=60, unique=True))
    of = data.draw(st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values)))
    made: list[Block] = []
    for place in sorted(set(of)):
        its = [(value, value) for value, its_place in zip(values, of, strict=True) if its_place == place]
        made.append(Block(from_pairs(4, its), PORTS, made[-1].first + made[-1].count if made else 0))
    targets = TargetSet(tuple(made))
    assert targets.find([targets.address(index) for index in range(len(targets))]).tolist() == list(range(len(values)))
    found = targets.find([IPv4Address(value) for value in range(402)])
    assert np.flatnonzero(found >= 0).tolist() == sorted(values)


@given(blocks(), st.data())
def test_strangers_are_not_found(block: Block, data: st.DataObject) -> None:
    top = (1 << (32 if block.family == 4 else 128)) - 1
    inside = {address for first, last in block.ranges() for address in range(first, last + 1)}
    edges = [a for first, last in block.ranges() for a in (first - 1, last + 1) if 0 <= a <= top]
    # The same lower 64 bits elsewhere, as only an IPv6 block can mistake.
    shifted = [(a + (1 << 64)) % (top + 1) for a in inside] if block.family == 6 else []
    asked = edges + shifted + data.draw(st.lists(st.integers(0, top), max_size=5))
    found = block.find(pack(block.family, *asked)).tolist() if asked else []
    assert [offset >= 0 for offset in found] == [address in inside for address in asked]


def test_offsets_outside_are_refused() -> None:
    block = Block(from_pairs(4, [(10, 12)]), PORTS)
    for offset in (-1, 3):
        with pytest.raises(IndexError):
            block.packed(np.array([0, offset]))
    assert block.packed(np.array([], dtype=np.int64)).shape == (0, 4)


def test_a_network_of_sixteen_million_costs_one_range() -> None:
    first = int(IPv4Address("10.0.0.0"))
    block = Block(from_pairs(4, [(first, first + 2**24 - 1)]), PORTS)
    assert block.count == 2**24
    assert len(block.addresses) == 1
    assert block.address(2**24 - 1) == IPv4Address("10.255.255.255")


@pytest.mark.parametrize("pairs", [[], [(0, 1 << 33)]])
def test_empty_and_boundless_blocks_are_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="block holds"):
        Block(from_pairs(6, pairs), PORTS)


def test_hosts_are_numbered_through() -> None:
    linked = int(IPv6Address("fe80::1"))
    targets = TargetSet(
        (
            Block(from_pairs(4, [(0xC6120000, 0xC6120003)]), PORTS, 0),
            Block(from_pairs(4, [(0xC6120010, 0xC6120010)]), choice({Protocol.TCP: [443]}).ports, 4),
            Block(from_pairs(6, [(linked, linked + 1)]), PORTS, 5, "eth0"),
        ),
        {4: ("a.example",)},
    )
    assert len(targets) == 7
    assert [targets.address(i) for i in range(7)] == [
        *(ip_address(f"198.18.0.{n}") for n in (0, 1, 2, 3, 16)),
        IPv6Address("fe80::1%eth0"),
        IPv6Address("fe80::2%eth0"),
    ]
    assert (targets.names(4), targets.names(3)) == (("a.example",), ())
    assert targets.find([targets.address(index) for index in range(7)]).tolist() == list(range(7))
    strangers = ("198.18.0.4", "198.18.0.17", "0.0.0.0", "fe80::1", "fe80::1%eth1", "fe80::3%eth0", "::c612:0")
    assert targets.find([ip_address(stranger) for stranger in strangers]).tolist() == [-1] * 7
    assert not len(targets.find([]))
    for index in (-1, 7):
        with pytest.raises(IndexError):
            targets.address(index)


@given(
    st.sampled_from([4, 6]),
    st.lists(st.integers(0, 3), min_size=1, max_size=60).filter(lambda places: {*places} >= {*range(max(places) + 1)}),
    st.integers(0, 1000),
)
def test_joined_blocks_keep_the_numbers_of_their_hosts(family: int, places: list[int], first: int) -> None:
    """Address after address is of one of up to four blocks."""
    base = 0xC6120000 if family == 4 else (0xFD000018 << 96) + (1 << 64) - 30
    parts: list[Block] = []
    for place in range(max(places) + 1):
        its = [base + n for n, chosen in enumerate(places) if chosen == place]
        parts.append(Block(from_pairs(family, [(address, address) for address in its]), PORTS, first))
        first += len(its)
    whole, origin = joined(parts)
    offsets = np.arange(whole.count)
    assert origin.tolist() == places
    assert unpack(whole.packed(offsets)) == [base + n for n in range(len(places))]
    indices = whole.index(offsets)
    for part, place in zip(parts, range(len(parts)), strict=True):
        mine = np.flatnonzero(origin == place)
        assert whole.packed(mine).tolist() == part.packed(np.arange(part.count)).tolist()
        assert indices[mine].tolist() == part.index(np.arange(part.count)).tolist()
        assert part.offsets(indices[mine].astype(np.uint32)).tolist() == list(range(part.count))
    assert whole.offsets(indices[::-1].astype(np.uint32)).tolist() == offsets[::-1].tolist()


def test_numbers_must_join() -> None:
    block = Block(from_pairs(4, [(1, 2)]), PORTS, 1)
    with pytest.raises(ValueError, match="starts at host 0"):
        TargetSet((block,))
    assert len(TargetSet(())) == 0


@pytest.mark.parametrize("targets", ["198.18.0.0/28 198.18.0.30-40 198.18.0.41", "fd00:18::/124 fd00:18::30 fe80::1%lo"])
def test_a_part_of_a_block_keeps_the_numbers_of_its_hosts(targets: str) -> None:
    built = build_targets(targets.split(), ports=parse_ports("22")).targets
    block = built.blocks[0]
    for offsets in ([0], [3, 4, 5, 16], list(range(0, block.count, 2)), list(range(block.count))):
        part = block.part(np.array(offsets))
        assert [part.address(place) for place in range(part.count)] == [block.address(offset) for offset in offsets]
        assert part.index(np.arange(part.count)).tolist() == offsets
        assert part.part(np.array([part.count - 1])).index(np.array([0])).tolist() == offsets[-1:]


def test_hosts_are_found_by_address() -> None:
    built = build_targets(["198.18.0.8-9", "fe80::1%lo", "fd00:18::5"], ports=parse_ports("22")).targets
    texts = ["fd00:18::5", "198.18.0.9", "198.18.0.10", "fe80::1%lo", "fe80::1", "fe80::1%eth9", "198.18.0.8"]
    found = built.find([ip_address(text) for text in texts])
    assert [None if index < 0 else str(built.address(index)) for index in found.tolist()] == [
        *("fd00:18::5", "198.18.0.9", None, "fe80::1%lo", None, None, "198.18.0.8")
    ]
