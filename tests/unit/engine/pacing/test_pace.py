from __future__ import annotations

import random

import numpy as np
import pytest

from hatoba.engine.pacing.pace import GENTLE_PPS, START_PPS, Pace


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


@pytest.mark.parametrize("hosts", [1, 3, None])
def test_few_hosts_are_asked_gently_for_a_moment(hosts: int | None) -> None:
    pace = Pace(0.0)
    pace.new_leg(hosts=hosts)
    gentle = sent_in(pace, 0.0, 0.01, answering=False)
    assert gentle == pytest.approx(min(START_PPS, GENTLE_PPS * (hosts or 1000)) / 100, rel=0.12)
    assert sent_in(pace, 0.011, 0.1, answering=False) == pytest.approx(START_PPS / 10, rel=0.1)


def test_it_grows_once_in_a_round_trip() -> None:
    """What the last step brought is not known sooner."""
    pace = Pace(0.0)
    for step in range(100):
        pace.answered(0.2)
        pace.spent(pace.allowance(step * 0.005), step * 0.005)
    assert pace.rate_pps == 4 * START_PPS


@pytest.mark.parametrize("rate_pps", [10, 1000, 250_000])
def test_the_most_is_never_exceeded(rate_pps: float) -> None:
    pace = Pace(0.0, max_rate_pps=rate_pps)
    assert sent_in(pace, 0.0, 2.0) == pytest.approx(2 * rate_pps, rel=0.03, abs=2)


@pytest.mark.parametrize("rate_pps", [10, 333, 1000, 100_000])
def test_the_most_is_kept_in_any_second_and_met_over_the_whole(rate_pps: float) -> None:
    """However unevenly the loop comes round: reports take their time."""
    draw, pace = random.Random(1), Pace(0.0, max_rate_pps=rate_pps)
    now_s, sent = 0.0, []
    while now_s < 8.0:
        pace.answered()
        count = pace.allowance(now_s)
        pace.spent(count, now_s)
        sent.append((now_s, count))
        now_s += draw.choice([0.01, 0.05]) if draw.random() < 0.005 else 0.001
    times, counts = np.array([at_s for at_s, _count in sent]), np.cumsum([0, *(count for _at_s, count in sent)])
    ends = np.searchsorted(times, times + 1.0, side="left")
    assert (counts[ends] - counts[: len(times)]).max() <= max(1.01 * rate_pps, rate_pps + 1)
    start = np.searchsorted(times, 0.5)
    passed = counts[-1] - counts[start]
    assert passed == pytest.approx(rate_pps * (times[-1] - times[start]), rel=0.01, abs=1)


def test_over_several_legs_no_second_has_more_than_the_most() -> None:
    pace = Pace(0.0, max_rate_pps=500)
    total = 0
    for leg in range(10):
        pace.new_leg(hosts=1)
        total += sent_in(pace, 0.1 * leg, 0.1)
    assert total <= 505


def test_a_pause_is_not_made_up_for_in_one_burst() -> None:
    pace = Pace(0.0, max_rate_pps=1000)
    sent_in(pace, 0.0, 0.1)
    assert pace.allowance(60.0) <= 20


def test_after_loss_it_goes_on_at_what_got_through_and_does_not_grow_again() -> None:
    pace = Pace(0.0, max_rate_pps=100_000)
    sent_in(pace, 0.0, 1.0)
    pace.new_round(loss=0.7)
    slower_pps = pace.rate_pps
    assert slower_pps == pytest.approx(30_000, rel=0.1)
    sent_in(pace, 1.0, 0.1)
    assert pace.rate_pps == slower_pps


def test_it_gets_slower_for_as_long_as_that_helps() -> None:
    """What is lost by chance is lost at any speed."""
    pace = Pace(0.0)
    pace.new_round(loss=0.36)
    once_pps = pace.rate_pps
    for _round in range(10):
        pace.new_round(loss=0.36)
    assert pace.rate_pps == once_pps
    pace.new_round(loss=0.2)
    assert pace.rate_pps == pytest.approx(0.8 * once_pps)


def test_a_little_loss_changes_nothing_and_the_least_holds() -> None:
    pace = Pace(0.0, min_rate_pps=50_000)
    sent_in(pace, 0.0, 0.05)
    before_pps = pace.rate_pps
    pace.new_round(loss=0.01)
    assert pace.rate_pps == before_pps
    for round_number in range(30):
        sent_in(pace, 0.1 + round_number, 0.01)
        pace.new_round(loss=0.9 * 0.9**round_number)
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
    for step in range(30):
        pace.new_round(loss=0.9 - 0.02 * step)
    assert pace.rate_pps == 1000
