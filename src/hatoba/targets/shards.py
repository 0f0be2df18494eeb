"""Shards: the addresses of a scan divided among several machines, each address to one of them by what it is alone.

Of every *count* addresses in a row, a **run**, which begins at a multiple of *count*, each shard has one. Which one, a hash of
the run says, so that routers at the first address of their networks don't all fall to one machine. Nothing else goes into it:
whoever divides the same addresses by the same count comes to the same parts, whatever else is scanned with them, in whatever
order, with whatever seed.

A shard's member of run *r* is its *r*-th address, counted from the start of the address space. So places and addresses are
computed from each other, for a million at a time or for one, and a part of 2**32 addresses takes no more room than the whole.

Worked example: runs of 3. Run 100 is the addresses 300, 301 and 302; if its hash modulo 3 is 2, shard 1/3 has 302, shard 2/3
has 300, shard 3/3 has 301.

IPv6: a run lies within one half of 64 bits (the last one of each half is shorter), and the upper half goes into the hash.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Shard
from hatoba.targets.quoting import shown

MAX_SHARDS = 1 << 16
_KEY = 0x6861746F62613A31
"""For good: two machines with different versions of hatoba share a scan."""
_MASK64 = 0xFFFFFFFFFFFFFFFF

Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def parse_shard(text: str) -> Shard:
    """``2/3`` is the second of three. Raises UsageError for anything else."""
    match = re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= MAX_SHARDS:
        raise UsageError(
            _("shard {text}: write which one of how many, 1/3 to 3/3 for three machines; there can be up to {most}").format(
                text=shown(text), most=MAX_SHARDS
            )
        )
    return Shard(int(match[1]), int(match[2]))


class Members:
    """Which addresses are a shard's. They stand here as their *high* and *low* 64 bits; high is 0 in IPv4."""

    def __init__(self, shard: Shard) -> None:
        self._number, self._count = shard.number - 1, shard.count

    def of_runs(self, high: Words, runs: Words) -> Words:
        """Low 64 bits of the member of each run, (n,)."""
        low: Words = runs * np.uint64(self._count) + self._places(high, runs)
        return low

    def of_run(self, high: int, run: int) -> int:
        """The same for one run, without the price of arrays."""
        low: int = run * self._count + self._places(high, run)
        return low

    def runs(self, high: Words, low: Words) -> tuple[Words, Mask]:
        """Each address's run, and whether the address is the member of it, (n,)."""
        runs, places = np.divmod(low, np.uint64(self._count))
        return runs, places == self._places(high, runs)

    def before(self, high: Words, low: Words) -> Words:
        """How many members stand below each address within its upper half, (n,): the run of the first that does not."""
        runs, places = np.divmod(low, np.uint64(self._count))
        below: Words = runs + (self._places(high, runs) < places)
        return below

    def _places(self, high: Any, runs: Any) -> Any:
        """The member's place in each run, for arrays and for integers."""
        return (_mixed(_mixed(high + _KEY & _MASK64) + runs & _MASK64) % self._count + self._number) % self._count


def _mixed(value: Any) -> Any:
    """The finaliser of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014)."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK64
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK64
    return value ^ value >> 31
