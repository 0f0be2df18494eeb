"""What is to be said against the answers of hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hatoba.model import Deception, Unsteady


@dataclass
class Doubts:
    """By the place of a host in its group."""

    deceptions: dict[int, Deception] = field(default_factory=dict)
    held: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Open ports on which a connection held, of those that were tried."""
    unsteady: dict[int, tuple[Unsteady, ...]] = field(default_factory=dict)
    tried: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Ports on which a connection was tried, random ones among them."""
    heard: set[int] = field(default_factory=set)
    """Hosts that answered when they were asked again."""
    silenced: set[int] = field(default_factory=set)
    """Hosts that answered at first, and nothing any more when they were asked the same again."""

    def add(self, others: Doubts) -> None:
        """More doubts about the same hosts; of a port that is doubted already nothing new is told."""
        self.deceptions |= others.deceptions
        self.held |= others.held
        self.tried |= others.tried
        self.heard |= others.heard
        self.silenced |= others.silenced
        for place, found in others.unsteady.items():
            known = self.unsteady.get(place, ())
            ports = {(port.protocol, port.port) for port in known}
            self.unsteady[place] = (*known, *(port for port in found if (port.protocol, port.port) not in ports))
