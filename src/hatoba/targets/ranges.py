"""Sets of addresses as sorted ranges: what union, exclusion and permission are computed on.

A range is half open, ``[first, end)``. The bounds of all ranges of a set stand in two arrays whose elements compare as the
addresses do: ``uint64`` for IPv4, 16 bytes in network order (dtype ``S16``, which NumPy compares as memcmp does) for IPv6.
Set arithmetic replaces the bounds by their ranks among all bounds that take part; between two neighbouring bounds every
address has the same fate, so each operation is one sort and a few passes over small integers, whatever the family and
however many addresses a range holds.

The all-ones IPv6 address (a multicast address, never a host's) can't be a member: its end would not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import numpy as np
import numpy.typing as npt

Network = IPv4Network | IPv6Network
Keys = npt.NDArray[Any]
"""Addresses of one family as comparable elements: dtype ``uint64`` (IPv4) or ``S16`` (IPv6)."""

BITS = {4: 32, 6: 128}
_WORD = 1 << 64


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """A set of addresses of one family: sorted, disjoint ranges that don't touch each other."""

    family: int
    first: Keys
    end: Keys

    def __len__(self) -> int:
        """How many ranges (not addresses: that is :meth:`count`)."""
        return len(self.first)

    def count(self) -> int:
        """How many addresses, exactly, as a Python integer."""
        if self.family == 4:
            return int((self.end - self.first).sum())
        first_hi, first_lo = halves(self.first)
        end_hi, end_lo = halves(self.end)
        upper: list[int] = (end_hi - first_hi - (end_lo < first_lo)).tolist()
        lower: list[int] = (end_lo - first_lo).tolist()
        return sum(upper) * _WORD + sum(lower)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Inclusive (first, last) of each range, ascending."""
        for first, end in zip(self.first, self.end, strict=True):
            yield key_to_int(first), key_to_int(end) - 1

    def lowest(self) -> int:
        """The smallest address; there must be one."""
        return key_to_int(self.first[0])

    def contains(self, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Which of the addresses, (n, 4) or (n, 16) bytes in network order, are members: (n,) bool."""
        keys = pack_to_keys(self.family, packed)
        if not len(self):
            return np.zeros(len(keys), dtype=np.bool_)
        at = np.searchsorted(self.first, keys, side="right") - 1
        inside: npt.NDArray[np.bool_] = (at >= 0) & (keys < self.end[np.maximum(at, 0)])
        return inside

    def networks(self) -> Iterator[Network]:
        """The fewest CIDR networks that hold exactly these addresses, ascending."""
        bits = BITS[self.family]
        for first, last in self.pairs():
            start = first
            while start <= last:
                # The largest block that starts here: bounded by the alignment of its start and by what is left.
                aligned = (start & -start).bit_length() - 1 if start else bits
                size = min(aligned, (last - start + 1).bit_length() - 1)
                yield IPv4Network((start, bits - size)) if bits == 32 else IPv6Network((start, bits - size))
                start += 1 << size


def ints_to_keys(family: int, values: Iterable[int]) -> Keys:
    """Addresses as Python integers to comparable elements."""
    if family == 4:
        return np.fromiter(values, dtype=np.uint64)
    return np.frombuffer(b"".join(value.to_bytes(16, "big") for value in values), dtype="S16")


def key_to_int(key: Any) -> int:
    """One comparable element to a Python integer. NumPy drops an ``S16``'s trailing zero bytes when it leaves the array."""
    value: int = int.from_bytes(key.ljust(16, b"\0"), "big") if isinstance(key, bytes) else int(key)
    return value


def pack_to_keys(family: int, packed: npt.NDArray[np.uint8]) -> Keys:
    """(n, 4) or (n, 16) bytes in network order to (n,) comparable elements; raises ValueError for any other shape."""
    width = BITS[family] // 8
    if packed.ndim != 2 or packed.shape[1] != width:
        raise ValueError(f"IPv{family} addresses are (n, {width}) bytes, not {packed.shape}")
    flat = np.ascontiguousarray(packed, dtype=np.uint8)
    return flat.view(">u4").ravel().astype(np.uint64) if family == 4 else flat.view("S16").ravel()


def following(family: int, keys: Keys) -> Keys:
    """The address behind each; the all-ones IPv6 address, which has none, is in no set."""
    if family == 4:
        behind: Keys = keys + np.uint64(1)
        return behind
    high, low = halves(keys)
    words = np.empty((len(keys), 2), ">u8")
    words[:, 1] = low + np.uint64(1)
    words[:, 0] = high + (words[:, 1] == 0)
    return words.view("S16").ravel()


def halves(keys: Keys) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """IPv6 elements as their upper and lower 64 bits."""
    words = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2).astype(np.uint64)
    return words[:, 0], words[:, 1]


