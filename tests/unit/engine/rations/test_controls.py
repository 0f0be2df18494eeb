from __future__ import annotations

import numpy as np
import pytest
from builders import leg

from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.rations.controls import EACH, FEWEST, Controls, far_more
from hatoba.model import State


def made(
    states: dict[State, range], hosts: str = "198.18.0.0/31", ports: str = "1-100", **options: object
) -> tuple[Controls, Ledger]:
    asked = leg(hosts, ports)
    ledger = Ledger(len(asked))
    for state, places in states.items():
        ledger.settle(np.array(places), np.full(len(places), state, np.uint8))
    return Controls(asked, ledger, np.random.default_rng(1), **options), ledger  # type: ignore[arg-type]


def test_controls_are_closed_ports_of_the_hosts_that_are_silent_and_as_many() -> None:
    controls, ledger = made({State.CLOSED: range(50), State.OPEN: range(50, 95), State.UNFILTERED: range(100, 200)})
    chosen = controls.beside(ledger.open_questions())
    assert len(chosen) == FEWEST, "as many as are silent, but for so few"
    assert set(chosen.tolist()) < set(range(50)), "closed, of the same host"
    assert controls.among(np.array([chosen[0], 99, 150])).tolist() == [True, False, False]


def test_no_host_has_too_many_and_lots_are_drawn() -> None:
    controls, ledger = made({State.CLOSED: range(40), State.UNFILTERED: range(100, 103)})
    first, second = controls.beside(ledger.open_questions()), controls.beside(ledger.open_questions())
    assert (first < 100).sum() == EACH
    assert first[first >= 100].tolist() == [100, 101, 102]
    assert first.tolist() != second.tolist()


def test_a_round_is_counted_host_by_host() -> None:
    controls, _ledger = made({State.CLOSED: range(50)})
    chosen = controls.choose(np.array([8, 8]))
    controls.answered(chosen[:3])
    asked, lost = controls.counts()
    assert (asked.tolist(), lost.tolist()) == ([8, 0], [5, 0])
    controls.none()
    assert controls.counts()[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("asked", "lost", "loss", "more"),
    [
        (16, 16, 0.0, True),
        (16, 8, 0.2, False),
        (32, 17, 0.2, True),
        (32, 28, 0.6, False),
        (32, 32, 0.6, True),
        (5, 5, 0.2, False),
        (6, 6, 0.2, True),
    ],
)
def test_only_what_chance_does_not_explain_is_more(asked: float, lost: float, loss: float, more: bool) -> None:
    found = far_more(np.array([asked]), np.array([lost]), np.array([loss]))
    assert found.tolist() == [more]


def test_slow_hosts_are_told_from_as_soon_as_there_are_enough() -> None:
    controls, ledger = made({State.CLOSED: range(3), State.UNFILTERED: range(100, 150)})
    controls.answered(controls.beside(ledger.open_questions()))
    assert controls.rationed(np.zeros(2), slow=np.ones(2, bool)).tolist() == [False, True]
    assert not controls.rationed(np.zeros(2), slow=np.zeros(2, bool)).any()


def test_open_ports_are_asked_once_more_where_too_few_closed_ones_have_answered() -> None:
    controls, ledger = made({State.CLOSED: range(3), State.OPEN: range(3, 6), State.FILTERED: range(6, 90)}, open_too=True)
    assert controls.beside(ledger.open_questions()).tolist() == [0, 1, 2, 3, 4, 5]
    controls.answered(np.array([3, 4, 5]))
    assert [counts.tolist() for counts in controls.counts()] == [[3, 0], [3, 0]], "resets alone are rationed"
    assert controls.by_chance() == (6, 3)


def test_losses_by_chance_are_summed_over_rounds_until_they_say_nothing_any_more() -> None:
    apart = np.zeros(2, bool)
    controls, _ledger = made({State.CLOSED: range(8), State.UNFILTERED: range(100, 108)}, apart=apart)
    for _round in range(2):
        controls.answered(controls.choose(np.array([4, 4]))[1:])
    controls.none()
    assert controls.by_chance() == (16, 2)
    apart[0] = True
    assert controls.by_chance() == (8, 0), "the other one's losses are no chance"
    controls.forget()
    assert controls.by_chance() == (0, 0)


def test_a_host_that_says_nothing_any_more_loses_nothing_by_chance() -> None:
    controls, _ledger = made({State.OPEN: range(3), State.UNFILTERED: range(100, 103)}, open_too=True)
    silent = np.array([50, 150])
    for rounds in range(1, 5):
        chosen = controls.beside(silent)
        controls.answered(chosen[chosen >= 100])
        assert controls.by_chance() == ((6 * rounds, 3 * rounds) if rounds < 4 else (12, 0))
