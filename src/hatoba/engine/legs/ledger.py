"""What is known of each question of a leg: how often it was asked, when, and the state that its answer gave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.leg import Indices
from hatoba.packets.distinct import distinct

DROPPED = 255
"""In place of a state: nobody waits for an answer to this question any more, and it has no verdict."""


Times = npt.NDArray[np.float64]


class _Departures:
    """When questions left, in the order in which they were asked; 0 where that is not known yet."""

    def __init__(self, size: int) -> None:
        self.left_s = np.zeros(size, np.float64)
        self._taken = 0

    def take(self, count: int) -> tuple[int, Times]:
        """The next *count* places: the number of the first, and the places themselves."""
        first, self._taken = self._taken, self._taken + count
        return first, self.left_s[first : self._taken]


class _Repeat:
    """One attempt, from the second on, at up to *size* questions."""

    def __init__(self, size: int) -> None:
        self._departures = _Departures(size)
        self._new: list[Indices] = []
        """Asked since somebody wanted to know when. Where little is answered, most is never sorted."""
        self._pieces: list[tuple[Indices, Indices]] = []
        """(sorted questions, their places among the departures), each piece at least twice as long as the next, so that there
        are few."""
        self._placed = 0
        """How many questions are in the pieces."""

    def note_asked(self, indices: Indices) -> Times:
        if len(indices):
            self._new.append(indices)
        return self._departures.take(len(indices))[1]

    def _sort_in(self) -> None:
        indices = np.concatenate(self._new)
        places = np.arange(self._placed, self._placed + len(indices))
        self._new, self._placed = [], self._placed + len(indices)
        while self._pieces and len(self._pieces[-1][0]) < 2 * len(indices):
            earlier, earlier_places = self._pieces.pop()
            indices, places = np.concatenate([earlier, indices]), np.concatenate([earlier_places, places])
        order = np.argsort(indices)
        self._pieces.append((indices[order], places[order]))

    def asked_at_s(self, wanted: Indices) -> Times:
        """0 where it is not known."""
        if self._new:
            self._sort_in()
        times = np.zeros(len(wanted))
        for asked, places in self._pieces:
            found = np.minimum(np.searchsorted(asked, wanted), len(asked) - 1)
            hit = asked[found] == wanted
            times[hit] = self._departures.left_s[places[found[hit]]]
        return times


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
        self._first = _Departures(size)
        self._first_place = np.zeros(size, np.uint32)
        self._repeats: dict[int, _Repeat] = {}
        self._expected: dict[int, int] = {}

    def expect(self, attempt: int, count: int) -> None:
        """Up to so many questions will be asked in this attempt; where nobody says that, as many as have no state then."""
        self._expected[attempt] = count

    def note_asked(self, indices: Indices, attempt: int) -> Times:
        """*indices*, each once, are asked in attempt number *attempt* (from 0), in which none of them was yet. What is
        returned has a place for each, for the time at which it leaves; whoever sends it writes that, when it is known."""
        self.asked[indices] += self.asked[indices] < 255
        self.attempts[indices] = attempt + 1
        if attempt == 0:
            first, left_s = self._first.take(len(indices))
            self._first_place[indices] = np.arange(first, first + len(indices))
            return left_s
        if attempt not in self._repeats:
            self._repeats[attempt] = _Repeat(self._expected.pop(attempt, self.unanswered))
        return self._repeats[attempt].note_asked(indices)

    def asked_at_s(self, indices: Indices, attempts: npt.NDArray[np.int64]) -> Times:
        """When each question's attempt left; NaN where it never did, or nobody knows."""
        at_first = (attempts == 0) & (self.asked[indices] > 0)
        times = np.where(at_first, self._first.left_s[self._first_place[indices]], np.nan)
        for attempt in distinct(attempts[attempts > 0]).tolist():
            if attempt in self._repeats:
                rows = np.flatnonzero(attempts == attempt)
                times[rows] = self._repeats[attempt].asked_at_s(indices[rows])
        times[times == 0.0] = np.nan
        return times

    def settle(self, indices: Indices, states: npt.NDArray[np.uint8]) -> None:
        """Enter the states of questions that had none; *indices* are distinct."""
        self.state[indices] = states
        self.unanswered -= len(indices)

    def drop(self, indices: Indices) -> None:
        """Wait no longer for those of *indices* that have no state."""
        left = indices[self.state[indices] == 0]
        self.settle(left, np.full(len(left), DROPPED, np.uint8))

    def unanswered_each(self, asks: int) -> Indices:
        """How many of every *asks* questions in a row have no state: of each host, where they are the host's."""
        counts: Indices = np.count_nonzero(self.state.reshape(-1, asks) == 0, axis=1)
        return counts

    def open_questions(self) -> Indices:
        """Questions without a state, ascending."""
        return np.flatnonzero(self.state == 0)
