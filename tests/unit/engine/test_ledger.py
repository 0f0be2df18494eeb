from __future__ import annotations

import numpy as np

from hatoba.engine.ledger import Ledger
from hatoba.model import State


def at(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_each_attempt_keeps_its_own_time() -> None:
    ledger = Ledger(10)
    ledger.note_asked(np.array([3, 1, 2]), 0, at(1.0, 1.1, 1.2))
    ledger.note_asked(np.array([2, 1]), 1, at(2.0, 2.1))
    ledger.note_asked(np.array([3]), 1, at(2.2))
    times = ledger.asked_at_s(np.array([1, 1, 2, 3, 3]), np.array([0, 1, 1, 0, 1]))
    np.testing.assert_array_equal(times, [1.1, 2.1, 2.0, 1.0, 2.2])
    np.testing.assert_array_equal(ledger.asked[[0, 1, 2, 3]], [0, 2, 2, 2])


def test_a_time_of_what_was_not_asked_is_not_a_number() -> None:
    ledger = Ledger(4)
    ledger.note_asked(np.array([1]), 0, at(1.0))
    assert np.isnan(ledger.asked_at_s(np.array([0, 1, 1]), np.array([0, 1, 2]))).all()


def test_settled_questions_are_no_longer_open() -> None:
    ledger = Ledger(5)
    ledger.settle(np.array([1, 4]), np.array([State.OPEN, State.CLOSED], np.uint8))
    assert ledger.unanswered == 3
    np.testing.assert_array_equal(ledger.open_questions(), [0, 2, 3])


def test_the_count_of_attempts_stays_in_its_byte() -> None:
    ledger = Ledger(1)
    ledger.note_asked(np.array([0]), 300, at(1.0))
    assert ledger.asked[0] == 255
