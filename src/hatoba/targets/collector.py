"""Gather ranges one by one in flat memory: a list of a million addresses stays two arrays, not a million objects."""

from __future__ import annotations

from array import array

import numpy as np

from hatoba.targets.ranges import Ranges, from_bounds, frozen, union

_MULTICAST4 = (0xE0000000, 0xEFFFFFFF)
_MULTICAST6_FIRST = 0xFF << 120


class RangeCollector:
    """Ranges of one family as they come; :meth:`ranges` joins them."""

    __slots__ = ("_bounds4", "_bounds6", "_whole", "family")

    def __init__(self, family: int) -> None:
        self.family = family
        self._bounds4 = array("Q")
        """first, end, first, end ..."""
        self._bounds6 = bytearray()
        """The same, 16 bytes each."""
        self._whole: list[Ranges] = []

    def add(self, first: int, last: int) -> None:
        """Addresses from *first* to *last*, both included."""
        if self.family == 4:
            self._bounds4.append(first)
            self._bounds4.append(last + 1)
        else:
            last = min(last, (1 << 128) - 2)  # the all-ones address is no member of any set (see ranges)
            if first <= last:
                self._bounds6 += first.to_bytes(16, "big") + (last + 1).to_bytes(16, "big")

    def add_ranges(self, ranges: Ranges) -> None:
        self._whole.append(ranges)

    def ranges(self) -> Ranges:
        """All that was added, as a set."""
        if self.family == 4:
            bounds = np.frombuffer(self._bounds4.tobytes(), dtype=np.uint64)
        else:
            bounds = np.frombuffer(bytes(self._bounds6), dtype="S16")
        join = frozen if len(bounds) == 2 else from_bounds
        single = join(self.family, bounds[0::2], bounds[1::2])
        return union([single, *self._whole], self.family) if self._whole else single


def fault_of(family: int, first: int, last: int) -> str | None:
    """Why no address from *first* to *last* is a host's: ``unspecified``, ``multicast``, ``broadcast``; None where one may be.

    RFC 1122 section 3.2.1.3 for IPv4, RFC 4291 section 2.4 for IPv6.
    """
    if last == 0:
        return "unspecified"
    if family == 6:
        return "multicast" if first >= _MULTICAST6_FIRST else None
    if first == 0xFFFFFFFF:
        return "broadcast"
    return "multicast" if _MULTICAST4[0] <= first and last <= _MULTICAST4[1] else None


def never_hosts(family: int) -> Ranges:
    """The addresses that are never a host's: unspecified, multicast, broadcast."""
    never = RangeCollector(family)
    never.add(0, 0)
    if family == 4:
        never.add(*_MULTICAST4)
        never.add(0xFFFFFFFF, 0xFFFFFFFF)
    else:
        never.add(_MULTICAST6_FIRST, (1 << 128) - 1)
    return never.ranges()
