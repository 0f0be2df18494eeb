"""How many answers are still missed? Estimated from those that came only to a repeat.

Model: each attempt at a question that has an answer is lost with probability p, on the way there or back, independently. A
question answered at attempt j (from 0) met j losses and one success, which gives p; of A questions answered within k
attempts, about A * p**k / (1 - p**k) more have an answer that is still missed. Silence is asked again until that number is
below a bound.
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


class LossEstimate:
    def __init__(self) -> None:
        self._answered = np.zeros(256, np.int64)

    def heard(self, attempts: npt.NDArray[np.int64]) -> None:
        """Answers came to these attempts. Leave out answers that are known to be rationed (ICMP errors)."""
        self._answered += np.bincount(np.minimum(attempts, 255), minlength=256)

    @property
    def answered(self) -> int:
        return int(self._answered.sum())

    def lost_of(self, attempts: int) -> tuple[float, float]:
        """(attempts lost, attempts made) at questions that have an answer, after *attempts* attempts at each.

        Those still missed have lost all of theirs; how many they are follows from the share lost, which follows from them:
        expectation maximisation for a geometric distribution cut off at *attempts*. After a single attempt nothing tells
        silence from loss.
        """
        seen = float((self._answered * np.arange(256)).sum())
        lost, made = seen, seen + self.answered
        for _step in range(_STEPS):
            if not lost:
                break
            missed = self.answered * _still_missed(lost / made, attempts)
            lost, made = seen + attempts * missed, seen + self.answered + attempts * missed
        return lost, made

    def loss(self, attempts: int) -> float:
        """Share of attempts lost, 0 to 1; 0 while nothing shows any."""
        lost, made = self.lost_of(attempts)
        return lost / made if made else 0.0

    def expected_missed(self, attempts: int, unanswered: int) -> float:
        """Expected number of answers among *unanswered* questions that *attempts* attempts each have missed."""
        lost, made = self.lost_of(attempts)
        chance = (lost + _PRIOR_LOSSES) / (made + 2 * _PRIOR_LOSSES) if made else _BLIND_LOSS
        return float(min(max(self.answered, 1) * _still_missed(chance, attempts), unanswered))


def _still_missed(chance: float, attempts: int) -> float:
    """Answers missed by all attempts, for each that one of them brought."""
    all_lost = chance**attempts
    return all_lost / (1 - all_lost)
