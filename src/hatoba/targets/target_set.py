"""What a scan asks: hosts by index, without an object for each, and the ports of each.

A :class:`Block` is a set of addresses (sorted ranges) that are asked for the same ports over the same interface; a
:class:`TargetSet` numbers the addresses of its blocks one after the other. Addresses leave and enter in bulk, as bytes in
network order, computed from the ranges: 198.18.0.0/8 costs as much as 198.18.0.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from hatoba.model import Address, Protocol
from hatoba.targets.ranges import Keys, Ranges, halves, ints_to_keys, pack_to_keys, union

MAX_ADDRESSES = 1 << 32
"""A verdict names its host by a 32-bit index."""

Ports = Mapping[Protocol, npt.NDArray[np.uint16]]
Packed = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Addresses of one family and zone that are asked for the same ports."""

    addresses: Ranges
    ports: Ports
    """Sorted distinct ports to ask of each of these hosts, by protocol."""
    first: int = 0
    """Index in the :class:`TargetSet` of the first host."""
    zone: str | None = None
    """The interface of link-local IPv6 addresses; else None."""
    indices: Offsets | None = None
    """Index in the :class:`TargetSet` of each host, where they don't follow each other: of blocks that were joined."""
    family: int = field(init=False)
    count: int = field(init=False)
    """How many addresses."""
    _by_index: Offsets | None = field(init=False, repr=False, default=None)
    """Offsets in the order of ``indices``."""
    _start: Offsets = field(init=False, repr=False)
    """Offset of each range's first address."""
    _size: npt.NDArray[np.uint64] = field(init=False, repr=False)
    _high: npt.NDArray[np.uint64] = field(init=False, repr=False)
    """Upper 64 bits of each range's first address; nothing for IPv4."""
    _low: npt.NDArray[np.uint64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        held = self.addresses
        count = held.count()
        if not 0 < count <= MAX_ADDRESSES:
            raise ValueError(f"a block holds 1 to 2**32 addresses, not {count}")
        high, low = (np.empty(0, dtype=np.uint64), held.first) if held.family == 4 else halves(held.first)
        # No range is longer than 2**32, so the difference of the lower halves modulo 2**64 is its size.
        size = (held.end if held.family == 4 else halves(held.end)[1]) - low
        start = np.zeros(len(size), dtype=np.int64)
        np.cumsum(size[:-1], out=start[1:], dtype=np.int64)
        for name, value in (("family", held.family), ("count", count), ("_start", start), ("_size", size)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_high", high)
        object.__setattr__(self, "_low", low)
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
        base = self._low[at]
        low = base + (offsets - self._start[at]).astype(np.uint64)
        if self.family == 4:
            return low.astype(">u4").view(np.uint8).reshape(-1, 4)
        words = np.empty((len(offsets), 2), dtype=">u8")
        words[:, 0] = self._high[at] + (low < base)
        words[:, 1] = low
        return words.view(np.uint8).reshape(-1, 16)

    def find(self, packed: Packed) -> Offsets:
        """Offsets of addresses, (n, 4) or (n, 16) bytes in network order; -1 for each that is not in this block."""
        keys = pack_to_keys(self.family, packed)
        at = np.maximum(np.searchsorted(self.addresses.first, keys, side="right") - 1, 0)
        low = keys if self.family == 4 else halves(keys)[1]
        offsets = self._start[at] + (low - self._low[at]).astype(np.int64)
        inside = (keys >= self.addresses.first[at]) & (keys < self.addresses.end[at])
        return np.where(inside, offsets, np.int64(-1))

    def index(self, offsets: Offsets) -> Offsets:
        """Indices in the :class:`TargetSet` of the hosts at these offsets."""
        return offsets + self.first if self.indices is None else self.indices[offsets]

    def offsets(self, indices: npt.NDArray[np.integer]) -> Offsets:
        """Offsets of the hosts with these indices, all of them of this block."""
        if self.indices is None or self._by_index is None:
            return indices.astype(np.int64) - self.first
        return self._by_index[np.searchsorted(self.indices, indices, sorter=self._by_index)]

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Inclusive (first, last) of each range as integers, ascending."""
        return self.addresses.pairs()

    def address(self, offset: int) -> Address:
        """One address, with its zone."""
        if not 0 <= offset < self.count:
            raise IndexError(f"offsets of this block run from 0 to {self.count - 1}")
        at = int(self._start.searchsorted(offset, side="right")) - 1 if len(self._start) > 1 else 0
        number = int(self._low[at]) + offset - int(self._start[at])
        if self.family == 4:
            return IPv4Address(number)
        address = IPv6Address((int(self._high[at]) << 64) + number)
        return IPv6Address(f"{address}%{self.zone}") if self.zone else address

    def _range_of(self, offsets: Offsets) -> npt.NDArray[np.intp]:
        if len(self._start) == 1:
            return np.zeros(len(offsets), dtype=np.intp)
        found: npt.NDArray[np.intp] = np.searchsorted(self._start, offsets, side="right") - 1
        return found


def joined(blocks: Sequence[Block]) -> tuple[Block, npt.NDArray[np.intp]]:
    """The hosts of *blocks*, which are of one family and zone, as one block, whose ports are nobody's; and the place among
    *blocks* of the one that each host is of, (hosts,)."""
    whole = Block(union([block.addresses for block in blocks], blocks[0].family), {}, zone=blocks[0].zone)
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
    _ranges: dict[tuple[int, str | None], tuple[Keys, npt.NDArray[np.intp]]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        expected = 0
        for block in self.blocks:
            if block.first != expected:
                raise ValueError(f"a block starts at host {expected}, not {block.first}")
            expected += block.count

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

    def find(self, address: Address) -> int | None:
        """The index of *address*; None where it is not among these."""
        zone = address.scope_id if isinstance(address, IPv6Address) else None
        packed = np.frombuffer(address.packed, np.uint8)[None, :]
        first, of = self._ranges_of(address.version, zone)
        at = int(first.searchsorted(pack_to_keys(address.version, packed)[0], side="right")) - 1
        if at < 0:
            return None
        block = self.blocks[of[at]]
        offset = int(block.find(packed)[0])
        return None if offset < 0 else block.first + offset

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

    def family_count(self, family: int) -> int:
        """How many hosts have an address of *family* (4 or 6)."""
        return sum(block.count for block in self.blocks if block.family == family)

    def probe_count(self) -> int:
        """How many (host, protocol, port) there are to ask."""
        return sum(block.count * sum(len(ports) for ports in block.ports.values()) for block in self.blocks)
