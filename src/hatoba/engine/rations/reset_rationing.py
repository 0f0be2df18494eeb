"""Hosts that ration their resets: their silent questions are asked second by second, no more than the ration allows.

Each turn takes a second, over which its questions are spread evenly, so that it makes no difference whether resets are counted
anew every second (FreeBSD's net.inet.icmp.icmplim) or a bucket of tokens is refilled (a firewall's ``limit rate``). Controls
(``engine.rations.controls``) are among them. If they come through, the turn was within the ration, and what is silent was heard
as silent; once that happened as often as the loss demands, it is believed. If they don't, the turn says nothing, and the next
one asks as much less as was lost.

What is lost by chance is lost in turns of any size. So where a much smaller turn brings no more, or once a turn was within the
ration, controls count beside the share that usually comes through, and what few of them do by luck counts for nothing.
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
"""What part of the controls has to come through for a turn to count: of all, and then of what usually does, as the rest is lost
by chance."""
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
_SMALLER = 0.8
"""By so much a turn has to be smaller for it to show whether the size is to blame."""
_MUTE = 64
"""Of a host from which so many controls in a row brought nothing, and no question an answer, nothing more is to be learnt."""
_MOST_PASSES = 64
"""Nor is it where a question would have to be silent in more turns than these."""
_MUCH_LOSS = 0.7
"""No more than this is taken to be lost by chance at any size."""


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
    fits: float = 0.0
    """Questions in the largest turn that counted; 0 before one did."""
    missed_by: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of the last turn, if it did not count and none had before: questions, controls, and how many of these came through."""
    failed: bool = False
    still: int = 0
    asked: float = 0.0
    lost: float = 0.0
    """Controls, in the turns that count."""
    all_asked: float = 0.0
    all_through: float = 0.0
    """Controls, in all turns."""
    mute: float = 0.0
    """Controls since anything was answered."""

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

    def within_ration(self, size: int, asked: float, through: float) -> bool:
        """Whether enough of a turn's controls came through."""
        if not self.fits:
            return through >= _THROUGH * asked or self._is_chance(size, asked, through)
        usual = 1 - self.loss
        deviation = math.sqrt(usual * (1 - usual) / max(asked, 1.0))
        doubt = _SURE if size <= self.fits else _DOUBTFUL
        return through >= asked * min(_THROUGH * usual, usual - doubt * deviation)

    def _is_chance(self, size: int, asked: float, through: float) -> bool:
        """Whether a turn brought no larger share than the one before, which was much larger and did not count either."""
        size_before, asked_before, through_before = self.missed_by
        if size > _SMALLER * size_before or not asked or not asked_before:
            return False
        both = (through + through_before) / (asked + asked_before)
        deviation = math.sqrt(both * (1 - both) * (1 / asked + 1 / asked_before))
        return both >= 1 - _MUCH_LOSS and through / asked - through_before / asked_before <= _DOUBTFUL * deviation

    def counted(self, size: int, asked: float, through: float) -> None:
        """A turn was within the ration: the next one may be larger."""
        if not self.fits and through < _THROUGH * asked:  # nor was it the size that failed the turn before
            self.failed, self.size = False, self.missed_by[0]
            self.asked, self.lost = self.missed_by[1], self.missed_by[1] - self.missed_by[2]
        elif size == int(self.size):
            self.size *= _SLOW_GROWTH if self.failed else _GROWTH
        self.asked, self.lost, self.still = self.asked + asked, self.lost + asked - through, 0
        self.fits = max(self.fits, float(size))

    def overran(self, size: int, asked: float, through: float) -> None:
        """A turn was too much for the ration, and says nothing: the next one is smaller."""
        share = max(through / (asked * (1 - self.loss if self.fits else 1.0)), 0.1)
        self.missed_by = (0.0, 0.0, 0.0) if self.fits else (float(size), asked, through)
        self.still += self.size <= _LEAST
        self.failed = True
        if size > self.fits > 0:
            self.size = max(_LEAST, self.fits)
        else:
            self.size = max(_LEAST, _SAFETY * self.size * min(share, 1.0))
            self.fits = min(self.fits, self.size)

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
        """Those of them that answer nothing at all any more."""
        self.evidence: dict[int, tuple[int, int]] = {}
        """(controls asked, of these silent) of hosts that are seen to ration: in the round that gave rise to this."""
        self._told: set[int] = set()
        """Of which it was said that nothing more is to be learnt."""
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
        through = asked - lost
        host.all_asked, host.all_through = host.all_asked + asked, host.all_through + through
        silent, rest = batch[self._ledger.state[batch] == 0], host.queue[len(batch) :]
        host.turns, host.best = host.turns + 1, max(host.best, through / asked if asked else 1.0)
        host.mute = 0.0 if through or len(silent) < len(batch) else host.mute + asked
        within = host.within_ration(len(batch), asked, through)
        if within and asked and not through:  # by chance, or the host has gone: it shows neither
            host.queue = np.concatenate([silent, rest])
        elif within:
            host.counted(len(batch), asked, through)
            self._passes[silent] += 1
            believed = self._passes[silent] >= host.passes
            self.missed += float(believed.sum()) * host.loss**host.passes
            host.queue = np.concatenate([rest, silent[~believed]])
        else:
            host.queue = np.concatenate([silent, rest])
            host.overran(len(batch), asked, through)
        if host.mute >= _MUTE or (host.turns > _LEARNT and host.passes > _MOST_PASSES):
            self._let_go(place, self.given_up)
        elif within and (host.turns > _LEARNT or through >= _THROUGH * asked):
            pass
        elif not host.helped:
            self._let_go(place, self.by_chance if host.came_through >= _SOME else self.given_up)
        elif host.still == _STILL:
            self._let_go(place, self.given_up)

    def _let_go(self, place: int, reason: set[int]) -> None:
        reason.add(place)
        host = self._hosts[place]
        if reason is self.by_chance:
            self.evidence.pop(place, None)
        elif host.mute == host.all_asked or host.mute >= _MUTE:
            self.silenced.add(place)
        del self._hosts[place]

    def tell(self, rationed: dict[int, tuple[int, int]], silenced: dict[int, int], untold: dict[int, int]) -> None:
        """Enter who rations, and of whom nothing more is to be learnt: the sums of a scan by those names (``engine.tally``)."""
        for place, counts in self.evidence.items():
            rationed[self._index(place)] = counts
        for place in self.given_up - self._told:
            left = int(np.count_nonzero(self._ledger.state[self._leg.questions(place)] == 0))
            (silenced if place in self.silenced else untold)[self._index(place)] = left
            self.missed += left
        self._told |= self.given_up

    def _index(self, place: int) -> int:
        return int(self._leg.host_index(np.array([place]))[0])
