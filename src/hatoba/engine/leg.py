"""A leg: the part of a scan that goes one way and is kept in memory at once; its questions are numbered from 0.

Number ``i`` asks host ``i // ports`` for port ``i % ports``. Which numbers are asked when is the permutation's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hatoba.model import Protocol
from hatoba.targets.target_set import Block

Indices = npt.NDArray[np.int64]

MAX_QUESTIONS = 1 << 21
"""Questions in one leg: bounds the memory of ledger and send times at some 40 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """Hosts of one block that leave the same way, times the ports to ask of each."""

    block: Block
    protocol: Protocol
    offsets: Indices
    """Sorted offsets of the hosts in the block, (hosts,)."""
    ports: npt.NDArray[np.uint16]
    """Sorted distinct ports, (ports,)."""
    macs: npt.NDArray[np.uint8] | None = None
    """Hardware address of each host's next hop, (hosts, 6); None where the link has none."""
    packed: npt.NDArray[np.uint8] = field(init=False)
    """Addresses of the hosts, (hosts, 4|16)."""
    _port_places: npt.NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        places = np.full(1 << 16, -1, np.int32)
        places[self.ports] = np.arange(len(self.ports))
        object.__setattr__(self, "packed", self.block.packed(self.offsets))
        object.__setattr__(self, "_port_places", places)

    def __len__(self) -> int:
        return len(self.offsets) * len(self.ports)

    def split(self, indices: Indices) -> tuple[Indices, npt.NDArray[np.uint16]]:
        """(place of the host in this leg, port) of each question."""
        hosts, places = np.divmod(indices, len(self.ports))
        return hosts, self.ports[places]

    def find(self, packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16]) -> Indices:
        """The question that asks address *packed* for *ports*, each; -1 for what this leg does not ask."""
        offsets = self.block.find(packed)
        hosts = np.minimum(np.searchsorted(self.offsets, offsets), len(self.offsets) - 1)
        places = self._port_places[ports].astype(np.int64)
        known = (offsets >= 0) & (self.offsets[hosts] == offsets) & (places >= 0)
        return np.where(known, hosts * len(self.ports) + places, -1)

    def host_index(self, hosts: Indices) -> npt.NDArray[np.uint32]:
        """Index in the whole target set of the hosts at these places."""
        return (self.offsets[hosts] + self.block.first).astype(np.uint32)
