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


class LossEstimate:
    def __init__(self) -> None:
        self._answered = np.zeros(256, np.int64)

    def heard(self, attempts: npt.NDArray[np.int64]) -> None:
        """Answers came to these attempts. Leave out answers that are known to be rationed (ICMP errors)."""
        self._answered += np.bincount(np.minimum(attempts, 255), minlength=256)

    @property
    def answered(self) -> int:
        return int(self._answered.sum())

    @property
    def loss(self) -> float:
        """Share of attempts lost, 0 to 1, as seen: 0 while nothing was."""
        losses, trials = self._counts()
        return losses / trials if trials else 0.0

    def expected_missed(self, attempts: int, unanswered: int) -> float:
        """Expected number of answers among *unanswered* questions that *attempts* attempts each have missed."""
        losses, trials = self._counts()
        answered = self.answered
        chance = (losses + _PRIOR_LOSSES) / (trials + 2 * _PRIOR_LOSSES) if trials else _BLIND_LOSS
        all_lost = chance**attempts
        return float(min(max(answered, 1) * all_lost / (1 - all_lost), unanswered))

    def _counts(self) -> tuple[int, int]:
        losses = int((self._answered * np.arange(256)).sum())
        return losses, losses + self.answered
