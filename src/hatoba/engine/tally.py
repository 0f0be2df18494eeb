"""What a whole scan counts, over all of its legs."""

from __future__ import annotations

from dataclasses import dataclass, field

from hatoba.engine.legs.outages import Outages
from hatoba.model import Doing


@dataclass
class Tally:
    """What a whole scan counts, over all legs."""

    probes_sent: int = 0
    drops: int = 0
    contradictions: int = 0
    expected_missed: float | None = 0.0
    """None where a part of it can't be known."""
    doing: Doing = Doing.ASKING
    to_prove: int = 0
    """Questions that ``--prove-closed`` still has to ask of the host that has most of them."""
    rationing: dict[int, int] = field(default_factory=dict)
    """Hosts, by their index, that are seen to ration their errors, with the number of ports of each that this leaves open."""
    resets: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Hosts, by their index, that ration their resets, with (closed ports asked again, of these silent)."""
    untold: dict[int, int] = field(default_factory=dict)
    """Those of them that send too few to tell closed ports from filtered ones, with the number of such ports."""
    silenced: dict[int, int] = field(default_factory=dict)
    """Hosts, by their index, that answered at first and then no more, with the number of ports whose silence says nothing."""
    echoed: bool = False
    """Hosts were pinged by echo because their family has none of the pings that were asked for."""
    lost: float = 0.0
    """Probes estimated to be lost, of ``answerable`` probes to ports that have an answer."""
    answerable: float = 0.0
    slow_hosts: dict[int, float] = field(default_factory=dict)
    """Hosts, by their index, that can't keep up with the others, with the number of answers that each gives a second."""
    late_hosts: dict[int, float] = field(default_factory=dict)
    """Hosts, by their index, that answer late, with the longest that an answer of theirs has taken, in seconds."""

    outages: Outages = field(default_factory=Outages)

    loss_unknown: bool = False
    """Some questions that are silent were asked once only."""

    @property
    def loss(self) -> float | None:
        """None where nothing tells it from silence."""
        if self.answerable:
            return self.lost / self.answerable
        return None if self.loss_unknown else 0.0

    def silence(self, index: int, ports: int) -> None:
        """The host answered at first and then no more, and so many of its ports were silent. Whatever they would have answered
        may be missing, but for what is known to be missing of this host already."""
        known = max(self.silenced.get(index, 0), self.untold.get(index, 0))
        self.add_missed(max(0, ports - known))
        self.silenced[index] = max(ports, known)

    def is_there(self, index: int) -> None:
        """The host answers: it is its resets alone that have stopped, if any have."""
        if (ports := self.silenced.pop(index, None)) is not None:
            self.untold[index] = ports

    def add_missed(self, answers: float | None) -> None:
        self.expected_missed = None if self.expected_missed is None or answers is None else self.expected_missed + answers
