"""From an address back to its index in the scan's host table, at about 12 bytes a host.

A :class:`~hatoba.results.batch.HostTable` goes from index to address only, because the addresses of a sweep are computed, not
stored. Host events name addresses, so the way back is needed for the hosts that have verdicts. Hashes of the addresses are
kept in a sorted array; every hit is checked against the table, so a collision costs time and never a wrong host.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.model import Address
from hatoba.results.batch import HostTable

_RECENT_LIMIT = 4096
"""Hosts added since the last sort, kept in a dict: sorting for each of them would make a sweep quadratic."""


class HostIndex:
    """Grows with :meth:`add`, answers with :meth:`find`."""

    def __init__(self, table: HostTable) -> None:
        self._table = table
        self._recent: dict[Address, int] = {}
        self._known = np.zeros(0, np.bool_)
        self._hashes = np.zeros(0, np.int64)
        self._indices = np.zeros(0, np.uint32)

    def add(self, indices: npt.NDArray[np.uint32]) -> None:
        """Make the hosts of these *indices* (each at most once per call) findable."""
        if not len(indices):
            return
        self._known = grown(self._known, int(indices.max()) + 1)
        for index in indices[~self._known[indices]].tolist():
            self._recent[self._table.address(index)] = index
            if len(self._recent) >= _RECENT_LIMIT:
                self._settle()
        self._known[indices] = True

    def find(self, address: Address) -> int | None:
        """The index of *address*, or None if it was never added."""
        if (index := self._recent.get(address)) is not None:
            return index
        wanted = hash(address)
        at = int(self._hashes.searchsorted(wanted))
        while at < len(self._hashes) and self._hashes[at] == wanted:
            index = int(self._indices[at])
            if self._table.address(index) == address:
                return index
            at += 1
        return None

    def _settle(self) -> None:
        hashes = np.fromiter((hash(address) for address in self._recent), np.int64, len(self._recent))
        indices = np.fromiter(self._recent.values(), np.uint32, len(self._recent))
        self._hashes = np.concatenate([self._hashes, hashes])
        order = np.argsort(self._hashes, kind="stable")
        self._hashes = self._hashes[order]
        self._indices = np.concatenate([self._indices, indices])[order]
        self._recent = {}


def grown(flags: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.bool_]:
    """*flags* with room for *size* of them; grows by doubling, new ones False."""
    if size <= len(flags):
        return flags
    larger = np.zeros(max(size, 2 * len(flags)), np.bool_)
    larger[: len(flags)] = flags
    return larger
