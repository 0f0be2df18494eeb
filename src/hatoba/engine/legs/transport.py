"""What the loop sees of asking: the same for packets of our own and for connect()."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import Times
from hatoba.engine.legs.leg import Indices
from hatoba.model import Answer

HEARD = np.dtype(
    [
        ("index", "i8"),  # the question it answers
        ("attempt", "i8"),  # which attempt, from 0
        ("state", "u1"),  # 0: it says nothing of the port, and is noted
        ("reason", "u1"),
        ("answer", "u1"),
        ("ttl", "u1"),
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("responder", "u4"),  # 0: the asked host itself, n: Responders.addresses[n - 1]
        ("at_s", "f8"),
        ("asked_s", "f8"),  # when that attempt left, where the wire knows it better than the ledger; else NaN
    ]
)
"""One judged answer to a question of the leg."""

IS_ICMP = np.zeros(256, bool)
"""Which codes of ``model.Answer`` are ICMP errors."""
IS_ICMP[[Answer.ICMP, Answer.ICMP6]] = True


class Transport(Protocol):
    """Carries questions out and judged answers in."""

    turns: npt.NDArray[np.int64]
    """(asks,): how many attempts it takes to ask a port everything that it can be asked."""
    holds_nothing: bool
    """A question costs nothing while its answer is waited for, and a late answer tells which attempt it is for."""

    def room(self) -> int:
        """How many more may be asked now."""

    def ask(self, indices: Indices, attempt: int) -> int:
        """Ask these for the *attempt*-th time; returns how many are asked, the first ones of *indices*. The ledger is told."""

    def departures(self) -> Times | None:
        """When each of those that were asked last left this machine, 0 while it waits; filled in later. None: at once."""

    def drain(self) -> None:
        """Back when all that was asked has left."""

    def hear(self, timeout_s: float) -> npt.NDArray[np.void]:
        """Rows of :data:`HEARD`; waits up to *timeout_s* if there are none. Answers to what was never asked are left out."""

    def give_up(self, asked_before_s: float) -> None:
        """Forget what was asked before that, to make room. A later answer may be lost."""

    @property
    def drops(self) -> int:
        """Answers that this machine lost."""

    def close(self) -> None: ...
