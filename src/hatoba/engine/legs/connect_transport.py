"""Questions as connect(): the kernel shakes hands, we read how it ended."""

from __future__ import annotations

import errno
import math
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.legs.responders import Responders
from hatoba.engine.legs.transport import HEARD
from hatoba.errors import WireError
from hatoba.messages import _, system_words
from hatoba.model import Reason
from hatoba.packets.distinct import one_of
from hatoba.probes.connect import Kind, judge
from hatoba.wire.faults import Refusals
from hatoba.wire.network import Connects
from hatoba.wire.routes import link_index

_ATTEMPT_SHIFT = 48  # a token is the attempt above the question's number; legs are far smaller than 2**48
_QUESTION = (1 << _ATTEMPT_SHIFT) - 1
_NO_WAY = (errno.ENETUNREACH, errno.ENETDOWN, errno.ENODEV, errno.EADDRNOTAVAIL)
"""The last: an interface that goes down loses its IPv6 addresses before the routes through it."""


class ConnectTransport:
    """Asks the questions of *leg* through *wire*, which several legs of one scan use in turn."""

    def __init__(
        self, leg: Leg, wire: Connects, ledger: Ledger, responders: Responders, refusals: Refusals | None = None
    ) -> None:
        """In *refusals* is entered what this machine itself refused."""
        self._leg, self._wire, self._ledger, self._responders = leg, wire, ledger, responders
        self._refusals = refusals or Refusals()
        self.turns = np.ones(len(leg.asks), np.int64)
        self.holds_nothing = False
        self._broken: WireError | None = None
        self._zone_index = link_index(leg.block.zone) if leg.block.zone else 0

    def room(self) -> int:
        return self._wire.room

    def ask(self, indices: Indices, attempt: int) -> int:
        hosts, places = self._leg.split(indices)
        tokens = indices | (attempt << _ATTEMPT_SHIFT)
        count = self._wire.start(tokens, self._leg.packed[hosts], self._leg.asks.port[places], self._zone_index)
        self._ledger.note_asked(indices[:count], attempt)  # each outcome tells when its own question left
        return count

    def departures(self) -> None:
        """Each connection is begun at once."""

    def drain(self) -> None:
        """Nothing is left: each connection is begun at once."""

    def hear(self, timeout_s: float) -> npt.NDArray[np.void]:
        if self._broken is not None:
            raise self._broken
        outcomes = self._wire.poll(timeout_s)
        outcomes = outcomes[~self._lost_way(outcomes)]
        state, reason, answer = judge(outcomes)
        rows = np.flatnonzero(answer)
        outcomes = outcomes[rows]
        heard = np.zeros(len(rows), HEARD)
        heard["index"] = outcomes["token"] & _QUESTION
        heard["attempt"] = outcomes["token"] >> _ATTEMPT_SHIFT
        heard["state"], heard["reason"], heard["answer"] = state[rows], reason[rows], answer[rows]
        for field in ("ttl", "icmp_type", "icmp_code", "at_s"):
            heard[field] = outcomes[field]
        heard["asked_s"] = outcomes["started_s"]
        for row in np.flatnonzero(heard["reason"] == Reason.LOCAL_ERROR).tolist():
            self._refusals.add(int(outcomes["errno"][row]), self._leg.packed[self._leg.hosts(heard["index"][row])].tobytes())
        for row in np.flatnonzero(outcomes["offender_family"]).tolist():
            width = 4 if outcomes["offender_family"][row] == 4 else 16
            offender = outcomes["offender"][row][:width].tobytes()
            asked = self._leg.packed[self._leg.hosts(heard["index"][row])].tobytes()
            heard["responder"][row] = 0 if offender == asked else self._responders.number(offender)
        return heard

    def _lost_way(self, outcomes: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
        """Which of these say that this leg's way, which was there when it began, is gone. They say nothing of a port; what
        was heard beside them is handed on first, then the next look raises."""
        lost: npt.NDArray[np.bool_] = (
            (outcomes["kind"] == Kind.LOCAL) & (outcomes["offender_family"] == 0) & one_of(outcomes["errno"], _NO_WAY)
        )
        if lost.any():
            row = outcomes[lost][0]
            asked = self._leg.packed[self._leg.hosts(row["token"] & _QUESTION)].tobytes()
            text = _("no way to {address} any more: {problem}; see: ip route get {address}")
            self._broken = WireError(text.format(address=ip_address(asked), problem=system_words(int(row["errno"]))))
        return lost

    def give_up(self, asked_before_s: float) -> None:
        self._wire.expire(asked_before_s)

    @property
    def drops(self) -> int:
        """The kernel holds every outcome until it is read."""
        return 0

    def close(self) -> None:
        """The wire goes on to the next leg, which must not hear answers to this one's questions; the scan closes it."""
        self._wire.expire(math.inf)
        self._wire.poll(0.0)
