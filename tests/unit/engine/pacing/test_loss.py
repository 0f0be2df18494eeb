from __future__ import annotations

import numpy as np
import pytest

from hatoba.engine.pacing.loss import BOUND, KnownLoss, LossEstimate

ONE = np.zeros(1, np.int64)


def simulated(count: int, loss: float, attempts: int, seed: int) -> tuple[LossEstimate, int]:
    """Ask *count* questions up to *attempts* times over a lossy path: the estimate, and how many answers are really missed."""
    draw = np.random.default_rng(seed)
    first_answer = draw.geometric(1 - loss, count) - 1
    estimate = LossEstimate()
    came = first_answer[first_answer < attempts]
    estimate.heard(came, np.zeros(len(came), np.int64))
    return estimate, int((first_answer >= attempts).sum())


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_loss_and_missed_answers_are_what_they_really_are(loss: float) -> None:
    estimates, missed = zip(*(simulated(20_000, loss, 2, seed) for seed in range(20)), strict=True)
    assert np.mean([estimate.loss(2) for estimate in estimates]) == pytest.approx(loss, rel=0.1)
    expected = np.mean([estimate.expected_missed(2, 10**6, ONE) for estimate in estimates])
    assert expected == pytest.approx(np.mean(missed), rel=0.2)


def test_more_attempts_miss_less_until_the_bound_is_met() -> None:
    estimate, _missed = simulated(65_535, 0.05, 12, 1)
    expected = [estimate.expected_missed(attempts, 65_535, ONE) for attempts in range(1, 12)]
    assert expected == sorted(expected, reverse=True)
    assert expected[0] > 1000
    assert expected[7] < BOUND


@pytest.mark.parametrize(("count", "loss", "attempts"), [(1000, 0.02, 2), (1000, 0.1, 3), (200, 0.19, 3), (1000, 0.36, 4)])
def test_what_is_likely_missed_is_what_is_missed_on_average(count: int, loss: float, attempts: int) -> None:
    """But for what is not known of the loss, which makes it a little more."""
    estimates, missed = zip(*(simulated(count, loss, attempts, seed) for seed in range(1500)), strict=True)
    likely = [estimate.likely_missed(attempts, 10**6, ONE) for estimate in estimates]
    assert 0.9 * np.mean(missed) < np.mean(likely) < 1.2 * np.mean(missed)


def test_what_a_single_attempt_has_missed_is_not_known() -> None:
    estimate, _missed = simulated(1000, 0.2, 1, 1)
    assert estimate.likely_missed(1, 200, ONE) is None
    assert estimate.likely_missed(1, 0, ONE[:0]) == 0.0, "nothing is silent"


def test_hosts_that_all_lose_alike_are_not_counted_twice() -> None:
    draw, hosts = np.random.default_rng(1), np.repeat(np.arange(20), 1000)
    first_answer = draw.geometric(0.8, len(hosts)) - 1
    estimate, came = LossEstimate(20), first_answer < 3
    estimate.heard(first_answer[came], hosts[came])
    assert estimate.likely_missed(3, 10**6, np.arange(20)) == pytest.approx((~came).sum(), rel=0.15)


def test_attempts_at_another_speed_say_nothing_of_the_next_ones() -> None:
    """Nearly all were lost before it was seen that the host is slow."""
    draw, estimate = np.random.default_rng(1), LossEstimate()
    estimate.heard(np.zeros(50, np.int64), np.zeros(50, np.int64))
    estimate.start_again(1)
    assert estimate.likely_missed(1, 900, ONE) is None
    first_answer = draw.geometric(0.9, 950)
    came = first_answer < 4
    estimate.heard(first_answer[came], np.zeros(came.sum(), np.int64))
    estimate.heard(np.zeros(1, np.int64), np.zeros(1, np.int64))  # one to the first attempt, late
    assert estimate.loss(4) == pytest.approx(0.1, abs=0.02)
    assert estimate.likely_missed(4, 100, ONE) == pytest.approx(0.95, rel=0.5)
    lost, made = estimate.lost_of(4)
    assert lost / made == pytest.approx(1055 / 2055, rel=0.02), "all that was lost counts in the sum"


def test_hosts_that_lost_much_are_told_apart() -> None:
    estimate = LossEstimate(2)
    estimate.heard(np.array([0] * 10 + [1] * 10), np.repeat([0, 1], 10))
    assert estimate.losses(2, least=5).tolist() == [0.0, pytest.approx(1.0, abs=0.01)]
    assert not estimate.losses(2, least=10).any()


def test_an_answer_shows_that_there_was_an_attempt() -> None:
    """Some questions may have been asked more often than all have."""
    estimate = LossEstimate()
    estimate.heard(np.array([0] * 10 + [1]), np.zeros(11, np.int64))
    assert estimate.loss(1) == estimate.loss(2) == pytest.approx(0.09, abs=0.02)


def test_silence_alone_is_asked_a_third_time_at_the_most() -> None:
    assert LossEstimate().loss(1) == 0.0
    assert LossEstimate().expected_missed(2, 1000, ONE) > BOUND
    assert LossEstimate().expected_missed(3, 1000, ONE) < BOUND


def test_no_more_can_be_missed_than_is_unanswered() -> None:
    estimate, _missed = simulated(1000, 0.5, 2, 1)
    assert estimate.expected_missed(2, 10_000, ONE) > 100
    assert estimate.expected_missed(2, 3, ONE) == 3


