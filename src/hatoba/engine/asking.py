"""Asking the questions of one attempt, each once: in an order drawn at random, or host by host in turn, and no sooner than its
host can be asked."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.legs.transport import Transport
from hatoba.engine.pacing.pace import Pace
from hatoba.engine.pacing.slow_hosts import SlowHosts
from hatoba.engine.pacing.spacing import Spacing
from hatoba.engine.rations.controls import Controls
from hatoba.engine.tally import Tally
from hatoba.targets.permutation import Permutation

_GRAIN_S = 0.005
"""How evenly questions are spread over a second that is theirs."""


class Asking:
    """Of one leg, attempt by attempt. How many may be asked at once is the caller's to say."""

    def __init__(
        self,
        leg: Leg,
        transport: Transport,
        ledger: Ledger,
        tally: Tally,
        clock: Callable[[], float],
        order_key: int,
        pace: Pace,
        slow: SlowHosts,
        controls: Controls,
        delay_s: float | None,
    ) -> None:
        """*delay_s*: between two questions to the same host, if it is to have any."""
        self._leg, self._transport, self._ledger = leg, transport, ledger
        self._tally, self._clock, self._order_key = tally, clock, order_key
        self._pace, self._slow, self._controls = pace, slow, controls
        self._spacing: Spacing | None = None
        if delay_s is not None:
            self._spacing = Spacing(len(leg.offsets), len(leg.asks), delay_s, clock() if tally.probes_sent else None)
        self.attempt = 0
        """The number of the one that is being made, or was last."""
        self.asked_s = clock()
        """When something was asked last."""
        self.in_turns = False
        """Hosts that are set apart are asked now, and nobody else."""
        self._order: Callable[[Indices], Indices] = lambda positions: positions
        self._size = self._position = 0
        self._begun_s = self._over_s = 0.0

    def begin(self, attempt: int, questions: Indices | None, over_s: float = 0.0) -> None:
        """A new attempt at *questions* (None: all of the leg), evenly spread over *over_s* seconds if that is given."""
        self.attempt, self._position = attempt, 0
        self._size = len(self._leg) if questions is None else len(questions)
        self._order = self._in_order(questions)
        self._begun_s, self._over_s = self._clock(), over_s
        self._ledger.expect(attempt, self._size)
        self._slow.new_round()

    @property
    def left(self) -> bool:
        """Whether there is anything to ask yet."""
        return self._position < self._size or bool(self._slow.waiting)

    def some(self, room: int, now_s: float, wait_s: float) -> tuple[bool, float]:
        """Ask up to *room* questions. Whether any was passed; and how long to wait for the next one, if that is known, else
        *wait_s*."""
        late, wait_s = self._ask_late(room, now_s, self._position == self._size, wait_s)
        count = min(room - late, self._size - self._position)
        if self._over_s:
            even = math.ceil(self._size * (now_s - self._begun_s + _GRAIN_S) / self._over_s)
            count, wait_s = min(count, even - self._position), min(wait_s, _GRAIN_S)
        passed = 0
        if count > 0:
            chosen = self._order(np.arange(self._position, self._position + count))
            if self._spacing is not None:
                chosen, wait_s = self._due(self._spacing, chosen, now_s)
            passed = self._send_in_time(chosen) if len(chosen) else 0
            self._position += passed
        return late + passed > 0, wait_s

    def _ask_late(self, room: int, now_s: float, last: bool, wait_s: float) -> tuple[int, float]:
        """Ask up to *room* of what waited until its host could be asked. How many; and how long to wait for the next one, if
        that is known, else *wait_s*."""
        if room < 1 or not self._slow.waiting:
            return 0, wait_s
        due = self._slow.due(now_s, room, last)
        done = self._send_open(due) if len(due) else 0
        self._slow.asked_late(due[:done])
        return done, self._slow.wait_s() if last else wait_s

    def _send_in_time(self, chosen: Indices) -> int:
        """Ask those of *chosen* whose hosts can be asked at any speed, and let the others wait; how many are done with, from
        the first."""
        late = None if self.in_turns else self._slow.part(chosen)
        if late is None:
            return self._send_open(chosen)
        in_time = np.flatnonzero(~late)
        sent = self._send_open(chosen[in_time]) if in_time.size else 0
        done = len(chosen) if sent == len(in_time) else int(in_time[sent])
        self._slow.hold_back(chosen[:done][late[:done]])
        return done

    def _in_order(self, questions: Indices | None) -> Callable[[Indices], Indices]:
        """Questions by their position: spread at random; host by host in turn where each wants its time between two probes."""
        spread = Permutation(self._size, self._order_key + self.attempt)
        if self._spacing is not None:
            every = spread(np.arange(self._size))
            in_turns = self._spacing.in_turns(every if questions is None else questions[every])
            return lambda positions: in_turns[positions]
        return spread if questions is None else lambda positions: questions[spread(positions)]

    def _due(self, spacing: Spacing, chosen: Indices, now_s: float) -> tuple[Indices, float]:
        """Those of *chosen*, from the first, that may be passed now: what is settled, and whose host's time has come. And how
        long the next one has to wait."""
        unsettled = np.flatnonzero(self._to_ask(chosen))
        due = spacing.due(chosen[unsettled], now_s)
        if due == len(unsettled):
            return chosen, 0.0
        first = int(unsettled[due])
        return chosen[:first], spacing.wait_s(int(chosen[first]), now_s)

    def _send_open(self, indices: Indices) -> int:
        """Ask those of *indices* that have no state yet; how many of *indices* are done with, from the first."""
        unsettled = np.flatnonzero(self._to_ask(indices))
        if not unsettled.size:
            return len(indices)
        count = self._send(indices[unsettled])
        return len(indices) if count == len(unsettled) else int(unsettled[count])

    def _to_ask(self, indices: Indices) -> npt.NDArray[np.bool_]:
        """Those without a state yet, and controls."""
        unsettled: npt.NDArray[np.bool_] = self._ledger.state[indices] == 0
        return unsettled | self._controls.among(indices) if self._controls.asked.size else unsettled

    def _send(self, indices: Indices) -> int:
        count = self._transport.ask(indices, self.attempt)
        self.asked_s = self._clock()
        if count:
            if self._spacing is not None:
                self._spacing.asked(indices[:count], self.asked_s)
            self._pace.spent(count, self.asked_s)
            if not self.in_turns:
                self._slow.asked(indices[:count], self.asked_s, self._transport.departures())
            self._tally.probes_sent += count
        return count
