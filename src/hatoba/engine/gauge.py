"""How far a scan is, for people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.engine.rations.rationing import RATION_S
from hatoba.engine.tally import Tally
from hatoba.model import Doing, Progress, State

_EVERY_S = 0.1
_RATE_WINDOW_S = 1.0
_STEADY_S = 1.0
"""So long the foreseen end has to stay where it is before it is told of."""
_TOLERANCE = 0.2
"""How much of the time left it may move meanwhile, and never less than _LEAST_TOLERANCE_S."""
_LEAST_TOLERANCE_S = 0.5


class Gauge:
    def __init__(self, total: int, clock: Callable[[], float], tally: Tally) -> None:
        self._total, self._clock, self._tally = total, clock, tally
        self._doubtful = [0, 0]
        self._started_s = self._told_s = clock()
        self._states = np.zeros(256, np.int64)
        self._window = [(self._started_s, 0)]
        self._ends: list[tuple[float, float]] = []
        """When the end was foreseen, and for when; since what is done now began, and no longer ago than matters."""

    def settled(self, rows: npt.NDArray[np.void]) -> None:
        self._states += np.bincount(rows["state"], minlength=256)

    def left_out(self, ports: int) -> None:
        """So many ports will have no verdict: nobody is there who could be asked for them."""
        self._total -= ports

    def doubtful(self, ports: int, pinged: bool = False) -> None:
        """So many ports are most likely to be :meth:`left_out`, which is not known yet: don't foresee them. Those of hosts that
        are *pinged* are counted apart."""
        self._doubtful[pinged] = ports

    def counts(self) -> dict[str, int]:
        """Ports by the word of their state; states that no port has are left out."""
        return {state.word: int(self._states[state]) for state in State if self._states[state]}

    def due(self) -> Progress | None:
        """A progress if the last one is old enough."""
        return self.now() if self._clock() - self._told_s >= _EVERY_S else None

    def now(self) -> Progress:
        now_s = self._clock()
        self._told_s = now_s
        sent = self._tally.probes_sent
        while len(self._window) > 1 and now_s - self._window[1][0] >= _RATE_WINDOW_S:
            del self._window[0]
        self._window.append((now_s, sent))
        since_s, sent_then = self._window[0]
        settled = int(self._states.sum())
        elapsed_s = now_s - self._started_s
        total = self._total - sum(self._doubtful)
        left = total - settled
        return Progress(
            settled=settled,
            total=total,
            probes_sent=sent,
            elapsed_s=elapsed_s,
            rate_pps=(sent - sent_then) / (now_s - since_s) if now_s > since_s else 0.0,
            left_s=self._left_s(now_s, settled, left),
            open_found=int(self._states[State.OPEN]),
            doing=self._tally.doing,
        )

    def _left_s(self, now_s: float, settled: int, left: int) -> float | None:
        """None while it can't be known: silence is settled all at once, at the end of a leg, so what has been settled by then
        says little of what is to come; what else than asking is done has no measure at all."""
        if self._tally.to_prove:  # about one a second
            return self._tally.to_prove * RATION_S
        if self._tally.doing is not Doing.ASKING or not settled:
            self._ends.clear()
            return None
        left_s = (now_s - self._started_s) * left / settled
        while len(self._ends) > 1 and now_s - self._ends[1][0] >= _STEADY_S:
            del self._ends[0]
        self._ends.append((now_s, now_s + left_s))
        ends = [end_s for _told_s, end_s in self._ends]
        steady = max(ends) - min(ends) <= max(_TOLERANCE * left_s, _LEAST_TOLERANCE_S)
        return left_s if steady and now_s - self._ends[0][0] >= _STEADY_S else None
