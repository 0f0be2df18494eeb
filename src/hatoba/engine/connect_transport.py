"""Questions as connect(): the kernel shakes hands, we read how it ended."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import Indices, Leg
from hatoba.engine.responders import Responders
from hatoba.engine.transport import HEARD
from hatoba.probes.connect import judge
from hatoba.wire.network import Connects
from hatoba.wire.routes import link_index

_ATTEMPT_SHIFT = 48  # a token is the attempt above the question's number; legs are far smaller than 2**48


class ConnectTransport:
    """Asks the questions of *leg* through *wire*, which several legs of one scan use in turn."""

    def __init__(self, leg: Leg, wire: Connects, responders: Responders) -> None:
        self._leg, self._wire, self._responders = leg, wire, responders
        self._zone_index = link_index(leg.block.zone) if leg.block.zone else 0

    def room(self) -> int:
        return self._wire.room

    def ask(self, indices: Indices, attempt: int) -> int:
        hosts, ports = self._leg.split(indices)
        tokens = indices | (attempt << _ATTEMPT_SHIFT)
        return self._wire.start(tokens, self._leg.packed[hosts], ports, self._zone_index)

    def hear(self, timeout_s: float) -> npt.NDArray[np.void]:
        outcomes = self._wire.poll(timeout_s)
        state, reason, answer = judge(outcomes)
        rows = np.flatnonzero(state)
        outcomes = outcomes[rows]
        heard = np.zeros(len(rows), HEARD)
        heard["index"] = outcomes["token"] & ((1 << _ATTEMPT_SHIFT) - 1)
        heard["attempt"] = outcomes["token"] >> _ATTEMPT_SHIFT
        heard["state"], heard["reason"], heard["answer"] = state[rows], reason[rows], answer[rows]
        for field in ("ttl", "icmp_type", "icmp_code", "at_s"):
            heard[field] = outcomes[field]
        heard["asked_s"] = outcomes["started_s"]
        for row in np.flatnonzero(outcomes["offender_family"]).tolist():
            width = 4 if outcomes["offender_family"][row] == 4 else 16
            offender = outcomes["offender"][row][:width].tobytes()
            asked = self._leg.packed[heard["index"][row] // len(self._leg.ports)].tobytes()
            heard["responder"][row] = 0 if offender == asked else self._responders.number(offender)
        return heard

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
