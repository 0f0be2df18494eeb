"""Hosts that answer less, the faster they are asked, without a network: a clock of whole milliseconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.engine.pacing.delivery import LEAST_PPS, Delivery

Speeds = Callable[[float], npt.NDArray[np.float64]]


class Hosts:
    """Each passes *capacity_pps* of its probes on, of which it answers the share *answering*, a millisecond later."""

    def __init__(self, capacity_pps: list[float], answering: float = 1.0, questions: int = 100_000, **options: object) -> None:
        self.capacity_pps = np.array(capacity_pps)
        self.delivery = Delivery(len(capacity_pps), questions, **options)  # type: ignore[arg-type]
        self._draw = np.random.default_rng(1)
        self._answering, self._questions = answering, questions
        self._tokens = np.full(len(capacity_pps), 5.0)
        self._credit = np.zeros(len(capacity_pps))
        self._next = np.zeros(len(capacity_pps), np.int64)
        self._now_s = 0.0
        self.delay_s = 0.001
        self.waiting: npt.NDArray[np.bool_] | None = None
        self.asked = np.zeros(len(capacity_pps))
        self.lost = np.zeros(len(capacity_pps))

    def pass_time(self, seconds: float, speeds_pps: float) -> None:
        for _ms in range(round(1000 * seconds)):
            self._tokens = np.minimum(self._tokens + self.capacity_pps / 1000, np.maximum(5.0, self.capacity_pps / 100))
            self._credit += np.minimum(self.delivery.limits_pps, speeds_pps) / 1000
            counts = self._credit.astype(np.int64)
            self._credit -= counts
            answered = []
            for host, count in enumerate(counts.tolist()):
                if not count:
                    continue
                questions = host * self._questions + (self._next[host] + np.arange(count)) % self._questions
                self._next[host] += count
                self.delivery.asked(questions, self._now_s)
                passed = min(count, max(0, int(self._tokens[host])))
                self._tokens[host] -= passed
                self.asked[host] += count
                self.lost[host] += count - passed
                answered.append(questions[:passed][self._draw.random(passed) < self._answering])
            if answered:
                questions = np.concatenate(answered)
                self.delivery.answered(questions, np.full(len(questions), self.delay_s))
            self._now_s += 0.001
            self.delivery.judge(self._now_s, self.waiting)


def begun(capacity_pps: list[float], answering: float = 1.0, **options: object) -> Hosts:
    hosts = Hosts(capacity_pps, answering, **options)
    hosts.pass_time(0.05, 1000)
    return hosts


@pytest.mark.parametrize("answering", [1.0, 0.5])
def test_a_host_is_asked_as_fast_as_it_answers(answering: float) -> None:
    hosts = begun([2000.0], answering)
    hosts.pass_time(0.5, 50_000)
    hosts.asked[:] = hosts.lost[:] = 0
    hosts.pass_time(3.0, 50_000)
    assert hosts.delivery.slow.all()
    assert (hosts.asked - hosts.lost)[0] / 3 > 0.85 * 2000
    assert hosts.lost[0] < 0.2 * hosts.asked[0]


def test_one_slow_host_leaves_the_others_alone() -> None:
    hosts = begun([1e9, 500.0, 1e9])
    hosts.pass_time(0.5, 20_000)
    assert hosts.delivery.slow.tolist() == [False, True, False]
    assert np.isinf(hosts.delivery.limits_pps[[0, 2]]).all()


@pytest.mark.parametrize("answering", [1.0, 0.64, 0.3])
def test_chance_and_silence_slow_nobody_down(answering: float) -> None:
    """A way that loses a part at any speed, or a host with as many silent ports."""
    hosts = begun([1e9] * 20, answering)
    for speed_pps in (2000, 8000, 32_000):
        hosts.pass_time(0.2, speed_pps)
        assert not hosts.delivery.slow.any()


def test_a_host_that_gets_faster_is_free_again() -> None:
    hosts = begun([1000.0])
    hosts.pass_time(1.0, 20_000)
    assert hosts.delivery.slow.all()
    hosts.capacity_pps[:] = 1e9
    hosts.pass_time(8.0, 20_000)
    assert not hosts.delivery.slow.any()


def test_a_host_that_falls_silent_for_good_is_not_waited_for() -> None:
    """It bans us: slowing down does not help."""
    hosts = begun([1e9])
    hosts.pass_time(0.1, 20_000)
    hosts.capacity_pps[:], hosts._tokens[:] = 0.0, -1e9
    hosts.pass_time(0.2, 20_000)
    assert hosts.delivery.slow.all()
    hosts.pass_time(2.0, 20_000)
    assert not hosts.delivery.slow.any()


def test_being_busy_elsewhere_says_nothing_against_a_host() -> None:
    """It is asked slower than it could be, and answers all of that."""
    hosts = begun([2000.0])
    hosts.pass_time(1.0, 20_000)
    limit_pps = hosts.delivery.answers_pps[0]
    hosts.waiting = np.ones(1, bool)
    hosts.pass_time(3.0, 0.7 * limit_pps)
    assert hosts.delivery.answers_pps[0] > 0.8 * limit_pps


def test_the_least_speed_holds() -> None:
    hosts = begun([10.0])
    hosts.pass_time(0.5, 20_000)
    assert (hosts.delivery.limits_pps >= LEAST_PPS).all()
    hurried = begun([100.0], least_pps=5000.0)
    hurried.pass_time(1.0, 20_000)
    assert (hurried.delivery.limits_pps >= 5000).all()


def test_what_repeats_show_to_be_lost_slows_a_host_down_once() -> None:
    """Of ten answers among thousands of silent questions nothing can be seen in mid-round."""
    delivery = Delivery(2, 1000)
    delivery.asked(np.arange(1000), 0.0)
    delivery.asked(np.arange(1000, 2000), 0.1)
    delivery.lossy(np.array([0.9, 0.3]))
    assert delivery.slow.tolist() == [True, False]
    assert delivery.answers_pps[0] == pytest.approx(1000)
    delivery.lossy(np.array([0.95, 0.3]))
    assert delivery.answers_pps[0] == pytest.approx(1000), "how it is asked now, the rounds before say nothing of"


def test_a_new_round_is_judged_by_itself_and_keeps_what_was_learnt() -> None:
    """Fewer of the questions that were silent have an answer; that is no loss."""
    hosts = begun([1e9])
    hosts.pass_time(0.2, 5000)
    hosts.delivery.new_round()
    hosts._answering = 0.1
    hosts.pass_time(0.5, 20_000)
    assert not hosts.delivery.slow.any()
    slow = begun([500.0])
    slow.pass_time(1.0, 20_000)
    slow.delivery.new_round()
    assert slow.delivery.limits_pps[0] < 1000


def test_answers_that_are_late_are_no_answers() -> None:
    """To what was asked before this round, and to what has been judged."""
    delivery, rtt_s = Delivery(1, 100), np.full(10, 0.005)
    delivery.answered(np.arange(10), rtt_s)
    for step in range(4):
        delivery.asked(np.arange(10 * step, 10 * step + 10), 0.02 * step)
        delivery.answered(np.arange(10 * step, 10 * step + 5), rtt_s[:5])
    assert delivery.judge(0.05)
    delivery.answered(np.arange(5, 10), rtt_s[:5])
    assert not delivery.judge(0.05)
    assert not delivery.slow.any()


@pytest.mark.parametrize("wait_ms", [50, 500])
def test_what_waits_in_this_machine_before_it_leaves_is_not_lost(wait_ms: int) -> None:
    """As where nobody runs the thread that sends for a while. It is judged by when it has left."""
    delivery = Delivery(1, 100_000)
    leaving: list[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
    judged_ms = 0
    for ms in range(1, 1200):
        questions = np.arange(ms * 50, ms * 50 + (2 if ms < 60 else 50))
        left_s = np.zeros(len(questions))
        delivery.asked(questions, ms / 1000, left_s)
        leaving.append((ms if ms < 100 else max(ms, 100 + wait_ms), questions, left_s))
        while leaving and leaving[0][0] <= ms - 1:
            left_ms, questions, left_s = leaving.pop(0)
            left_s[:] = left_ms / 1000
            delivery.answered(questions, np.full(len(questions), 0.001))
        judged_ms = ms if delivery.judge(ms / 1000) else judged_ms
        assert not delivery.slow.any(), ms
    assert judged_ms > 1100


def test_what_is_known_holds_from_the_start() -> None:
    delivery = Delivery(2, 100, known_pps=np.array([np.inf, 300.0]))
    assert delivery.slow.tolist() == [False, True]