def cut_at_halves(held: Ranges) -> Ranges:
    """*held*, whose IPv6 ranges have no more than 2**32 addresses each, cut where the upper 64 bits change: these pieces touch
    each other."""
    if held.family == 4:
        return held
    end_high, end_low = halves(held.end)
    crossing = (end_high != halves(held.first)[0]) & (end_low > 0)
    if not crossing.any():
        return held
    words = np.zeros((np.count_nonzero(crossing), 2), ">u8")
    words[:, 0] = end_high[crossing]
    cuts = words.view("S16").ravel()
    return frozen(6, np.sort(np.concatenate([held.first, cuts])), np.sort(np.concatenate([held.end, cuts])))


def frozen(family: int, first: Keys, end: Keys) -> Ranges:
    """Ranges from bounds that already are sorted, disjoint and apart; the arrays become read-only."""
    first.setflags(write=False)
    end.setflags(write=False)
    return Ranges(family, first, end)


def from_bounds(family: int, first: Keys, end: Keys) -> Ranges:
    """The union of ranges that may overlap, touch and stand in any order."""
    points, rank = np.unique(np.concatenate([first, end]), return_inverse=True)
    return _from_mask(family, points, _covered(rank[: len(first)], rank[len(first) :], len(points)))


def from_pairs(family: int, pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The union of inclusive (first, last) integer pairs. The all-ones IPv6 address is left out."""
    top = (1 << BITS[family]) - (1 if family == 6 else 0)
    held = [(first, min(last + 1, top)) for first, last in pairs]
    held = [(first, end) for first, end in held if first < end]
    return from_bounds(
        family, ints_to_keys(family, (first for first, _ in held)), ints_to_keys(family, (end for _, end in held))
    )


def empty(family: int) -> Ranges:
    return from_pairs(family, ())


def union(sets: Sequence[Ranges], family: int) -> Ranges:
    """All addresses of all the sets, which are of one *family*."""
    if len(sets) == 1:
        return sets[0]
    if not sets:
        return empty(family)
    return from_bounds(family, np.concatenate([s.first for s in sets]), np.concatenate([s.end for s in sets]))


def minus(these: Ranges, those: Ranges) -> Ranges:
    """The addresses of *these* that are not in *those*."""
    if not len(these) or not len(those):
        return these
    bounds = [these.first, these.end, those.first, those.end]
    points, rank = np.unique(np.concatenate(bounds), return_inverse=True)
    parts = np.split(rank, np.cumsum([len(b) for b in bounds])[:-1])
    keep = _covered(parts[0], parts[1], len(points)) & ~_covered(parts[2], parts[3], len(points))
    return _from_mask(these.family, points, keep)


def partition(sets: Sequence[Ranges], family: int) -> list[tuple[frozenset[int], Ranges]]:
    """Cut the union of *sets* into disjoint parts, each with the indices of the sets that hold it.

    Costs O(n log n) in the number of ranges, times how many sets hold the same address at once.
    """
    if len(sets) <= 1:
        return [(frozenset({0}), part) for part in sets if len(part)]
    bounds = np.concatenate([s.first for s in sets] + [s.end for s in sets])
    owner = np.tile(np.repeat(np.arange(len(sets)), [len(s) for s in sets]), 2)
    points, rank = np.unique(bounds, return_inverse=True)
    order = np.argsort(rank, kind="stable")
    labels, holders = _sweep(rank[order].tolist(), owner[order].tolist(), len(points))
    by_label = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=len(holders)))
    found = []
    for label, held in enumerate(holders):
        if held:
            cells = by_label[ends[label - 1] if label else 0 : ends[label]]
            found.append((held, _joined(family, points, cells)))
    return found


def _sweep(ranks: list[int], owners: list[int], count: int) -> tuple[npt.NDArray[np.int64], list[frozenset[int]]]:
    """For each cell between neighbouring bounds, a label; and for each label, who holds the cells with it.

    A set's ranges don't touch, so each set changes at most once at a bound: it enters or leaves.
    """
    holders: dict[frozenset[int], int] = {frozenset(): 0}
    labels = np.zeros(count, dtype=np.int64)
    active: set[int] = set()
    for i, owner in enumerate(owners):
        active.symmetric_difference_update((owner,))
        if i + 1 == len(owners) or ranks[i + 1] != ranks[i]:
            labels[ranks[i]] = holders.setdefault(frozenset(active), len(holders))
    return labels, list(holders)


def _covered(first: npt.NDArray[np.intp], end: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.bool_]:
    """For each of *count* cells, whether any range from rank *first* to rank *end* covers it."""
    depth = np.cumsum(np.bincount(first, minlength=count) - np.bincount(end, minlength=count))
    covered: npt.NDArray[np.bool_] = depth > 0
    return covered


def _from_mask(family: int, points: Keys, mask: npt.NDArray[np.bool_]) -> Ranges:
    return _joined(family, points, np.flatnonzero(mask))


def _joined(family: int, points: Keys, cells: npt.NDArray[np.intp]) -> Ranges:
    """Cells, ascending, joined to ranges. The cell after the last bound has no upper bound and is never among them."""
    starts = np.flatnonzero(np.diff(cells, prepend=-2) != 1)
    first = points[cells[starts]]
    end = points[cells[np.append(starts[1:], len(cells)) - 1] + 1] if len(cells) else first
    return frozen(family, first, end)
