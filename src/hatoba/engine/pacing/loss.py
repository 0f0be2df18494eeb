"""How many answers are still missed? Estimated from those that came only to a repeat.

Model: each attempt at a question that has an answer is lost with probability p, on the way there or back, independently. A
question answered at attempt j (from 0) met j losses and one success, which gives p; of A questions answered within k
attempts, about A * p**k / (1 - p**k) more have an answer that is still missed. Silence is asked again until that number is
below a bound.

Two numbers are taken from it: whether to ask again, and what a report tells. The fewer answers p is taken from, the less it is
known, and the power of an estimated p is far too small then: where two of three answers come at once and the third never,
nothing seems to be lost. So p has a distribution, Beta's, and p**k is its k-th moment. Before anything is seen it says that
most ways lose little and some very much (``_PRIOR``); what counts besides first answers are those that were asked for once
more (``engine.rations.controls``), and what legs before have lost on the same way (:class:`KnownLoss`). That those lost
nothing makes no later leg less careful. Where no answer was asked for again a scan stops by the power of the likeliest p, as
it would go on for long else on ways that lose nothing; what it tells is the moment all the same. ``docs/loss.md`` holds it
against the truth.

What is lost is seldom lost evenly: one host of many limits its answers, or is behind a bad link. What such a host still owes
is reckoned by its own p: to decide, on top of what p over all hosts makes expect; to tell, whichever is more. There p**k is
estimated without bias (of a negative binomial distribution, by the ratio of falling factorials): a sum of moments over many
hosts that were asked little would be several times too high.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BOUND = 0.001
"""Expected number of missed answers, per leg, at which asking again stops."""
MAX_ATTEMPTS = 32
"""Enough for 65,535 ports where every other attempt is lost."""
_PRIOR_LOSSES = 0.5  # Jeffreys' prior for the probability of an event not seen yet
_PRIOR = 0.2, 1.0
"""Of losses and answers, Beta's two numbers: half of all ways lose less than 3 % by that, a fifth more than a third. With
these, ways that lose nothing are asked no more often than the power of the likeliest p would have them asked."""
_CARRIED = 20.0
"""Attempts of legs before count as no more than so many: the way may have changed, and this leg's own say more of it."""
BLIND_LOSS = 0.05
_HALVINGS = 40
_MOST_LOSS = 0.9999

Numbers = npt.NDArray[np.float64]


@dataclass
class KnownLoss:
    """What the legs of a scan have lost on one way, for those to come."""

    lost: float = 0.0
    made: float = 0.0
    """Attempts at what has an answer."""

    def learn(self, lost: float, made: float) -> None:
        """So many more were made, of which so many were lost."""
        lost, made = self.lost + lost, self.made + made
        share = min(1.0, _CARRIED / made) if made else 0.0
        self.lost, self.made = lost * share, made * share


