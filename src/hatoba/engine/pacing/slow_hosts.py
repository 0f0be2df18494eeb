"""Hosts that can't keep up with the others: seen by what they answer (``engine.pacing.delivery``), asked at their own speed
(``engine.pacing.backlog``), in this leg and in the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import Times
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.pacing.backlog import Backlog
from hatoba.engine.pacing.delivery import LEAST_PPS, Delivery

_GRAIN_S = 0.002
_NOTABLY = 0.75
_FEW = 64
"""Fewer questions to a host say nothing of its speed."""


class SlowHosts:
    """Of one leg. *known* are hosts of the whole scan by their index, with what they can answer a second; what is learnt here
    is entered there. Where *told_apart* is false, as where one answer settles a host, all are asked alike."""

    def __init__(self, leg: Leg, known: dict[int, float], now_s: float, least_pps: float | None, told_apart: bool) -> None:
        self._known, hosts, each = known, len(leg.offsets), len(leg.asks)
        self._leg = leg
        self._delivery: Delivery | None = None
        known_pps = None
        if told_apart and each >= _FEW:
            if known:
                known_pps = np.array([known.get(index, np.inf) for index in self._indices()])
            self._delivery = Delivery(hosts, each, max(LEAST_PPS, least_pps or 0.0), known_pps)
        self._told_pps = np.full(hosts, np.inf) if known_pps is None else known_pps
        self._backlog = Backlog(hosts, each, now_s)
        self._any = bool(known) and self._delivery is not None
        self._limits_pps = self._delivery.limits_pps if self._delivery is not None else np.zeros(0)

    def _indices(self) -> list[int]:
        found: list[int] = self._leg.host_index(np.arange(len(self._leg.offsets))).tolist()
        return found

    def new_round(self) -> None:
        if self._delivery is not None:
            self._delivery.new_round()
            self._take_over()

    def slower(self) -> bool:
        """Whether a host is asked notably slower than when this was asked last."""
        if self._delivery is None:
            return False
        before_pps, self._told_pps = self._told_pps, self._delivery.answers_pps.copy()
        return bool((self._told_pps < _NOTABLY * before_pps).any())

    @property
    def watches(self) -> bool:
        """Whether it counts answers, which have to come in the round of their questions."""
        return self._delivery is not None

    @property
    def answers_pps(self) -> npt.NDArray[np.float64]:
        """How much each host is seen to answer; infinite where more than it is asked."""
        return np.full(len(self._told_pps), np.inf) if self._delivery is None else self._delivery.answers_pps

    def lossy(self, losses: npt.NDArray[np.float64]) -> None:
        """Rounds have shown that so much of what each host could answer was lost, 0 to 1."""
        if self._delivery is not None:
            self._delivery.lossy(losses)
            self._take_over()

    def _take_over(self) -> None:
        assert self._delivery is not None
        self._limits_pps = self._delivery.limits_pps
        self._any = len(self._backlog) > 0 or bool(self._delivery.slow.any())

    @property
    def waiting(self) -> bool:
        """Whether questions wait until their host may be asked."""
        return self._any and len(self._backlog) > 0

    def due(self, now_s: float, most: int, last: bool) -> Indices:
        """Up to *most* of those that waited and may be asked now. *last*: all others have been asked."""
        return self._backlog.due(now_s, self._limits_pps, most, last)

    def wait_s(self) -> float:
        """Until some of those may be asked: one at a time would be much work for few questions."""
        return max(_GRAIN_S, self._backlog.wait_s(self._limits_pps))

    def asked_late(self, questions: Indices) -> None:
        """These, the first of :meth:`due`, wait no more."""
        self._backlog.asked(questions)

    def part(self, questions: Indices) -> npt.NDArray[np.bool_] | None:
        """Which of these have to wait for their turn; None: none."""
        if not self._any:
            return None
        assert self._delivery is not None
        slow: npt.NDArray[np.bool_] = self._delivery.slow[self._leg.hosts(questions)]
        return slow if slow.any() else None

    def hold_back(self, questions: Indices) -> None:
        self._backlog.add(questions)

    def asked(self, questions: Indices, now_s: float, left_s: Times | None) -> None:
        """All that has been asked, late or not, and when it left, as ``engine.legs.transport`` tells it."""
        if self._delivery is not None:
            self._delivery.asked(questions, now_s, left_s)

    def answered(self, questions: Indices, rtt_s: Times) -> None:
        """Answers of hosts themselves to the last attempts at these. Errors, which are rationed, say nothing of the speed."""
        if self._delivery is not None:
            self._delivery.answered(questions, rtt_s)

    def judge(self, heard_until_s: float) -> None:
        """All that had arrived until then was heard."""
        if self._delivery is None:
            return
        waiting = self._backlog.waiting if self._any else None
        if self._delivery.judge(heard_until_s, waiting):
            self._take_over()

    def remember(self) -> None:
        """Keep what was learnt for the legs to come."""
        if self._delivery is None or not (self._any or self._known):
            return
        slow = self._delivery.slow
        for index, its_slow, pps in zip(self._indices(), slow.tolist(), self._delivery.answers_pps.tolist(), strict=True):
            if its_slow:
                self._known[index] = pps
            else:
                self._known.pop(index, None)
