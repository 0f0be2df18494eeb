from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.engine.pacing.round_trip import INITIAL_S, LONGEST_S, MAX_S, MIN_S, RoundTrip, SlowestAnswers


def test_before_any_answer_the_time_out_is_the_initial_one() -> None:
    assert RoundTrip().timeout_s == INITIAL_S


def test_a_near_host_gets_the_least_time_out_and_a_far_one_more() -> None:
    near, far = RoundTrip(), RoundTrip()
    for _ in range(20):
        near.heard(np.full(10, 0.0005))
        far.heard(np.array([0.4, 0.5, 0.6]))
    assert near.timeout_s == MIN_S
    assert 0.6 < far.timeout_s < 1.2
    assert far.smoothed_s == pytest.approx(0.5)


def test_a_first_sample_is_taken_as_rfc_6298_says() -> None:
    trip = RoundTrip(min_s=0)
    trip.heard(np.array([0.2]))
    assert trip.timeout_s == pytest.approx(0.2 + 4 * 0.1)


def test_it_follows_a_path_that_becomes_slower() -> None:
    trip = RoundTrip()
    trip.heard(np.full(100, 0.001))
    for _ in range(10):
        trip.heard(np.full(4, 0.8))
    assert trip.timeout_s > 0.8


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_it_stays_within_its_bounds_whatever_it_hears(samples: list[float]) -> None:
    trip = RoundTrip()
    trip.heard(np.array(samples, np.float64))
    assert MIN_S <= trip.timeout_s <= MAX_S


def test_a_far_host_among_near_ones_is_waited_for() -> None:
    slowest = SlowestAnswers(3, initial_s=1.0)
    assert slowest.patience_s(np.array([0, 1])) == 1.0, "nobody was heard yet"
    slowest.heard(np.array([0, 1, 0]), np.array([0.001, 0.2, 0.002]))
    assert slowest.patience_s(np.array([0])) == pytest.approx(0.004)
    assert slowest.patience_s(np.array([0, 1])) == pytest.approx(0.4)
    assert slowest.patience_s(np.array([1, 2])) == 1.0
    slowest.heard(np.array([2]), np.array([100.0]))
    assert slowest.patience_s(np.array([0, 2])) == LONGEST_S
    assert slowest.patience_s(np.zeros(0, np.int64)) == 0.0


def test_who_answers_late_is_remembered_and_who_was_heard_late_by_chance_is_not() -> None:
    slowest, known = SlowestAnswers(3, initial_s=1.0), {7: 0.6}
    slowest.heard(np.array([0, 1, 1, 2]), np.array([3.0, 0.01, 1.5, 0.02]))
    slowest.remember(known, lambda places: (places + 10).astype(np.uint32))
    assert known == {7: 0.6, 10: 3.0}
    later = SlowestAnswers(2, initial_s=1.0)
    later.recall(known, lambda places: (places + 9).astype(np.uint32))
    assert later.strangers(np.array([0, 1])) == 1
    assert later.patience_s(np.array([1])) == LONGEST_S


def test_an_answer_that_was_sent_again_says_nothing_of_the_way() -> None:
    """A SYN-ACK was lost, and comes once more a second later."""
    slowest = SlowestAnswers(2, initial_s=0.3)
    assert slowest.heard(np.array([0, 1, 0]), np.array([0.01, 1.5, 1.02])).tolist() == [True, True, False]
    assert slowest.patience_s(np.array([0])) == pytest.approx(0.02)
    assert slowest.patience_s(np.array([1])) == pytest.approx(3.0), "a far host has no faster answers"
