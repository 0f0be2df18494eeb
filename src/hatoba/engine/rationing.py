"""Hosts and routers that ration their ICMP errors: which questions to ask again, slowly, and what the rest of silence means.

Linux sends one error a second to each peer after a burst of six (icmp_ratelimit), and no more than a thousand a second to all
(icmp_msgs_per_sec); others do alike. So where errors were seen, silence may be an error that was held back:

* where few questions are left on a host, they are asked again after a second, for as long as that brings news;
* where many are left, and silence means something else if the host rations (UDP), a few are asked again after a second. If
  one of them is answered then, it does ration;
* with ``--prove-closed`` all are asked again, no faster than the host answers, until a second brings no news.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hatoba.engine.ledger import Ledger
from hatoba.engine.leg import Indices, Leg

RATION_S = 1.05
"""Linux' icmp_ratelimit is a second (Documentation/networking/ip-sysctl.rst)."""
_HASTE_S = 0.1
"""How long to wait instead while a host answers all that it is asked, or much of it."""
_MANY = 8
FEW = 64
"""How many silent questions a host may have left for all of them to be asked again."""
_FEW_ROUNDS = 16
_FIRST_SAMPLE = 8
"""How many questions a host is tried with that has many left; more where all or none of them were answered."""
_SAMPLE_GROWTH = 4
_FRUITLESS_SAMPLES = 3


@dataclass
class _Host:
    """One host that errors came from, or from whose direction."""

    rounds: int = 0
    rations: bool = False
    """It answered at leisure what it had been silent to."""
    done: bool = False
    heard_out: bool = False
    """What is silent yet was silent when nothing was rationed."""
    asked_all: bool = False
    """The last round left out nothing that was silent."""
    hasty: bool = True
    """It has answered all that it was asked again."""
    batch: int = 1
    """``--prove-closed``: how many it is asked at once."""
    sample: int = _FIRST_SAMPLE
    """How many of many silent questions it is asked again."""
    queue: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    """``--prove-closed``: what it is still to be asked, in turn."""


class Rationing:
    """For the hosts of one leg."""

    def __init__(self, leg: Leg, ledger: Ledger, draw: np.random.Generator, prove_closed: bool = False) -> None:
        self._leg, self._ledger, self._draw, self._prove = leg, ledger, draw, prove_closed
        self._hosts: dict[int, _Host] = {}
        self._asked: dict[int, Indices] = {}
        self._patient = True
        """The last questions came after a whole ration's time."""
        self._matters = leg.asks.rationed_silence[:, 0] > 0

    def errors_from(self, hosts: Indices) -> None:
        """Errors came about questions to the hosts at these places."""
        for place in set(hosts.tolist()) - self._hosts.keys():
            self._hosts[place] = _Host()

    @property
    def left(self) -> int:
        """How many questions ``--prove-closed`` still has to ask; about as many seconds will it take for the slowest host."""
        return max((len(host.queue) for host in self._hosts.values() if not host.done), default=0)

    @property
    def wait_s(self) -> float:
        """How long to wait before the next questions: a host that answered all of the last ones is not kept waiting."""
        return RATION_S if self._patient else _HASTE_S

    def next_questions(self) -> Indices:
        """What to ask now, a second after the last; nothing when there is no more to be learnt this way."""
        self._look_back()
        open_questions = self._ledger.open_questions()
        by_host = self._leg.hosts(open_questions)
        self._asked = {}
        for place, host in self._hosts.items():
            if host.done:
                continue
            first, last = np.searchsorted(by_host, [place, place + 1])
            questions = self._choose(host, open_questions[first:last])
            host.done = not questions.size
            if questions.size:
                self._asked[place] = questions
                host.rounds += 1
        return np.concatenate([np.zeros(0, np.int64), *self._asked.values()])

    def _choose(self, host: _Host, left: Indices) -> Indices:
        if self._prove:
            if not host.rounds:
                host.queue = self._draw.permutation(left)
            return host.queue[: host.batch]
        host.asked_all = len(left) <= FEW
        if host.asked_all:
            return left if host.rounds < _FEW_ROUNDS else left[:0]
        candidates = left[self._matters[left % len(self._leg.asks)]]
        return self._draw.permutation(candidates)[: host.sample]

    def _look_back(self) -> None:
        """What the questions of the last round brought."""
        hasty = bool(self._asked)
        for place, asked in self._asked.items():
            host = self._hosts[place]
            silent = asked[self._ledger.state[asked] == 0]
            answered = len(asked) - len(silent)
            host.rations |= answered > 0
            host.hasty &= not silent.size
            hasty &= host.hasty or answered >= _MANY
            if self._prove:
                self._go_on_proving(host, asked, silent)
            elif host.asked_all:
                host.heard_out = host.done = not answered and self._patient
            else:
                self._go_on_sampling(host, answered, len(asked))
        self._patient = not hasty

    def _go_on_proving(self, host: _Host, asked: Indices, silent: Indices) -> None:
        answered = len(asked) - len(silent)
        proven = not answered and self._patient  # nothing was rationed just now: these are silent by themselves
        # Otherwise those without an answer may only have come after the ration was used up.
        host.queue = np.concatenate([host.queue[len(asked) :], silent[:0] if proven else silent])
        host.batch = 2 * host.batch if proven or not silent.size else max(1, answered)
        host.heard_out = not host.queue.size

    def _go_on_sampling(self, host: _Host, answered: int, asked: int) -> None:
        if answered == asked:
            host.sample *= _SAMPLE_GROWTH
        elif answered >= _MANY:
            host.sample = answered
        elif answered:
            host.done = True
        elif self._patient:  # it is silent by itself, or rations more tightly than was waited for
            host.sample *= _SAMPLE_GROWTH
            host.done = host.heard_out = host.rounds >= _FRUITLESS_SAMPLES

    def unproven(self, questions: Indices) -> dict[int, int]:
        """How many of these silent questions may have had an answer that was held back, by the index of their host."""
        hosts, places = self._leg.split(questions)
        hosts = hosts[self._matters[places]]
        counts = np.bincount(hosts, minlength=len(self._leg.offsets))
        rationing = [place for place, host in self._hosts.items() if host.rations and not host.heard_out and counts[place]]
        return {int(self._leg.host_index(np.array([place]))[0]): int(counts[place]) for place in rationing}

    def silence(self, questions: Indices) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """(states, reasons) of questions that stay silent."""
        hosts, places = self._leg.split(questions)
        rationing = [place for place, host in self._hosts.items() if host.rations and not host.heard_out]
        otherwise = np.isin(hosts, rationing) & self._matters[places]
        told = np.where(otherwise[:, None], self._leg.asks.rationed_silence[places], self._leg.asks.silence[places])
        return told[:, 0], told[:, 1]
