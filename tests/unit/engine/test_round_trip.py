from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.engine.round_trip import INITIAL_S, MAX_S, MIN_S, RoundTrip


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
