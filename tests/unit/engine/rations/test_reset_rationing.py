"""Hosts that send a limited number of resets, over the fake network. Open ports answer always, silent ones never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from scanning import Outcome, fake_scan

from benchmarks.rations import OPEN, Rationed
from hatoba.engine.rations.reset_rationing import _Host
from hatoba.model import ScanPlan
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.wire.fake import Probe, Reply, tcp_reply


def is_right(outcome: Outcome, world: Rationed, ports: int) -> bool:
    found = {verdict.port: verdict.state for verdict in outcome.verdicts}
    return found == {port: world.truth(port) for port in range(1, ports + 1)}


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("silent", [0.0, 0.5])
@pytest.mark.parametrize(("per_s", "burst"), [(200, None), (500, None), (200, 5), (500, 500)])
def test_closed_ports_are_closed_and_silent_ones_filtered(per_s: float, burst: float | None, silent: float, seed: int) -> None:
    world = Rationed(per_s, burst, silent, seed=seed)
    outcome = fake_scan("198.18.0.5", "1-800", world, ScanPlan(methods=("syn",), seed=seed + 1))
    assert is_right(outcome, world, 800)
    assert outcome.end.expected_missed < 0.01
    assert outcome.end.duration_s < 3 * 800 / per_s + 6


def test_the_ration_is_told_with_the_evidence() -> None:
    outcome = fake_scan("198.18.0.5", "1-600", Rationed(200, seed=3))
    (told,) = outcome.end.problems
    assert told == (
        "198.18.0.5 rations its resets: of 32 closed ports that were asked again among the others 32 stayed silent, so it was "
        "asked slowly"
    )


def test_one_that_rations_makes_nobody_else_wait() -> None:
    world = Rationed(200, seed=4)

    def several(probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] == 5:
            yield from world(probe)
        else:
            yield 0.001, tcp_reply(probe, (SYN if probe.dport in OPEN else RST) | ACK)

    outcome = fake_scan("198.18.0.4-6", "1-1000", several)
    assert Counter(verdict.state.word for verdict in outcome.verdicts) == {"open": 6, "closed": 2994}
    others = [probe.at_s for probe in outcome.network.sent if probe.dst[-1] != 5]
    assert max(others) - min(others) < 0.5 * outcome.end.duration_s


@pytest.mark.parametrize("seed", range(8))
def test_loss_by_chance_is_not_taken_for_a_ration(seed: int) -> None:
    """Of few controls many come through now and then, of others none."""
    world = Rationed(1e9, silent=0.3, loss=0.6, seed=seed)
    outcome = fake_scan("198.18.0.5", "1-1000", world)
    assert is_right(outcome, world, 1000)
    assert outcome.end.problems == ()
    assert outcome.end.duration_s < 12


def test_one_that_is_slow_is_not_let_go_for_being_answered_before() -> None:
    """No more can come through than did when it was taken up: turns that fail are the ration's work."""
    slow = _Host(np.arange(3000), (32.0, 31.0), 190.0)
    slow.turns, slow.all_asked, slow.all_through, slow.best = 6, 120.0, 100.0, 1.0
    assert slow.helped
    slow.best = 0.5
    assert not slow.helped


def test_answers_on_their_way_are_no_lost_controls() -> None:
    """A round takes no longer than an answer, and half of the ports are silent."""

    def far(probe: Probe) -> Iterator[Reply]:
        if probe.dport > 25:
            yield 0.5, tcp_reply(probe, RST | ACK)

    outcome = fake_scan("198.18.1.1-20", "1-50", far, ScanPlan(methods=("syn",), seed=1, max_rate_pps=1500.0))
    assert Counter(verdict.state.word for verdict in outcome.verdicts) == {"closed": 20 * 25, "filtered": 20 * 25}
    assert outcome.end.problems == ()
    assert outcome.end.duration_s < 6


def test_what_can_not_be_told_in_any_time_is_said() -> None:
    outcome = fake_scan("198.18.0.5", "1-200", Rationed(2, burst=20, seed=5))
    (told,) = outcome.end.problems
    left = sum(verdict.state.word == "filtered" for verdict in outcome.verdicts)
    assert told == f"198.18.0.5 sends so few resets that {left} of its silent ports may be closed as well as filtered"
    assert outcome.end.expected_missed >= left > 0


@pytest.mark.parametrize("plan", [{"max_retries": 2}, {"min_rate_pps": 5000.0}])
def test_the_users_word_on_repeats_and_speed_holds(plan: dict[str, float]) -> None:
    outcome = fake_scan("198.18.0.5", "1-1000", Rationed(200), ScanPlan(methods=("syn",), seed=1, **plan))  # type: ignore[arg-type]
    assert outcome.end.duration_s < 4


@pytest.mark.parametrize("loss", [0.19, 0.36, pytest.param(0.5, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(("burst", "silent"), [(None, 0.5), (50, 0.5), (50, 0.85)])
def test_a_lossy_way_to_one_that_rations_does_not_look_like_a_smaller_ration(
    burst: float | None, silent: float, loss: float
) -> None:
    """Few controls come through all of them by luck; the next turns are not held to that."""
    world = Rationed(200, burst, silent, loss, seed=2)
    outcome = fake_scan("198.18.0.5", "1-1000", world, ScanPlan(methods=("syn",), seed=2))
    assert is_right(outcome, world, 1000)
    assert outcome.end.expected_missed < 0.01
    assert outcome.end.duration_s < 60


@pytest.mark.parametrize("silent", [1, 3])
def test_a_few_closed_ports_beyond_the_ration_are_closed(silent: int) -> None:
    """The ration is used up just before the last ones are asked: of so few silent questions as many controls say nothing."""
    world = Rationed(500, seed=0)
    world.phase_s = 0.0
    outcome = fake_scan("198.18.0.5", f"1-{len(OPEN) + 500 + silent}", world)
    assert is_right(outcome, world, len(OPEN) + 500 + silent)


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_one_behind_a_lossy_way_that_goes_away_is_given_up(seed: int) -> None:
    world, leaves_s = Rationed(200, 50, 0.15, 0.55, seed=seed), 10.0
    begun_s: list[float] = []

    def leaving(probe: Probe) -> Iterator[Reply]:
        begun_s.append(probe.at_s)
        elapsed_s = probe.at_s - begun_s[0]
        assert elapsed_s < 60, "it is asked for ever"
        if elapsed_s < leaves_s:
            yield from world(probe)

    outcome = fake_scan("198.18.0.5", "1-300", leaving, ScanPlan(methods=("syn",), seed=seed))
    (told,) = outcome.end.problems
    assert told.startswith("198.18.0.5 answered at first and then no more")
