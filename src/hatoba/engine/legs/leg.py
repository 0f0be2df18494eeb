"""A leg: the part of a scan that goes one way and is kept in memory at once; its questions are numbered from 0.

Number ``i`` asks host ``i // asks`` what stands at place ``i % asks`` of the leg's asks. Which numbers are asked when is the
permutation's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.asks import Asks, Places
from hatoba.targets.target_set import Block

Indices = npt.NDArray[np.int64]

MAX_QUESTIONS = 1 << 21
"""Questions in one leg: what bounds a scan's memory, however large it is. How much that is, ``docs/scale.md`` tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """Hosts of one block that leave the same way, times what is asked of each."""

    block: Block
    asks: Asks
    offsets: Indices
    """Sorted offsets of the hosts in the block, (hosts,)."""
    macs: npt.NDArray[np.uint8] | None = None
    """Hardware address of each host's next hop, (hosts, 6); None where the link has none."""
    packed: npt.NDArray[np.uint8] = field(init=False)
    """Addresses of the hosts, (hosts, 4|16)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "packed", self.block.packed(self.offsets))

    def __len__(self) -> int:
        return len(self.offsets) * len(self.asks)

    def split(self, indices: Indices) -> tuple[Indices, Places]:
        """(place of the host in this leg, place among the asks) of each question."""
        hosts, places = np.divmod(indices, len(self.asks))
        return hosts, places

    def hosts(self, indices: Indices) -> Indices:
        """Place of the host that each question is put to."""
        return indices // len(self.asks)

    def questions(self, host: int) -> Indices:
        """All questions to the host at that place."""
        return np.arange(host * len(self.asks), (host + 1) * len(self.asks))

    def find(self, packed: npt.NDArray[np.uint8], places: Places) -> Indices:
        """The question that puts the ask at *places* to address *packed*, each; -1 for what this leg does not ask."""
        offsets = self.block.find(packed)
        hosts = np.minimum(np.searchsorted(self.offsets, offsets), len(self.offsets) - 1)
        known = (offsets >= 0) & (self.offsets[hosts] == offsets) & (places >= 0)
        return np.where(known, hosts * len(self.asks) + places, -1)

    def host_index(self, hosts: Indices) -> npt.NDArray[np.uint32]:
        """Index in the whole target set of the hosts at these places."""
        return self.block.index(self.offsets[hosts]).astype(np.uint32)
