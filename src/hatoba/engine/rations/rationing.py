"""Hosts and routers that ration their ICMP errors: which questions to ask again, slowly, and what the rest of silence means.

Linux sends one error a second to each peer after a burst of six (icmp_ratelimit), and no more than a thousand a second to all
(icmp_msgs_per_sec); others do alike. So where errors were seen, silence may be an error that was held back:

* where few questions are left on a host, they are asked again after a second, for as long as that brings news, or until the
  host is seen to ration and would take long;
* where many are left, and silence means something else if the host rations (UDP), a few are asked again after a second. If
  the host itself sends an error about one of them then, it does ration;
* with ``--prove-closed`` all are asked again, no faster than the host answers.

Several addresses of one machine share its ration, and a ration may be slower than one a second. So hosts are asked again that
sent no error at all, where another one did. Where one host answers, that round tells nothing of the others' silence. After a
round that no host answers the next one waits twice as long, and silence is believed only if no host answers after the longest
wait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.draw import Draw
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Indices, Leg
from hatoba.packets.distinct import distinct

Mask = npt.NDArray[np.bool_]

RATION_S = 1.05
"""Linux' icmp_ratelimit is a second (Documentation/networking/ip-sysctl.rst)."""
_LONGEST_S = 2 * RATION_S
_LONGEST_RATION_S = 4 * RATION_S
"""The same where a host is known to ration, and with ``--prove-closed``."""
_HASTE_S = 0.1
"""How long to wait instead while a host answers all that it is asked, or much of it."""
_MANY = 8
FEW = 64
"""How many silent questions a host may have left for all of them to be asked again."""
_ROUNDS = 16
"""How often few questions are asked again, and how often a host is sampled that does not answer."""
_SOON = 2
"""How many rounds more few questions are asked once their host is seen to ration: of a host that answers one a second each
port costs a second."""
_FEW_HOSTS = 16
"""Up to so many hosts are asked again because another one sent errors; with ``--prove-closed`` all are."""
_FIRST_SAMPLE = 8
"""How many questions a host is tried with that has many left; more where all or none of them were answered."""
_SAMPLE_GROWTH = 8


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a round brought that was put to one host."""

    asked: int
    silent: Indices
    fruitless: bool
    """No host of the leg answered, although there was time for an error."""
    believed: bool
    """The same after the longest wait."""
    rations: bool
    """The host is seen to ration, and silence is told to be what it is then."""

    @property
    def answered(self) -> int:
        return self.asked - len(self.silent)


class _Few:
    """All that is silent is asked again, for as long as that brings news. Once the host is seen to ration, silence is told as
    what it is then, and only what can be finished soon is asked; before it that of which silence would mean the same as ever.
    """

    def __init__(self, leg: Leg, draw: Draw) -> None:
        self._leg = leg
        self._rounds = 0
        self._left: int | None = None
        """How many rounds may follow; None while the host is not seen to ration."""

    def choose(self, left: Indices) -> Indices:
        """What to ask of *left*, all that is silent on this host."""
        self._rounds += 1
        if self._left is None:
            return left
        _hosts, places = self._leg.split(left)
        misread = left[~self._leg.asks.may_be_rationed[places]]
        if misread.size:
            return misread
        return left if len(left) <= self._left else left[:0]

    def look_back(self, outcome: _Outcome) -> bool:
        """Whether there is more to be learnt."""
        if self._left is not None:
            self._left -= 1
        elif outcome.rations:
            self._left = _SOON
        return self._rounds < _ROUNDS and not outcome.believed and self._left != 0


class _Sampling:
    """Some of what would mean something else if the host rations is asked again, until it is seen to, or seems not to."""

    def __init__(self, leg: Leg, draw: Draw) -> None:
        self._leg, self._draw = leg, draw
        self._size = _FIRST_SAMPLE
        self._unanswered = 0

    def choose(self, left: Indices) -> Indices:
        _hosts, places = self._leg.split(left)
        return self._draw.permutation(left[self._leg.asks.may_be_rationed[places]])[: self._size]

    def look_back(self, outcome: _Outcome) -> bool:
        if outcome.fruitless or not outcome.silent.size:
            self._size *= _SAMPLE_GROWTH
        elif outcome.answered >= _MANY:
            self._size = outcome.answered
        if outcome.answered:  # it limits bursts alone, and is soon through; or has shown what it does
            return outcome.answered >= _MANY or not outcome.silent.size
        self._unanswered += 1
        return self._unanswered < _ROUNDS and not outcome.believed


class _Proving:
    """All is asked again in turn, as much at once as the host answers."""

    def __init__(self, leg: Leg, draw: Draw) -> None:
        self._draw = draw
        self._batch = 1
        self.queue: Indices | None = None

    def choose(self, left: Indices) -> Indices:
        if self.queue is None:
            self.queue = self._draw.permutation(left)
        return self.queue[: self._batch]

    def look_back(self, outcome: _Outcome) -> bool:
        assert self.queue is not None
        # What is silent may only have come after the ration was used up, unless its silence is believed.
        again = outcome.silent[:0] if outcome.believed else outcome.silent
        self.queue = np.concatenate([self.queue[outcome.asked :], again])
        grows = outcome.fruitless or not outcome.silent.size
        self._batch = 2 * self._batch if grows else max(1, outcome.answered)
        return self.queue.size > 0


_Approach = _Few | _Sampling | _Proving


class Rationing:
    """For the hosts of one leg."""

    def __init__(self, leg: Leg, ledger: Ledger, draw: Draw, prove_closed: bool = False, brief: bool = False) -> None:
        """*brief*: no more than the first sample is asked again, by which a host can be seen to ration, and that only of
        questions whose state depends on it."""
        self._leg, self._ledger, self._draw, self._prove, self._brief = leg, ledger, draw, prove_closed, brief
        self._approaches: dict[int, _Approach | None] = {}
        """How the hosts are asked of which there is more to be learnt."""
        self._asked: dict[int, Indices] = {}
        self._known = np.zeros(len(leg.offsets), bool)
        """Hosts that are, or have been, among these."""
        self._own_errors = self._begun = False
        """Whether a host sent an error itself, and whether anything was asked again."""
        self._rations = np.zeros(len(leg.offsets), bool)
        self._hasty = np.ones(len(leg.offsets), bool)
        """Hosts that have answered all that they were asked again."""
        self._believed = np.zeros(len(leg), bool)
        """Questions that met silence when nothing was rationed."""
        self.wait_s = RATION_S
        """How long to wait before the next questions: a host that answered all of the last ones is not kept waiting."""

    def errors(self, hosts: Indices, own: Mask, late: Mask) -> None:
        """Errors came about questions to the hosts at these places. *own*: the host itself sent it; *late*: the question was
        one of :meth:`next_questions`."""
        self._take_up(hosts)
        self._own_errors |= bool(own.any())
        self._rations[hosts[own & late]] = True

    def _take_up(self, hosts: Indices) -> None:
        for place in distinct(hosts[~self._known[hosts]]).tolist():
            self._known[place] = True
            self._approaches[place] = None

    def _may_be_rationed(self, questions: Indices) -> Mask:
        """Of which of these silence means another state where errors are rationed."""
        _hosts, places = self._leg.split(questions)
        told: Mask = self._leg.asks.may_be_rationed[places]
        return told

    def _begin(self) -> None:
        """Take up hosts whose errors may have been held back all of them. Where an error would only give a reason for what is
        known, one long wait has to do."""
        self._begun = True
        left = np.zeros(0, np.int64)
        if self._leg.asks.may_be_rationed.any():
            left = self._ledger.open_questions()
            left = left[self._may_be_rationed(left)]
        if not left.size and not self._prove:
            self.wait_s = _LONGEST_S
        if self._own_errors or self._prove:  # an earlier scan may have left nothing of the ration
            silent = distinct(self._leg.hosts(left))
            if self._prove or len(silent) <= _FEW_HOSTS:
                self._take_up(silent)

    @property
    def left(self) -> int:
        """How many questions ``--prove-closed`` still has to ask; about as many seconds will it take for the slowest host."""
        queues = [approach.queue for approach in self._approaches.values() if isinstance(approach, _Proving)]
        return max((len(queue) for queue in queues if queue is not None), default=0)

    def next_questions(self) -> Indices:
        """What to ask now, :attr:`wait_s` after the last; nothing when there is no more to be learnt this way."""
        if self._begun and self._brief:
            return np.zeros(0, np.int64)
        if self._begun:
            self._look_back()
        else:
            self._begin()
        self._asked = {}
        if not self._approaches:
            return np.zeros(0, np.int64)
        open_questions = self._ledger.open_questions()
        places = np.fromiter(self._approaches, np.int64, len(self._approaches))
        bounds = np.searchsorted(self._leg.hosts(open_questions), np.stack([places, places + 1], axis=1))
        for place, (first, last) in zip(places.tolist(), bounds.tolist(), strict=True):
            questions = self._choose(place, open_questions[first:last])
            if questions.size:
                self._asked[place] = questions
            else:
                del self._approaches[place]
        return np.concatenate([np.zeros(0, np.int64), *self._asked.values()])

    def _choose(self, place: int, left: Indices) -> Indices:
        if self._brief:
            _hosts, places = self._leg.split(left)
            left = left[self._leg.asks.silence[places, 0] != self._leg.asks.rationed_silence[places, 0]]
        kind = _Proving if self._prove else _Few if len(left) <= FEW and not self._brief else _Sampling
        approach = self._approaches[place]
        if approach is None or type(approach) is not kind:
            approach = self._approaches[place] = kind(self._leg, self._draw)
        return approach.choose(left)

    def _look_back(self) -> None:
        """What the questions of the last round brought."""
        silent = {place: asked[self._ledger.state[asked] == 0] for place, asked in self._asked.items()}
        answered = {place: len(asked) - len(silent[place]) for place, asked in self._asked.items()}
        tells_state = any(self._may_be_rationed(asked).any() for asked in self._asked.values())
        longest_s = _LONGEST_RATION_S if tells_state and (self._prove or self._rations.any()) else _LONGEST_S
        fruitless = bool(self._asked) and not any(answered.values()) and self.wait_s >= RATION_S
        believed = fruitless and self.wait_s >= longest_s
        hasty = bool(self._asked)
        for place, asked in self._asked.items():
            approach = self._approaches[place]
            assert approach is not None
            self._hasty[place] &= not silent[place].size
            hasty &= bool(self._hasty[place]) or answered[place] >= _MANY
            self._believed[silent[place]] = believed
            if not approach.look_back(_Outcome(len(asked), silent[place], fruitless, believed, self._told_so(place, asked))):
                del self._approaches[place]
        self.wait_s = _HASTE_S if hasty else min(2 * self.wait_s, longest_s) if fruitless else RATION_S

    def _told_so(self, place: int, asked: Indices) -> bool:
        """Whether the host at *place* is seen to ration, and these questions are such that this is told."""
        _hosts, places = self._leg.split(asked)
        return bool(self._rations[place] and self._leg.asks.knows_rations[places].any())

    def _held_back(self, questions: Indices) -> Mask:
        """Which of these silent questions may have had an answer that was held back, and are told so."""
        hosts, places = self._leg.split(questions)
        held: Mask = self._rations[hosts] & self._leg.asks.may_be_rationed[places] & ~self._believed[questions]
        return held

    def unproven(self, questions: Indices) -> dict[int, int]:
        """How many of these silent questions may have had an answer that was held back, by the index of their host."""
        if not self._rations.any():
            return {}
        hosts, counts = np.unique(self._leg.hosts(questions[self._held_back(questions)]), return_counts=True)
        return dict(zip(self._leg.host_index(hosts).tolist(), counts.tolist(), strict=True))

    def silence(self, questions: Indices) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """(states, reasons) of questions that stay silent."""
        _hosts, places = self._leg.split(questions)
        held = self._held_back(questions)[:, None]
        told = np.where(held, self._leg.asks.rationed_silence[places], self._leg.asks.silence[places])
        return told[:, 0], told[:, 1]
