"""Hosts that ration their resets: their silent questions are asked second by second, no more than the ration allows.

Each turn takes a second, over which its questions are spread evenly, so that it makes no difference whether resets are counted
anew every second (FreeBSD's net.inet.icmp.icmplim) or a bucket of tokens is refilled (a firewall's ``limit rate``). Controls
(``engine.rations.controls``) are among them. If they come through, the turn was within the ration, and what is silent was heard
as silent; once that happened as often as the loss demands, it is believed. If they don't, the turn says nothing, and the next
one asks as much less as was lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hatoba.engine.legs.draw import Draw
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.engine.pacing.loss import BOUND
from hatoba.engine.rations.controls import Controls, Numbers
from hatoba.engine.rations.rationing import RATION_S

TURN_S = 1.0
WAIT_S = RATION_S
"""Before the first turn: a second that was used up has to be over."""
_FIRST = 150
"""Questions of a host in its first turn: less than FreeBSD's 200 and macOS' 250."""
_LEAST = 10
_STILL = 5
"""So many turns of the least size may fail in a row."""
_CONTROLS_SHARE, _LEAST_CONTROLS, _MOST_CONTROLS = 8, 6, 64
_THROUGH = 0.8
"""What part of the controls has to come through for a turn to count: of all, and then of what came through at best, as the rest
may be lost by chance."""
_GROWTH, _SLOW_GROWTH = 2.0, 1.2
"""Until a turn has failed; and from then on."""
_SAFETY = 0.95
_LEAST_PASSES = 2
_LEARNING, _LEARNT = 3, 6
_DOUBTFUL, _SURE = 1.0, 2.5
"""By so many standard deviations more has to come through in slow turns than before, after so many turns; else it was not the
speed."""
_SOME = 0.1
"""Less than this does not come through by chance alone."""


@dataclass(eq=False)
class _Host:
    queue: Indices
    """What is silent, in the order in which it is asked."""
    before: tuple[float, float]
    """Controls of the round before it was asked slowly, and how many of them came through."""
    size: float
    """Questions in one turn."""
    best: float = 0.0
    """The most of the controls that came through in a turn."""
    turns: int = 0
    failed: bool = False
    still: int = 0
    asked: float = 0.0
    lost: float = 0.0
    """Controls, in the turns that count."""
    all_asked: float = 0.0
    all_through: float = 0.0
    """Controls, in all turns."""
    answered: int = 0
    """Questions, in all turns."""

    @property
    def loss(self) -> float:
        return (self.lost + 0.5) / (self.asked + 1)

    @property
    def came_through(self) -> float:
        """What part of the controls did before it was asked slowly."""
        return self.before[1] / self.before[0]

    @property
    def helped(self) -> bool:
        """Whether more comes through since it is asked slowly than chance explains, or may do so yet."""
        if self.turns < _LEARNING or not self.all_asked:
            return True
        if self.came_through >= _THROUGH:  # it was taken up because it is slow: no more can come through than did
            return self.best >= _THROUGH
        (asked, through), slowly = self.before, self.all_through / self.all_asked
        both = (through + self.all_through) / (asked + self.all_asked)
        deviation = math.sqrt(both * (1 - both) * (1 / asked + 1 / self.all_asked))
        return slowly - through / asked > (_SURE if self.turns >= _LEARNT else _DOUBTFUL) * deviation

    @property
    def passes(self) -> int:
        """How often a question has to be silent in turns that count: that less than one answer is expected to be missed."""
        return max(_LEAST_PASSES, math.ceil(math.log(BOUND / max(1, len(self.queue))) / math.log(self.loss)))


class ResetRationing:
    """Of some hosts of a leg."""

    def __init__(self, leg: Leg, ledger: Ledger, controls: Controls, draw: Draw) -> None:
        self._leg, self._ledger, self._controls, self._draw = leg, ledger, controls, draw
        self._hosts: dict[int, _Host] = {}
        self._batches: dict[int, Indices] = {}
        self._passes = np.zeros(len(leg), np.uint8)
        """How often each question was silent in a turn that counts."""
        self.by_chance: set[int] = set()
        """Hosts that lose as much when they are asked slowly: nothing is rationed there."""
        self.given_up: set[int] = set()
        """Hosts that answer so little that nothing is to be learnt in any time."""
        self.silenced: set[int] = set()
        """Those of them that answered nothing at all any more."""
        self.evidence: dict[int, tuple[int, int]] = {}
        """(controls asked, of these silent) of hosts that are seen to ration: in the round that gave rise to this."""
        self.missed = 0.0
        """Answers that may still be missed of what was believed to be silent."""

    def add(self, places: Indices, open_questions: Indices, answers_pps: Numbers) -> None:
        """Take up the hosts at these places, of whose controls too few came through in this round, or which are seen to answer
        so much a second."""
        asked, lost = self._controls.counts()
        hosts = self._leg.hosts(open_questions)
        for place, pps in zip(places.tolist(), answers_pps.tolist(), strict=True):
            first, last = np.searchsorted(hosts, [place, place + 1])
            queue = self._draw.permutation(open_questions[first:last])
            host = _Host(queue, (float(asked[place]), float(asked[place] - lost[place])), _FIRST)
            if host.came_through < _THROUGH:
                self.evidence[place] = int(asked[place]), int(lost[place])
            elif math.isfinite(pps):
                host.size = max(_FIRST, _SAFETY * pps)
            self._hosts[place] = host

    def next_turn(self) -> Indices:
        """What is to be asked evenly over the next second, controls among it; nothing when there is no more to be learnt."""
        self._batches = {}
        wanted = np.zeros(len(self._leg.offsets), np.int64)
        for place, host in list(self._hosts.items()):
            host.queue = host.queue[self._ledger.state[host.queue] == 0]
            if not host.queue.size:
                del self._hosts[place]
                continue
            self._batches[place] = host.queue[: int(host.size)]
            wanted[place] = np.clip(len(self._batches[place]) // _CONTROLS_SHARE, _LEAST_CONTROLS, _MOST_CONTROLS)
        return np.concatenate([*self._batches.values(), self._controls.choose(wanted)])

    def look_back(self) -> None:
        """What the last turn brought."""
        asked, lost = self._controls.counts()
        for place, batch in self._batches.items():
            self._look_back(place, self._hosts[place], batch, float(asked[place]), float(lost[place]))

    def _look_back(self, place: int, host: _Host, batch: Indices, asked: float, lost: float) -> None:
        through = 1 - lost / asked if asked else 1.0
        host.all_asked, host.all_through = host.all_asked + asked, host.all_through + asked - lost
        silent, rest = batch[self._ledger.state[batch] == 0], host.queue[len(batch) :]
        host.turns, host.best = host.turns + 1, max(host.best, through)
        host.answered += len(batch) - len(silent)
        if through >= _THROUGH * (host.best if host.turns > _LEARNING else 1.0):
            host.asked, host.lost, host.still = host.asked + asked, host.lost + lost, 0
            if len(batch) == int(host.size):
                host.size *= _SLOW_GROWTH if host.failed else _GROWTH
            self._passes[silent] += 1
            believed = self._passes[silent] >= host.passes
            self.missed += float(believed.sum()) * host.loss**host.passes
            host.queue = np.concatenate([rest, silent[~believed]])
            return
        host.queue = np.concatenate([silent, rest])
        host.still += host.size <= _LEAST
        host.failed, host.size = True, max(_LEAST, _SAFETY * host.size * max(through, 0.1))
        if not host.helped:
            self._let_go(place, self.by_chance if host.came_through >= _SOME else self.given_up)
        elif host.still == _STILL:
            self._let_go(place, self.given_up)

    def _let_go(self, place: int, reason: set[int]) -> None:
        reason.add(place)
        host = self._hosts[place]
        if reason is self.by_chance:
            self.evidence.pop(place, None)
        elif not host.all_through and not host.answered:
            self.silenced.add(place)
        del self._hosts[place]