def test_a_lossy_host_among_many_others_is_asked_for_as_long_as_if_it_were_alone() -> None:
    draw = np.random.default_rng(1)
    alone, among = LossEstimate(), LossEstimate(100)
    among.heard(np.zeros(99_000, np.int64), np.repeat(np.arange(1, 100), 1000))
    first_answer = draw.geometric(0.7, 1000) - 1
    for estimate in (alone, among):
        estimate.heard(first_answer[first_answer < 3], np.zeros((first_answer < 3).sum(), np.int64))
    assert alone.expected_missed(3, 30, ONE) > 10
    assert among.expected_missed(3, 30, ONE) == pytest.approx(alone.expected_missed(3, 30, ONE), rel=0.05)
    assert among.expected_missed(3, 30, np.array([5])) < 0.1, "a host that owes nothing makes nobody wait"


def test_silence_at_another_speed_is_believed_no_sooner_than_the_losses_before_allow() -> None:
    """Half was lost until it went slower; that nobody has answered since is no sign of less."""
    estimate = LossEstimate()
    estimate.heard(np.repeat([0, 1, 2, 3, 4], [500, 250, 125, 62, 31]), np.zeros(968, np.int64))
    estimate.start_again(5)
    nobody = np.zeros(1, np.int64)
    assert estimate.expected_missed(5 + 3, 500, nobody) > BOUND
    assert estimate.expected_missed(5 + 12, 500, nobody) < BOUND


def at_once(answers: int, again: int = 0, lost_again: int = 0, known: KnownLoss | None = None) -> LossEstimate:
    """After so many answers to the first attempt, of which some were asked for again."""
    estimate = LossEstimate(known=known)
    estimate.heard(np.zeros(answers, np.int64), np.zeros(answers, np.int64))
    estimate.asked_again(again, lost_again)
    return estimate


def rounds(answers: int, again: int = 0, share_lost: float = 0.0, known: KnownLoss | None = None) -> int:
    """How many rounds pass until silence is believed, if *again* answers are asked for once more in each but the first."""
    estimate = at_once(answers, known=known)
    for attempts in range(1, 33):
        asked = again * (attempts - 1)
        estimate.asked_again(asked, round(asked * share_lost))
        if estimate.expected_missed(attempts, 200, ONE) < BOUND:
            return attempts
    return 33


def test_a_few_answers_that_all_came_at_once_do_not_show_that_nothing_is_lost() -> None:
    few, many = at_once(2).likely_missed(5, 200, ONE), at_once(1000).likely_missed(5, 200, ONE)
    assert few is not None
    assert many is not None
    assert few > BOUND > 100 * many


@pytest.mark.parametrize("answers", [*range(1, 20), 32, 100, 240, 249, 250, 1000])
def test_answers_that_come_again_make_silence_believed_no_later(answers: int) -> None:
    assert rounds(answers, again=min(answers, 32)) <= rounds(answers)
    told = at_once(answers, again=3 * min(answers, 32)).likely_missed(4, 200, ONE)
    assert told is not None
    assert told < BOUND


def test_answers_that_do_not_come_again_show_the_loss() -> None:
    assert rounds(2, again=2, share_lost=0.4) > rounds(2) + 3
    assert at_once(2, 100, 36).expected_missed(5, 200, ONE) == pytest.approx(2 * 0.36**5 / (1 - 0.36**5), rel=0.3)


def test_what_a_leg_has_lost_makes_the_next_one_on_that_way_more_careful() -> None:
    known, draw = KnownLoss(), np.random.default_rng(1)
    first = LossEstimate(known=known)
    losses = draw.geometric(0.64, 1000) - 1
    first.heard(losses[losses < 12], np.zeros((losses < 12).sum(), np.int64))
    first.remember(12)
    assert known.lost / known.made == pytest.approx(0.36, abs=0.03)
    assert (rounds(0), rounds(0, known=known)) == (3, 7)
    assert rounds(1, known=known) > rounds(1)
    assert rounds(2, again=2, known=known) > rounds(2, again=2)
    assert rounds(1000, again=32, known=known) <= rounds(1000) + 1, "what it sees itself counts more"


def test_a_leg_that_lost_nothing_makes_no_later_one_less_careful() -> None:
    known = KnownLoss()
    first = at_once(5000, known=known)
    first.remember(2)
    assert known.made > 0
    for answers in (0, 1, 5, 100):
        assert rounds(answers, known=known) == rounds(answers)
        assert rounds(answers, again=answers, known=known) == rounds(answers, again=answers)


def test_legs_count_the_more_the_later_they_were() -> None:
    known = KnownLoss()
    known.learn(500.0, 1000.0)
    known.learn(0.0, 200.0)
    assert known.lost / known.made < 0.06


def test_a_single_attempt_teaches_the_legs_to_come_nothing() -> None:
    known = KnownLoss()
    at_once(50, known=known).remember(1)
    assert known == KnownLoss()


def test_answers_that_were_asked_for_again_at_another_speed_do_not_count() -> None:
    estimate = at_once(50, again=50, lost_again=40)
    estimate.start_again(2)
    estimate.heard(np.full(50, 2), np.zeros(50, np.int64))
    assert estimate.expected_missed(2 + 3, 200, ONE) < BOUND
