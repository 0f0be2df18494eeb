"""What is to be said against the answers of hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hatoba.model import Deception, Unsteady


@dataclass
class Doubts:
    """By the place of a host in its group."""

    deceptions: dict[int, Deception] = field(default_factory=dict)
    held: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Ports on which a connection held."""
    unsteady: dict[int, tuple[Unsteady, ...]] = field(default_factory=dict)

    def add(self, others: Doubts) -> None:
        """Doubts about other ports of the same hosts."""
        self.deceptions |= others.deceptions
        self.held |= others.held
        for place, found in others.unsteady.items():
            self.unsteady[place] = self.unsteady.get(place, ()) + found
