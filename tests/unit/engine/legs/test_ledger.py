from __future__ import annotations

import numpy as np

from hatoba.engine.legs.ledger import Ledger
from hatoba.model import State


def note(ledger: Ledger, indices: np.ndarray, attempt: int, *left_s: float) -> None:
    """They are asked, and leave then."""
    ledger.note_asked(indices, attempt)[:] = left_s


def test_each_attempt_keeps_its_own_time() -> None:
    ledger = Ledger(10)
    note(ledger, np.array([3, 1, 2]), 0, 1.0, 1.1, 1.2)
    note(ledger, np.array([2, 1]), 1, 2.0, 2.1)
    note(ledger, np.array([3]), 1, 2.2)
    times = ledger.asked_at_s(np.array([1, 1, 2, 3, 3]), np.array([0, 1, 1, 0, 1]))
    np.testing.assert_array_equal(times, [1.1, 2.1, 2.0, 1.0, 2.2])
    np.testing.assert_array_equal(ledger.asked[[0, 1, 2, 3]], [0, 2, 2, 2])


def test_a_time_of_what_was_not_asked_is_not_a_number() -> None:
    ledger = Ledger(4)
    note(ledger, np.array([1]), 0, 1.0)
    assert np.isnan(ledger.asked_at_s(np.array([0, 1, 1]), np.array([0, 1, 2]))).all()


def test_a_time_that_nobody_knows_yet_is_not_a_number_and_comes_to_be_known() -> None:
    ledger = Ledger(4)
    first_s = ledger.note_asked(np.array([1, 3]), 0)
    again_s = ledger.note_asked(np.array([3]), 1)
    more_s = ledger.note_asked(np.array([1]), 1)
    asked, attempts = np.array([1, 3, 3, 1]), np.array([0, 0, 1, 1])
    assert np.isnan(ledger.asked_at_s(asked, attempts)).all()
    first_s[:], again_s[:], more_s[:] = (5.0, 6.0), 7.0, 8.0
    assert ledger.asked_at_s(asked, attempts).tolist() == [5.0, 6.0, 7.0, 8.0]


def test_nothing_asked_is_nothing_noted() -> None:
    ledger = Ledger(4)
    for attempt in range(3):
        assert not len(ledger.note_asked(np.zeros(0, np.int64), attempt))
    ledger.note_asked(np.array([2]), 1)[:] = 3.0
    assert ledger.asked_at_s(np.array([2]), np.array([1])).tolist() == [3.0]
    assert ledger.asked.tolist() == [0, 0, 1, 0]


def test_repeats_that_leave_one_by_one_are_found_in_few_pieces() -> None:
    ledger, count = Ledger(1000), 1000
    order = np.random.default_rng(1).permutation(count)
    for question in order.tolist():
        note(ledger, np.array([question]), 1, 1 + question)
        assert ledger.asked_at_s(np.array([question]), np.array([1])) == 1 + question
    assert ledger.asked_at_s(order, np.ones(count, np.int64)).tolist() == (1 + order).tolist()
    assert len(ledger._repeats[1]._pieces) <= 10


def test_settled_questions_are_no_longer_open() -> None:
    ledger = Ledger(5)
    ledger.settle(np.array([1, 4]), np.array([State.OPEN, State.CLOSED], np.uint8))
    assert ledger.unanswered == 3
    np.testing.assert_array_equal(ledger.open_questions(), [0, 2, 3])


def test_the_count_stays_in_its_byte() -> None:
    ledger = Ledger(2)
    for attempt in range(300):
        note(ledger, np.array([0]), attempt, 1.0)
    assert ledger.asked.tolist() == [255, 0]
    assert ledger.attempts.tolist() == [300, 0]


def test_attempts_that_left_a_question_out_are_not_counted() -> None:
    """``--prove-closed`` asks one question after the other, each in an attempt of its own."""
    ledger = Ledger(2)
    for attempt in (0, 1, 700):
        note(ledger, np.array([1]), attempt, attempt)
    assert ledger.asked[1] == 3
    assert ledger.attempts[1] == 701
    assert ledger.asked_at_s(np.array([1, 1]), np.array([700, 699])).tolist()[0] == 700.0


def test_what_is_dropped_is_waited_for_no_longer_and_has_no_verdict() -> None:
    ledger = Ledger(5)
    ledger.settle(np.array([1]), np.array([State.OPEN], np.uint8))
    ledger.drop(np.arange(3))
    ledger.drop(np.arange(3))
    assert ledger.unanswered == 2
    assert ledger.state[1] == State.OPEN
    assert not np.isin(ledger.state[[0, 2]], [0, *State]).any()
    np.testing.assert_array_equal(ledger.open_questions(), [3, 4])


def test_how_many_questions_of_each_host_are_unanswered() -> None:
    ledger = Ledger(6)
    ledger.settle(np.array([0, 2, 3, 4]), np.array([State.OPEN] * 4, np.uint8))
    assert ledger.unanswered_each(2).tolist() == [1, 0, 1]
    assert ledger.unanswered_each(6).tolist() == [2]
    ledger.drop(np.array([1]))
    assert ledger.unanswered_each(3).tolist() == [0, 1]
