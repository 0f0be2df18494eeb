"""How far a scan is, for people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.engine.loop import Tally
from hatoba.engine.rationing import RATION_S
from hatoba.model import Progress, State

_EVERY_S = 0.1
_RATE_WINDOW_S = 1.0


class Gauge:
    def __init__(self, total: int, clock: Callable[[], float], tally: Tally) -> None:
        self._total, self._clock, self._tally = total, clock, tally
        self._started_s = self._told_s = clock()
        self._states = np.zeros(256, np.int64)
        self._window = [(self._started_s, 0)]

    def settled(self, rows: npt.NDArray[np.void]) -> None:
        self._states += np.bincount(rows["state"], minlength=256)

    def left_out(self, ports: int) -> None:
        """So many ports will have no verdict: nobody is there who could be asked for them."""
        self._total -= ports

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
        left = self._total - settled
        return Progress(
            settled=settled,
            total=self._total,
            probes_sent=sent,
            elapsed_s=elapsed_s,
            rate_pps=(sent - sent_then) / (now_s - since_s) if now_s > since_s else 0.0,
            left_s=self._left_s(elapsed_s, settled, left),
            open_found=int(self._states[State.OPEN]),
            doing=self._tally.doing,
        )

    def _left_s(self, elapsed_s: float, settled: int, left: int) -> float | None:
        if self._tally.to_prove:  # about one a second
            return self._tally.to_prove * RATION_S
        return elapsed_s * left / settled if settled else None