class LossEstimate:
    def __init__(self, hosts: int = 1, blind_loss: float = BLIND_LOSS, known: KnownLoss | None = None) -> None:
        """*blind_loss*: the share that is taken to be lost while nothing has answered. *known*: of the way that is asked."""
        self._blind_loss = blind_loss
        self._known = known or KnownLoss()
        self._answered = np.zeros(hosts)
        self._lost = np.zeros(hosts)
        self._latest = 0
        """The last attempt that was answered."""
        self._first = 0
        """The first attempt that counts."""
        self._past_lost = self._past_answered = 0.0
        self._again_asked = self._again_lost = 0
        """Answers that were asked for once more, and how many of them did not come."""

    def start_again(self, attempts: int) -> None:
        """So many attempts went at another speed, and say nothing of what the next ones will lose. What is estimated from now
        on is of the questions that are left."""
        self._past_lost += float(self._lost.sum() + self._answered.sum() * self._first)
        self._past_answered += float(self._answered.sum())
        self._lost[:] = self._answered[:] = 0
        self._first, self._latest = attempts, 0
        self._again_asked = self._again_lost = 0

    def asked_again(self, asked: int, lost: int) -> None:
        """So many questions that had their answers were asked once more until now, of which so many were silent."""
        self._again_asked, self._again_lost = asked, lost

    def remember(self, attempts: int) -> None:
        """Tell the legs to come what *attempts* attempts have lost."""
        if self._made(attempts) > 1:  # else nothing tells silence from loss
            self._known.learn(*self._with_prior(attempts, _PRIOR))

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
        chance = self._cautious(attempts)
        missed = max(self.answered, 1) * chance / (1 - chance)
        attempts -= self._first
        lossy = silent_hosts[self._lost[silent_hosts] > 0]
        if lossy.size and len(self._answered) > 1:
            its_lost, its_made = _completed(self._lost[lossy], self._answered[lossy], max(attempts, self._latest + 1))
            missed += (self._answered[lossy] * _odds((its_lost / its_made) ** attempts)).sum()
        return float(min(missed, unanswered))

    def _cautious(self, attempts: int) -> float:
        """The probability that *attempts* attempts at a question were all lost, to decide by."""
        if self._again_asked:
            return self._moment(attempts)
        lost, made = self._together(attempts)
        if made:
            lost, made = lost + _PRIOR_LOSSES, made + 2 * _PRIOR_LOSSES
            share = max(lost / made, (lost + self._known.lost) / (made + self._known.made))
        else:
            share = self._blind()
        return float(min(share ** (attempts - self._first), _MOST_LOSS))

    def _moment(self, attempts: int) -> float:
        """The same under all that is known of the way."""
        losses, answers = _PRIOR
        known = losses + self._known.lost, answers + self._known.made - self._known.lost
        return max(self._moment_from(attempts, prior) for prior in (_PRIOR, known))

    def _moment_from(self, attempts: int, prior: tuple[float, float]) -> float:
        lost, made = self._with_prior(attempts, prior)
        lost, made = lost + prior[0], made + sum(prior)
        return min(math.prod((lost + more) / (made + more) for more in range(attempts - self._first)), _MOST_LOSS)

    def _with_prior(self, attempts: int, prior: tuple[float, float]) -> tuple[float, float]:
        """(attempts lost, attempts made) as :meth:`lost_of`, of those that count, answers that were asked for again among
        them, if *prior* ones are believed: few answers would make any share the likeliest."""
        besides = prior[0] + self._again_lost, prior[1] + self._again_asked - self._again_lost
        seen, answered = self._lost.sum(keepdims=True), self._answered.sum(keepdims=True)
        lost, made = _completed(seen, answered, self._made(attempts), besides=besides)
        return float(lost[0]) + self._again_lost, float(made[0]) + self._again_asked

    def _blind(self) -> float:
        """The share taken to be lost while nothing has answered: no less than was lost before a start again, or by the legs
        before."""
        shares = [(self._past_lost, self._past_lost + self._past_answered), (self._known.lost, self._known.made)]
        return max([self._blind_loss, *(lost / made for lost, made in shares if made)])

    def likely_missed(self, attempts: int, unanswered: int, silent_hosts: npt.NDArray[np.int64]) -> float | None:
        """The same number, as it is to be told: its mean by all that was seen. None where it can't be known, after a single
        attempt."""
        if not unanswered:
            return 0.0
        if self._made(attempts) < 2:
            return None
        if not self.answered:
            return self.expected_missed(attempts, unanswered, silent_hosts)
        chance = self._moment(attempts)
        together = self.answered * chance / (1 - chance)
        lossy = silent_hosts[self._lost[silent_hosts] > 0]
        apart = self._likely(self._lost[lossy], self._answered[lossy], attempts) if len(self._answered) > 1 else 0.0
        return float(min(max(together, apart), unanswered))

    def _likely(self, seen: Numbers, answered: Numbers, attempts: int) -> float:
        lost, made = _completed(seen, answered, self._made(attempts))
        all_lost = np.ones(len(seen))
        for attempt in range(attempts - self._first):
            all_lost *= np.maximum(lost - attempt, 0) / np.maximum(made - 1 - attempt, 1)
        return float((answered * _odds(np.minimum(all_lost, _MOST_LOSS))).sum())


def _completed(
    seen: Numbers,
    answered: Numbers,
    attempts: int,
    unanswered: float = np.inf,
    besides: tuple[float, float] = (0.0, 0.0),
) -> tuple[Numbers, Numbers]:
    """(lost, made) as :meth:`LossEstimate.lost_of`, from the losses that were *seen* before the answers, and (losses, answers)
    *besides*, each in an attempt of its own, which are not counted."""
    losses, answers = seen + besides[0], answered + besides[1]
    low, high = np.zeros(len(seen)), np.full(len(seen), _MOST_LOSS)
    for _halving in range(_HALVINGS if losses.any() else 0):  # the mean number of losses before an answer grows with p
        chance = (low + high) / 2
        below = answers * _odds(chance) - attempts * answered * _odds(chance**attempts) < losses
        low, high = np.where(below, chance, low), np.where(below, high, chance)
    missed = np.minimum(answered * _odds(low**attempts), unanswered)
    return seen + attempts * missed, seen + answered + attempts * missed


def _odds(chance: Numbers) -> Numbers:
    """Of an event, for each time that it does not happen."""
    odds: Numbers = chance / (1 - chance)
    return odds
