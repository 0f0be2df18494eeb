"""How many answers are still missed? Estimated from those that came only to a repeat.

Model: each attempt at a question that has an answer is lost with probability p, on the way there or back, independently. A
question answered at attempt j (from 0) met j losses and one success, which gives p; of A questions answered within k
attempts, about A * p**k / (1 - p**k) more have an answer that is still missed. Silence is asked again until that number is
below a bound.

What is lost is seldom lost evenly: one host of many limits its answers, or is behind a bad link. What such a host still owes
is reckoned by its own p, on top of what p over all hosts makes expect.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BOUND = 0.001
"""Expected number of missed answers, per leg, at which asking again stops."""
MAX_ATTEMPTS = 12
_PRIOR_LOSSES = 0.5  # Jeffreys' prior for the probability of an event not seen yet
_BLIND_LOSS = 0.05  # while nothing has answered
_STEPS = 30

Numbers = npt.NDArray[np.float64]


class LossEstimate:
    def __init__(self, hosts: int = 1) -> None:
        self._answered = np.zeros(hosts)
        self._lost = np.zeros(hosts)
        self._latest = 0
        """The last attempt that was answered."""

    def heard(self, attempts: npt.NDArray[np.int64], hosts: npt.NDArray[np.int64]) -> None:
        """Answers came to these attempts from these hosts. Leave out answers that are known to be rationed (ICMP errors)."""
        np.add.at(self._answered, hosts, 1.0)
        np.add.at(self._lost, hosts, attempts.astype(np.float64))
        self._latest = max(self._latest, int(attempts.max(initial=0)))

    @property
    def answered(self) -> int:
        return int(self._answered.sum())

    def lost_of(self, attempts: int) -> tuple[float, float]:
        """(attempts lost, attempts made) at questions that have an answer, after *attempts* attempts at each.

        Those still missed have lost all of theirs; how many they are follows from the share lost, which follows from them:
        expectation maximisation for a geometric distribution cut off at *attempts*. After a single attempt nothing tells
        silence from loss. An answer to a later attempt shows that there were more.
        """
        attempts = max(attempts, self._latest + 1)
        lost, made = _cut_off(self._lost.sum(keepdims=True), self._answered.sum(keepdims=True), attempts)
        return float(lost[0]), float(made[0])

    def loss(self, attempts: int) -> float:
        """Share of attempts lost, 0 to 1; 0 while nothing shows any."""
        lost, made = self.lost_of(attempts)
        return lost / made if made else 0.0

    def expected_missed(self, attempts: int, unanswered: int, silent_hosts: npt.NDArray[np.int64]) -> float:
        """Expected number of answers among *unanswered* questions, to *silent_hosts*, that *attempts* attempts each have
        missed."""
        lost, made = self.lost_of(attempts)
        chance = (lost + _PRIOR_LOSSES) / (made + 2 * _PRIOR_LOSSES) if made else _BLIND_LOSS
        missed = max(self.answered, 1) * _still_missed(np.array([chance]), attempts)[0]
        lossy = silent_hosts[self._lost[silent_hosts] > 0]
        if lossy.size and len(self._answered) > 1:
            its_lost, its_made = _cut_off(self._lost[lossy], self._answered[lossy], attempts)
            missed += (self._answered[lossy] * _still_missed(its_lost / its_made, attempts)).sum()
        return float(min(missed, unanswered))


def _cut_off(seen: Numbers, answered: Numbers, attempts: int) -> tuple[Numbers, Numbers]:
    """(lost, made) as :meth:`LossEstimate.lost_of`, from the losses that were *seen* before the answers."""
    lost, made = seen, seen + answered
    for _step in range(_STEPS if seen.any() else 0):
        missed = answered * _still_missed(lost / np.maximum(made, 1), attempts)
        lost, made = seen + attempts * missed, seen + answered + attempts * missed
    return lost, made


def _still_missed(chances: Numbers, attempts: int) -> Numbers:
    """Answers missed by all attempts, for each that one of them brought."""
    all_lost = chances**attempts
    missed: Numbers = all_lost / (1 - all_lost)
    return missed
