"""Which hosts answer the less, the faster they are asked? Those are asked no faster than they answer.

Questions go in an order drawn by lot, so of a host's questions the same share has an answer at any time: what changes is how
many get through. Where that share falls when the host is asked faster, it was the speed that lost them; where it does not,
they were lost by chance, or have no answer, and slowing down would not help. So the loss of a bad way slows nobody down, and
one slow device slows down nobody else.

A host that answers less is asked, in turn, a little slower than it is seen to answer and a little faster. The share of the
slower turn says what the faster one should have brought; what that brought is what the host can answer. This is how BBR looks
for the width of a path (draft-ietf-ccwg-bbr, ProbeBW), with a lot of questions in place of a stream's bytes. Answers that come
later than the round trips seen so far make expect count as lost: a queue that grows is seen before it overflows. A round trip
begins when a question leaves this machine; what waits here says nothing of the host.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hatoba.engine.pacing.round_trip import INITIAL_NEAR_S, RoundTrip
from hatoba.packets.distinct import distinct

Hosts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STRETCH_S = 0.01
"""Answers are counted by the hundredth of a second in which their questions were asked, and judged by when these left."""
LEAST_PPS = 100.0
"""Slower than this no host is asked because of its answers. FreeBSD sends 200 resets a second (net.inet.icmp.icmplim)."""
_FIRST_ASKED, _FIRST_ANSWERED = 16, 8
"""What the share of the beginning is taken from, at least; it is asked slowly (``engine.pacing.pace``)."""
_ANSWERED, _EXPECTED = 32, 64
"""A share is compared with the one before as soon as so many answers came, or should have come."""
_TURN_S = 0.1
"""No turn of a host that is known to be slow is shorter: some let short bursts pass."""
_NOTABLE = 0.8
"""What is left of the share where the speed may be to blame."""
_CHANCE = 4.0
"""It has to have fallen by so many standard deviations: 1 of 30,000 times by chance."""
_SLOWER, _FASTER, _FAST = 0.8, 1.2, 2.0
"""The turns, beside what a host is seen to answer. The last one until a faster turn has lost something: from then on what it
answers is known but for small changes, and one that lets short bursts pass would seem to answer more and more."""
_CLEAN = 0.9
_MOSTLY = 0.5
"""What of a host's answers has to be lost over whole rounds for it to be asked slower."""
_HELPED = 1.25
"""The share after slowing down, beside that of before, if it helped."""


@dataclass(eq=False, slots=True)
class _Stretch:
    number: int
    start_s: float
    asked: Numbers
    answered: Numbers
    waiting: list[Numbers] = field(default_factory=list)
    """When questions left, of those of which some waited in this machine when somebody looked last."""
    last_left_s: float = 0.0

    def left_s(self) -> float:
        """When the last of its questions left; infinite while one waits in this machine, where it is not the host that is
        slow."""
        while self.waiting and self.waiting[0].all():
            self.last_left_s = max(self.last_left_s, float(self.waiting.pop(0).max()))
        return math.inf if self.waiting else self.last_left_s


