"""What is known of each question of a leg: how often it was asked, when, and the state that its answer gave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import Indices
from hatoba.packets.distinct import distinct

DROPPED = 255
"""In place of a state: nobody waits for an answer to this question any more, and it has no verdict."""


class Ledger:
    """One byte of state and one of count a question, and when each attempt left.

    Invariants: a state that is set is only ever replaced through :meth:`settle`'s caller, never by silence; the attempts of a
    question have ascending numbers, from 0, and may leave some out.
    """

    def __init__(self, size: int) -> None:
        self.state = np.zeros(size, np.uint8)
        """``model.State``; 0 while unanswered."""
        self.asked = np.zeros(size, np.uint8)
        """How often each was asked; it stays at 255."""
        self.attempts = np.zeros(size, np.uint32)
        """One more than the number of the attempt that asked each last; 0 before the first."""
        self.unanswered = size
        self._first_s = np.zeros(size, np.float64)
        self._repeats: dict[int, list[tuple[Indices, npt.NDArray[np.float64]]]] = {}
        """By attempt: (sorted indices, times), in pieces each at least twice as long as the next, so that there are few."""

    def note_asked(self, indices: Indices, attempt: int, at_s: npt.NDArray[np.float64]) -> None:
        """*indices*, each once, were asked in attempt number *attempt* (from 0) at *at_s*."""
        self.asked[indices] += self.asked[indices] < 255
        self.attempts[indices] = attempt + 1
        if attempt == 0:
            self._first_s[indices] = at_s
        else:
            pieces = self._repeats.setdefault(attempt, [])
            while pieces and len(pieces[-1][0]) < 2 * len(indices):
                earlier, earlier_s = pieces.pop()
                indices, at_s = np.concatenate([earlier, indices]), np.concatenate([earlier_s, at_s])
            order = np.argsort(indices)
            pieces.append((indices[order], at_s[order]))

    def asked_at_s(self, indices: Indices, attempts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """When each question's attempt left; NaN where it never did."""
        times = np.where((attempts == 0) & (self.asked[indices] > 0), self._first_s[indices], np.nan)
        for attempt in distinct(attempts[attempts > 0]).tolist():
            rows = np.flatnonzero(attempts == attempt)
            wanted = indices[rows]
            for asked, at_s in self._repeats.get(attempt, ()):
                places = np.minimum(np.searchsorted(asked, wanted), len(asked) - 1)
                hit = asked[places] == wanted
                times[rows[hit]] = at_s[places[hit]]
        return times

    def settle(self, indices: Indices, states: npt.NDArray[np.uint8]) -> None:
        """Enter the states of questions that had none; *indices* are distinct."""
        self.state[indices] = states
        self.unanswered -= len(indices)

    def drop(self, indices: Indices) -> None:
        """Wait no longer for those of *indices* that have no state."""
        left = indices[self.state[indices] == 0]
        self.settle(left, np.full(len(left), DROPPED, np.uint8))

    def open_questions(self) -> Indices:
        """Questions without a state, ascending."""
        return np.flatnonzero(self.state == 0)
