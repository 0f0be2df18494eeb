from __future__ import annotations

import pytest

from hatoba.engine.pace import START_PPS, Pace


def sent_in(pace: Pace, start_s: float, seconds: float, step_s: float = 0.001, answering: bool = True) -> int:
    total = 0
    for step in range(round(seconds / step_s)):
        if answering:
            pace.answered()
        count = pace.allowance(start_s + step * step_s)
        pace.spent(count, start_s + step * step_s)
        total += count
    return total


def test_it_starts_gently_and_grows() -> None:
    pace = Pace(0.0)
    first = sent_in(pace, 0.0, 0.01)
    later = sent_in(pace, 0.01, 0.01)
    assert first <= START_PPS * 0.01 + 1
    assert later > 1.5 * first


def test_into_silence_it_does_not_grow() -> None:
    pace = Pace(0.0)
    assert sent_in(pace, 0.0, 1.0, answering=False) == pytest.approx(START_PPS, rel=0.05)
    pace.answered()
    sent_in(pace, 1.0, 0.5, answering=False)
    assert pace.rate_pps == 2 * START_PPS, "one answer is one step"


@pytest.mark.parametrize("rate_pps", [10, 1000, 250_000])
def test_the_most_is_never_exceeded(rate_pps: float) -> None:
    pace = Pace(0.0, max_rate_pps=rate_pps)
    assert sent_in(pace, 0.0, 2.0) == pytest.approx(2 * rate_pps, rel=0.05, abs=2)


def test_a_pause_is_not_made_up_for_in_one_burst() -> None:
    pace = Pace(0.0, max_rate_pps=1000)
    sent_in(pace, 0.0, 0.1)
    assert pace.allowance(60.0) <= 20


def test_loss_halves_it_and_it_does_not_grow_again() -> None:
    pace = Pace(0.0)
    sent_in(pace, 0.0, 0.1)
    before_pps = pace.rate_pps
    pace.new_round(loss=0.3)
    halved_pps = pace.rate_pps
    assert halved_pps <= before_pps / 2
    sent_in(pace, 0.1, 0.1)
    assert pace.rate_pps == halved_pps


def test_a_little_loss_changes_nothing_and_the_least_holds() -> None:
    pace = Pace(0.0, min_rate_pps=50_000)
    sent_in(pace, 0.0, 0.05)
    before_pps = pace.rate_pps
    pace.new_round(loss=0.01)
    assert pace.rate_pps == before_pps
    for round_number in range(30):
        sent_in(pace, 0.1 + round_number, 0.01)
        pace.new_round(loss=0.5)
    assert pace.rate_pps == 50_000


def test_it_tells_how_long_to_wait() -> None:
    pace = Pace(0.0, max_rate_pps=10)
    pace.spent(pace.allowance(0.0), 0.0)
    assert pace.wait_s() == pytest.approx(0.1)


def test_short_rounds_say_nothing_of_the_speed() -> None:
    """A repeat of few questions takes its time-out, not the time of its probes."""
    pace = Pace(0.0)
    pace.spent(3, 0.0)
    pace.spent(3, 0.1)
    before_pps = pace.rate_pps
    pace.new_round(loss=0.5)
    assert pace.rate_pps == before_pps / 2


def test_by_itself_it_does_not_fall_below_a_thousand_a_second() -> None:
    pace = Pace(0.0)
    for _ in range(30):
        pace.new_round(loss=0.9)
    assert pace.rate_pps == 1000
