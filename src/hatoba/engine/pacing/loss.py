"""How many answers are still missed? Estimated from those that came only to a repeat.

Model: each attempt at a question that has an answer is lost with probability p, on the way there or back, independently. A
question answered at attempt j (from 0) met j losses and one success, which gives p; of A questions answered within k
attempts, about A * p**k / (1 - p**k) more have an answer that is still missed. Silence is asked again until that number is
below a bound.

Two numbers are taken from it. Whether to ask again is decided by a cautious one, with a prior for losses that were not seen
yet. What a report tells is the likely one: p**k is estimated without bias (of a negative binomial distribution, by the ratio of
falling factorials), as the power of an estimated p is too high on average, several times so where few losses were seen.
``docs/loss.md`` holds both against the truth.

What is lost is seldom lost evenly: one host of many limits its answers, or is behind a bad link. What such a host still owes
is reckoned by its own p: cautiously on top of what p over all hosts makes expect, likely whichever is more.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BOUND = 0.001
"""Expected number of missed answers, per leg, at which asking again stops."""
MAX_ATTEMPTS = 32
"""Enough for 65,535 ports where every other attempt is lost."""
_PRIOR_LOSSES = 0.5  # Jeffreys' prior for the probability of an event not seen yet
BLIND_LOSS = 0.05
_HALVINGS = 40
_MOST_LOSS = 0.9999

Numbers = npt.NDArray[np.float64]


class LossEstimate:
    def __init__(self, hosts: int = 1, blind_loss: float = BLIND_LOSS) -> None:
        """*blind_loss*: the share that is taken to be lost while nothing has answered."""
        self._blind_loss = blind_loss
        self._answered = np.zeros(hosts)
        self._lost = np.zeros(hosts)
        self._latest = 0
        """The last attempt that was answered."""
        self._first = 0
        """The first attempt that counts."""
        self._past_lost = self._past_answered = 0.0

    def start_again(self, attempts: int) -> None:
        """So many attempts went at another speed, and say nothing of what the next ones will lose. What is estimated from now
        on is of the questions that are left."""
        self._past_lost += float(self._lost.sum() + self._answered.sum() * self._first)
        self._past_answered += float(self._answered.sum())
        self._lost[:] = self._answered[:] = 0
        self._first, self._latest = attempts, 0

    def heard(self, attempts: npt.NDArray[np.int64], hosts: npt.NDArray[np.int64]) -> None:
        """Answers came to these attempts from these hosts. Leave out answers that are known to be rationed (ICMP errors)."""
        counts = attempts >= self._first
        attempts, hosts = attempts[counts] - self._first, hosts[counts]
        np.add.at(self._answered, hosts, 1.0)
        np.add.at(self._lost, hosts, attempts.astype(np.float64))
        self._latest = max(self._latest, int(attempts.max(initial=0)))

    @property
    def answered(self) -> int:
        return int(self._answered.sum())

    def lost_of(self, attempts: int, unanswered: float = np.inf) -> tuple[float, float]:
        """(attempts lost, attempts made) at questions that have an answer, after *attempts* attempts at each; of which no more
        than *unanswered* can still be missed.

        Those still missed have lost all of theirs; how many they are follows from the share lost: the likeliest one, of a
        geometric distribution cut off at *attempts*. After a single attempt nothing tells silence from loss. An answer to a
        later attempt shows that there were more.
        """
        lost, made = self._together(attempts, unanswered)
        missed_before = self._first * (made - self._lost.sum() - self._answered.sum()) / self._made(attempts)
        before = self._past_lost + self._first * float(self._answered.sum()) + missed_before
        return lost + before, made + before + self._past_answered

    def _together(self, attempts: int, unanswered: float = np.inf) -> tuple[float, float]:
        """The same, of the attempts that count."""
        seen, answered = self._lost.sum(keepdims=True), self._answered.sum(keepdims=True)
        lost, made = _completed(seen, answered, self._made(attempts), unanswered)
        return float(lost[0]), float(made[0])

    def _made(self, attempts: int) -> int:
        """How many attempts count."""
        return max(attempts - self._first, self._latest + 1)

    def loss(self, attempts: int) -> float:
        """Share of attempts lost, 0 to 1; 0 while nothing shows any."""
        lost, made = self._together(attempts)
        return lost / made if made else 0.0

    def losses(self, attempts: int, least: int) -> Numbers:
        """The same for each host; 0 where no more than *least* losses were seen."""
        losses, some = np.zeros(len(self._lost)), np.flatnonzero(self._lost > least)
        lost, made = _completed(self._lost[some], self._answered[some], self._made(attempts))
        losses[some] = lost / made
        return losses

    def expected_missed(self, attempts: int, unanswered: int, silent_hosts: npt.NDArray[np.int64]) -> float:
        """Number of answers among *unanswered* questions, to *silent_hosts*, that *attempts* attempts each have missed: no less
        than is to be expected."""
        lost, made = self._together(attempts)
        attempts -= self._first
        chance = (lost + _PRIOR_LOSSES) / (made + 2 * _PRIOR_LOSSES) if made else self._blind()
        missed = max(self.answered, 1) * _odds(np.array([chance]) ** attempts)[0]
        lossy = silent_hosts[self._lost[silent_hosts] > 0]
        if lossy.size and len(self._answered) > 1:
            its_lost, its_made = _completed(self._lost[lossy], self._answered[lossy], max(attempts, self._latest + 1))
            missed += (self._answered[lossy] * _odds((its_lost / its_made) ** attempts)).sum()
        return float(min(missed, unanswered))

    def _blind(self) -> float:
        """The share taken to be lost while nothing has answered: after a start again no less than was lost before it."""
        past = self._past_lost + self._past_answered
        return max(self._blind_loss, self._past_lost / past if past else 0.0)

    def likely_missed(self, attempts: int, unanswered: int, silent_hosts: npt.NDArray[np.int64]) -> float | None:
        """The same number, neither too low nor too high on average; None where it can't be known, after a single attempt."""
        if not unanswered:
            return 0.0
        if self._made(attempts) < 2:
            return None
        if not self.answered:
            return self.expected_missed(attempts, unanswered, silent_hosts)
        together = self._likely(self._lost.sum(keepdims=True), self._answered.sum(keepdims=True), attempts)
        lossy = silent_hosts[self._lost[silent_hosts] > 0]
        apart = self._likely(self._lost[lossy], self._answered[lossy], attempts) if len(self._answered) > 1 else 0.0
        return min(max(together, apart), unanswered)

    def _likely(self, seen: Numbers, answered: Numbers, attempts: int) -> float:
        lost, made = _completed(seen, answered, self._made(attempts))
        all_lost = np.ones(len(seen))
        for attempt in range(attempts - self._first):
            all_lost *= np.maximum(lost - attempt, 0) / np.maximum(made - 1 - attempt, 1)
        return float((answered * _odds(np.minimum(all_lost, _MOST_LOSS))).sum())


def _completed(seen: Numbers, answered: Numbers, attempts: int, unanswered: float = np.inf) -> tuple[Numbers, Numbers]:
    """(lost, made) as :meth:`LossEstimate.lost_of`, from the losses that were *seen* before the answers."""
    mean = seen / np.maximum(answered, 1)
    low, high = np.zeros(len(seen)), np.full(len(seen), _MOST_LOSS)
    for _halving in range(_HALVINGS if seen.any() else 0):  # the mean number of losses before an answer grows with p
        chance = (low + high) / 2
        below = _odds(chance) - attempts * _odds(chance**attempts) < mean
        low, high = np.where(below, chance, low), np.where(below, high, chance)
    missed = np.minimum(answered * _odds(low**attempts), unanswered)
    return seen + attempts * missed, seen + answered + attempts * missed


def _odds(chance: Numbers) -> Numbers:
    """Of an event, for each time that it does not happen."""
    odds: Numbers = chance / (1 - chance)
    return odds