class Delivery:
    """Of the hosts of one leg, which has so many questions to each."""

    def __init__(self, hosts: int, questions: int, least_pps: float = LEAST_PPS, known_pps: Numbers | None = None) -> None:
        """*known_pps*: how fast each may be asked by what is known already, infinite where nothing is."""
        self._least_pps = least_pps
        self._stretch_of = np.zeros(hosts * questions, np.uint32)
        self._each = questions
        self._stretches: deque[_Stretch] = deque()
        self._count = 0
        self._delay = RoundTrip(INITIAL_NEAR_S)
        """How long answers take from when their questions left this machine."""
        self.answers_pps = np.full(hosts, np.inf) if known_pps is None else np.maximum(known_pps, least_pps)
        """How much each is seen to answer; infinite where more than it is asked."""
        self._faster = np.zeros(hosts, bool)
        self._gain = np.full(hosts, _FAST)
        self._cut_share = np.full(hosts, -1.0)
        """The share that made us slow a host down, until it is seen whether that helped; else negative."""
        self._since = np.zeros(hosts, np.int64)
        """The stretch since which each is asked as fast as it is now."""
        self._round_asked = np.zeros(hosts)
        self._round_s = np.inf, -np.inf
        """When the first and the last of this round was asked."""
        self._asked, self._answered, self._time_s, self._before_asked, self._before_answered = np.zeros((5, hosts))

    def lossy(self, losses: Numbers) -> None:
        """So much of what each host was asked and has an answer to was lost, as far as repeats have shown it: where it was
        most, ask no faster than was answered. Few answers among many silent questions show it only this way; of a host that is
        slow already, this round was asked at its own speed, which rounds before say nothing of."""
        started_s, ended_s = self._round_s
        slow = (losses > _MOSTLY) & ~self.slow & (self._round_asked > 1)
        if not slow.any() or ended_s <= started_s:
            return
        self._gain[slow] = _FASTER
        self._set(slow, self._round_asked[slow] / (ended_s - started_s) * (1 - losses[slow]))

    @property
    def slow(self) -> Mask:
        """Hosts that have to be asked slower than the others."""
        return np.isfinite(self.answers_pps)

    @property
    def limits_pps(self) -> Numbers:
        """How fast each may be asked now."""
        limits: Numbers = self.answers_pps * np.where(self._faster, self._gain, _SLOWER)
        return np.where(self.slow, np.maximum(limits, self._least_pps), np.inf)

    def new_round(self) -> None:
        """What is asked from now on are the questions that were silent so far: another share of them has an answer."""
        self._stretches.clear()
        self._round_asked[:], self._round_s = 0, (np.inf, -np.inf)
        for counts in (self._asked, self._answered, self._time_s, self._before_asked, self._before_answered):
            counts[:] = 0
        self._faster[:], self._cut_share[:], self._since[:] = False, -1.0, 0

    def asked(self, questions: Hosts, now_s: float, left_s: Numbers | None = None) -> None:
        """These have just been asked. *left_s* says when each left, 0 as long as it has not; None: now."""
        if not self._stretches or now_s - self._stretches[-1].start_s >= STRETCH_S:
            self._count += 1
            hosts = len(self.answers_pps)
            self._stretches.append(_Stretch(self._count, now_s, np.zeros(hosts), np.zeros(hosts)))
        counts = self._by_host(questions)
        self._stretches[-1].asked += counts
        self._stretches[-1].last_left_s = now_s
        if left_s is not None and len(left_s):
            self._stretches[-1].waiting.append(left_s)
        self._round_asked += counts
        self._round_s = min(self._round_s[0], now_s), now_s
        self._stretch_of[questions] = self._count

    def answered(self, questions: Hosts, rtt_s: Numbers) -> None:
        """The last attempts at these, which were silent before, were answered after *rtt_s*."""
        if not self._stretches:
            return
        stretches = self._stretch_of[questions].astype(np.int64) - self._stretches[0].number
        for place in distinct(stretches[stretches >= 0]).tolist():
            its = stretches == place
            self._stretches[place].answered += self._by_host(questions[its])
        self._delay.heard(rtt_s[stretches >= 0])

    def _by_host(self, questions: Hosts) -> Numbers:
        if len(self.answers_pps) == 1:
            return np.array([len(questions)], np.float64)
        return np.bincount(questions // self._each, minlength=len(self.answers_pps)).astype(np.float64)

    def judge(self, heard_until_s: float, waiting: Mask | None = None) -> bool:
        """Learn from what was asked so long ago that it would have been answered; all that had arrived at *heard_until_s* was
        heard. *waiting*: hosts that could have been asked faster. Whether there was something to learn from."""
        patience_s, folded = max(2 * STRETCH_S, self._delay.usual_s), False
        while len(self._stretches) > 1 and self._stretches[0].left_s() + patience_s <= heard_until_s:
            stretch = self._stretches.popleft()
            counts = stretch.number >= self._since
            self._asked[counts] += stretch.asked[counts]
            self._answered[counts] += stretch.answered[counts]
            self._time_s[counts] += self._stretches[0].start_s - stretch.start_s
            folded = True
        if not folded:
            return False
        slow, faster, compared = self.slow, self._faster.copy(), self._comparable()
        self._begin(~slow & (self._before_asked == 0))
        self._look_for_slow(compared & ~slow)
        self._after_slower(compared & slow & ~faster)
        self._after_faster(compared & slow & faster, waiting)
        return True

    def _comparable(self) -> Mask:
        before = self._before_asked > 0
        expected = self._asked * self._before_answered / np.maximum(self._before_asked, 1)
        enough = (self._answered >= _ANSWERED) | (before & (expected >= _EXPECTED))
        return enough & np.where(self.slow, self._time_s >= _TURN_S, before)

    def _begin(self, new: Mask) -> None:
        self._take_over(new & (self._asked >= _FIRST_ASKED) & (self._answered >= _FIRST_ANSWERED))

    def _take_over(self, hosts: Mask) -> None:
        """What was counted last is what the next is compared with, together with what that was."""
        self._before_asked[hosts] += self._asked[hosts]
        self._before_answered[hosts] += self._answered[hosts]
        self._clear(hosts)

    def _clear(self, hosts: Mask) -> None:
        self._asked[hosts] = self._answered[hosts] = self._time_s[hosts] = 0

    def _shares(self, hosts: Hosts) -> tuple[Numbers, Numbers, Numbers]:
        """(share answered now, before, how many times a second these were asked)."""
        now = np.maximum(self._answered[hosts], 0.5) / self._asked[hosts]
        before = self._before_answered[hosts] / np.maximum(self._before_asked[hosts], 1)
        return now, before, self._asked[hosts] / np.maximum(self._time_s[hosts], 1e-9)

    def _look_for_slow(self, compared: Mask) -> None:
        hosts = np.flatnonzero(compared)
        if not hosts.size:
            return
        now, before, asked_pps = self._shares(hosts)
        asked, before_asked = self._asked[hosts], self._before_asked[hosts]
        both = (self._answered[hosts] + self._before_answered[hosts]) / (asked + before_asked)
        deviation = np.sqrt(both * (1 - both) * (1 / asked + 1 / before_asked))
        lost = (now < _NOTABLE * before) & (before - now > _CHANCE * deviation)
        slow = np.zeros(len(compared), bool)
        slow[hosts[lost]] = True
        self._take_over(compared & ~slow)
        self._cut_share[slow] = now[lost]
        self._gain[slow] = _FAST
        self._set(slow, asked_pps[lost] * now[lost] / before[lost])

    def _after_slower(self, compared: Mask) -> None:
        hosts = np.flatnonzero(compared)
        if not hosts.size:
            return
        now, before, asked_pps = self._shares(hosts)
        helped = (self._answered[hosts] > 0) & (now >= _HELPED * self._cut_share[hosts])
        still = helped & (now < _NOTABLE * before)  # it was slowed down by too little
        for counts, seen in ((self._before_asked, self._asked), (self._before_answered, self._answered)):
            counts[hosts] = seen[hosts]
        self._cut_share[hosts] = -1.0
        self._clear(compared)
        self.answers_pps[hosts[~helped]] = np.inf  # it was not the speed
        faster, slower = hosts[helped & ~still], np.zeros(len(compared), bool)
        self._faster[faster], self._since[faster] = True, self._count + 1
        slower[hosts[still]] = True
        self._set(slower, (asked_pps * now / np.maximum(before, 1e-9))[still])

    def _after_faster(self, compared: Mask, waiting: Mask | None) -> None:
        hosts = np.flatnonzero(compared)
        if not hosts.size:
            return
        now, before, asked_pps = self._shares(hosts)
        kept = np.minimum(1.0, now / np.maximum(before, 1e-9))
        limits_pps = self.limits_pps[hosts]
        self._gain[hosts[kept < _CLEAN]] = _FASTER
        unbound = (asked_pps < _CLEAN * limits_pps) & (kept >= _CLEAN)
        if waiting is not None:
            unbound &= ~waiting[hosts]
        # It may have been asked slower than it could be, as we were busy elsewhere: that says nothing against it.
        seen_pps = np.where(kept >= _CLEAN, np.maximum(asked_pps * kept, self.answers_pps[hosts]), asked_pps * kept)
        self._set(compared, np.where(unbound, np.inf, seen_pps))

    def _set(self, hosts: Mask, answers_pps: Numbers) -> None:
        self.answers_pps[hosts] = np.maximum(answers_pps, self._least_pps)
        self._faster[hosts], self._since[hosts] = False, self._count + 1
        self._clear(hosts)
