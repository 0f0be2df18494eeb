"""What a scan asks: hosts by index, without an object for each, and the ports of each.

A :class:`Block` is a set of addresses (sorted ranges) that are asked for the same ports over the same interface; a
:class:`TargetSet` numbers the addresses of its blocks one after the other. Addresses leave and enter in bulk, as bytes in
network order, computed from the ranges: 198.18.0.0/8 costs as much as 198.18.0.2. So they are for a shard
(:mod:`hatoba.targets.shards`), which has of its ranges the addresses that are its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Protocol, Shard
from hatoba.packets.distinct import distinct
from hatoba.targets.ranges import (
    Keys,
    Ranges,
    cut_at_halves,
    following,
    from_bounds,
    frozen,
    halves,
    ints_to_keys,
    pack_to_keys,
    union,
)
from hatoba.targets.shards import Members

MAX_ADDRESSES = 1 << 32
"""A verdict names its host by a 32-bit index."""

Ports = Mapping[Protocol, npt.NDArray[np.uint16]]
Packed = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Addresses of one family and zone that are asked for the same ports."""

    addresses: Ranges
    """Of a shard: with those of the other shards."""
    ports: Ports
    """Sorted distinct ports to ask of each of these hosts, by protocol."""
    first: int = 0
    """Index in the :class:`TargetSet` of the first host."""
    zone: str | None = None
    """The interface of link-local IPv6 addresses; else None."""
    indices: Offsets | None = None
    """Index in the :class:`TargetSet` of each host, where they don't follow each other: of blocks that were joined."""
    shard: Shard | None = None
    """Whose addresses alone these hosts are; None: all."""
    family: int = field(init=False)
    count: int = field(init=False)
    """How many hosts."""
    _by_index: Offsets | None = field(init=False, repr=False, default=None)
    """Offsets in the order of ``indices``."""
    _members: Members | None = field(init=False, repr=False, default=None)
    _start: Offsets = field(init=False, repr=False)
    """Offset of each range's first host."""
    _high: Words = field(init=False, repr=False)
    """Upper 64 bits of each range's first address; 0 in IPv4."""
    _base: Words = field(init=False, repr=False)
    """Lower 64 bits of each range's first address; of a shard, the run of the first member in it."""

    def __post_init__(self) -> None:
        if self.addresses.count() > MAX_ADDRESSES:
            raise ValueError(f"a block holds 1 to 2**32 addresses, not {self.addresses.count()}")
        if self.shard is not None:
            object.__setattr__(self, "_members", Members(self.shard))
            object.__setattr__(self, "addresses", cut_at_halves(self.addresses))
        high, base, size = _bounds(self.addresses, self._members)
        count = int(size.sum())
        if not count:
            raise ValueError("a block holds 1 to 2**32 addresses, not 0")
        start = np.zeros(len(size), dtype=np.int64)
        np.cumsum(size[:-1], out=start[1:], dtype=np.int64)
        for name, value in (("family", self.addresses.family), ("count", count), ("_start", start)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_high", high)
        object.__setattr__(self, "_base", base)
        if self.indices is not None:
            object.__setattr__(self, "_by_index", np.argsort(self.indices))

    def packed(self, offsets: Offsets) -> Packed:
        """Addresses of the hosts ``first + offsets``: (n, 4) or (n, 16) bytes in network order.

        Raises IndexError for an offset outside 0 to ``count - 1``: such an address was never asked for.
        """
        offsets = np.asarray(offsets, dtype=np.int64)
        if offsets.size and (int(offsets.min()) < 0 or int(offsets.max()) >= self.count):
            raise IndexError(f"offsets of this block run from 0 to {self.count - 1}")
        at = self._range_of(offsets)
        high, base = self._high[at], self._base[at]
        low = base + (offsets - self._start[at]).astype(np.uint64)
        if self._members is not None:
            low = self._members.of_runs(high, low)
        elif self.family == 6:
            high = high + (low < base)
        if self.family == 4:
            return low.astype(">u4").view(np.uint8).reshape(-1, 4)
        words = np.empty((len(offsets), 2), dtype=">u8")
        words[:, 0], words[:, 1] = high, low
        return words.view(np.uint8).reshape(-1, 16)

    def find(self, packed: Packed) -> Offsets:
        """Offsets of addresses, (n, 4) or (n, 16) bytes in network order; -1 for each that is not in this block."""
        keys = pack_to_keys(self.family, packed)
        at = np.maximum(np.searchsorted(self.addresses.first, keys, side="right") - 1, 0)
        inside = (keys >= self.addresses.first[at]) & (keys < self.addresses.end[at])
        low = keys if self.family == 4 else halves(keys)[1]
        if self._members is not None:
            low, ours = self._members.runs(self._high[at], low)
            inside &= ours
        offsets = self._start[at] + (low - self._base[at]).astype(np.int64)
        return np.where(inside, offsets, np.int64(-1))

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of the hosts from address *first* to *last*, both in one of the ranges: the first of them, and the one behind
        the last."""
        width = 4 if self.family == 4 else 16
        packed = np.frombuffer(first.to_bytes(width, "big") + last.to_bytes(width, "big"), np.uint8).reshape(2, width)
        if self._members is None:
            start, end = self.find(packed).tolist()
            return start, end + 1
        keys = pack_to_keys(self.family, packed)
        low = keys if self.family == 4 else halves(keys)[1]
        at = np.searchsorted(self.addresses.first, keys, side="right") - 1
        before = self._start[at] + (self._members.before(self._high[at], low) - self._base[at]).astype(np.int64)
        return int(before[0]), int(before[1]) + int(self.find(packed[1:])[0] >= 0)

    def index(self, offsets: Offsets) -> Offsets:
        """Indices in the :class:`TargetSet` of the hosts at these offsets."""
        return offsets + self.first if self.indices is None else self.indices[offsets]

    def offsets(self, indices: npt.NDArray[np.integer]) -> Offsets:
        """Offsets of the hosts with these indices, all of them of this block."""
        if self.indices is None or self._by_index is None:
            return indices.astype(np.int64) - self.first
        return self._by_index[np.searchsorted(self.indices, indices, sorter=self._by_index)]

    def part(self, offsets: Offsets) -> Block:
        """The hosts at these offsets, ascending and at least one, as a block of its own; they keep their indices."""
        keys = pack_to_keys(self.family, self.packed(offsets))
        return replace(
            self, addresses=from_bounds(self.family, keys, following(self.family, keys)), indices=self.index(offsets)
        )

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Inclusive (first, last) of each range as integers, ascending."""
        return self.addresses.pairs()

    def address(self, offset: int) -> Address:
        """One address, with its zone."""
        if not 0 <= offset < self.count:
            raise IndexError(f"offsets of this block run from 0 to {self.count - 1}")
        at = int(self._start.searchsorted(offset, side="right")) - 1 if len(self._start) > 1 else 0
        number, high = int(self._base[at]) + offset - int(self._start[at]), int(self._high[at])
        low = number if self._members is None else self._members.of_run(high, number)
        if self.family == 4:
            return IPv4Address(low)
        address = IPv6Address((high << 64) + low)
        return IPv6Address(f"{address}%{self.zone}") if self.zone else address

    def _range_of(self, offsets: Offsets) -> npt.NDArray[np.intp]:
        if len(self._start) == 1:
            return np.zeros(len(offsets), dtype=np.intp)
        found: npt.NDArray[np.intp] = np.searchsorted(self._start, offsets, side="right") - 1
        return found


def joined(blocks: Sequence[Block]) -> tuple[Block, npt.NDArray[np.intp]]:
    """The hosts of *blocks*, which are of one family, zone and shard, as one block, whose ports are nobody's; and the place
    among *blocks* of the one that each host is of, (hosts,)."""
    addresses = union([block.addresses for block in blocks], blocks[0].family)
    whole = Block(addresses, {}, zone=blocks[0].zone, shard=blocks[0].shard)
    indices, origin = np.empty(whole.count, np.int64), np.empty(whole.count, np.intp)
    for place, block in enumerate(blocks):
        its = np.arange(block.count)
        offsets = whole.find(block.packed(its))
        indices[offsets], origin[offsets] = block.index(its), place
    return replace(whole, indices=indices), origin


@dataclass(frozen=True, slots=True, eq=False)
class TargetSet:
    """Blocks of hosts, numbered through: a ``results.batch.HostTable``. No address is in two blocks of the same zone."""

    blocks: tuple[Block, ...]
    asked_names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """The names that a host was asked by, by its index, where it was asked by any."""
    shard: Shard | None = None
    """Which of several machines' part this is."""
    all_addresses: int = -1
    """How many addresses all shards have together; -1: this is all of them."""
    _ranges: dict[tuple[int, str | None], tuple[Keys, npt.NDArray[np.intp]]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        expected = 0
        for block in self.blocks:
            if block.first != expected:
                raise ValueError(f"a block starts at host {expected}, not {block.first}")
            expected += block.count
        if self.all_addresses < 0:
            object.__setattr__(self, "all_addresses", expected)

    def __len__(self) -> int:
        return self.blocks[-1].first + self.blocks[-1].count if self.blocks else 0

    def block_of(self, index: int) -> Block:
        """The block that host *index* is in; raises IndexError where there is none."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.blocks[bisect_right(self.blocks, index, key=lambda block: block.first) - 1]

    def address(self, index: int) -> Address:
        block = self.block_of(index)
        return block.address(index - block.first)

    def find(self, addresses: Sequence[Address]) -> Offsets:
        """Indices of the hosts with these addresses, (n,); -1 for each that is not among these."""
        found = np.full(len(addresses), -1, np.int64)
        links: dict[tuple[int, str | None], list[int]] = {}
        for place, address in enumerate(addresses):
            zone = address.scope_id if isinstance(address, IPv6Address) else None
            links.setdefault((address.version, zone), []).append(place)
        for (family, zone), places in links.items():
            raw = b"".join(addresses[place].packed for place in places)
            found[places] = self._find_packed(family, zone, np.frombuffer(raw, np.uint8).reshape(len(places), -1))
        return found

    def _find_packed(self, family: int, zone: str | None, packed: Packed) -> Offsets:
        first, of = self._ranges_of(family, zone)
        at = first.searchsorted(pack_to_keys(family, packed), side="right") - 1
        which = np.where(at >= 0, of[at] if len(of) else -1, -1)
        found = np.full(len(packed), -1, np.int64)
        for its in distinct(which[which >= 0]).tolist():
            rows, block = np.flatnonzero(which == its), self.blocks[its]
            offsets = block.find(packed[rows])
            found[rows] = np.where(offsets >= 0, offsets + block.first, -1)
        return found

    def _ranges_of(self, family: int, zone: str | None) -> tuple[Keys, npt.NDArray[np.intp]]:
        """The first address of every range of such blocks, ascending, and the place of the block that each is of."""
        if (family, zone) not in self._ranges:
            places = [place for place, its in enumerate(self.blocks) if (its.family, its.zone) == (family, zone)]
            first = np.concatenate([ints_to_keys(family, ()), *(self.blocks[place].addresses.first for place in places)])
            of = np.repeat(np.array(places, np.intp), [len(self.blocks[place].addresses) for place in places])
            order = np.argsort(first, kind="stable")
            self._ranges[family, zone] = first[order], of[order]
        return self._ranges[family, zone]

    def names(self, index: int) -> tuple[str, ...]:
        """The names it was asked by, in the order asked; nothing for addresses asked as such. Untrusted text."""
        return self.asked_names.get(index, ())

    def part(self, shard: Shard) -> TargetSet:
        """The hosts of that *shard*, numbered anew; perhaps none."""
        blocks: list[Block] = []
        names: dict[int, tuple[str, ...]] = {}
        named = np.sort(np.fromiter(self.asked_names, np.int64, len(self.asked_names)))
        first = 0
        for block in self.blocks:
            addresses = _with_members(block.addresses, shard)
            if not len(addresses):
                continue
            part = replace(block, addresses=addresses, first=first, shard=shard)
            its = named[np.searchsorted(named, block.first) : np.searchsorted(named, block.first + block.count)]
            for index, offset in zip(its.tolist(), part.find(block.packed(its - block.first)).tolist(), strict=True):
                if offset >= 0:
                    names[first + offset] = self.asked_names[index]
            blocks.append(part)
            first += part.count
        return TargetSet(tuple(blocks), names, shard, len(self))


def _with_members(held: Ranges, shard: Shard) -> Ranges:
    """Those ranges that have an address of the shard."""
    pieces = cut_at_halves(held)
    _high, _base, size = _bounds(pieces, Members(shard))
    return frozen(held.family, pieces.first[size > 0], pieces.end[size > 0])


def _bounds(held: Ranges, members: Members | None) -> tuple[Words, Words, Words]:
    """Of each range the upper half of its first address, its base (``Block._base``), and how many hosts it has."""
    if held.family == 4:
        high, low, end = np.zeros(len(held), np.uint64), held.first, held.end
    else:
        (high, low), (_end_high, end) = halves(held.first), halves(held.end)
    if members is None:
        # No range is longer than 2**32, so the difference of the lower halves modulo 2**64 is its size.
        return high, low, end - low
    last = end - np.uint64(1)
    base = members.before(high, low)
    return high, base, members.before(high, last) + members.runs(high, last)[1] - base
