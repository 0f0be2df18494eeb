from __future__ import annotations

import pytest

from hatoba.model import Reason, State
from hatoba.results.summary import limit_for, summarise
from tests.unit.results.rows import Hosts, batch, closed, opened, refused, silent

HOSTS = Hosts("198.18.0.2")


def test_majorities_are_summed_up_and_the_rest_is_shown() -> None:
    summary = summarise(batch(HOSTS, opened([22, 80]), closed(range(100, 126)), silent(range(200, 225))))
    assert summary.shown.rows["port"].tolist() == [22, 80, *range(200, 225)]
    assert [(group.state, group.reason, len(group)) for group in summary.hidden] == [(State.CLOSED, Reason.RESET, 26)]
    assert summary.open_count == 2


def test_open_ports_are_always_shown() -> None:
    assert len(summarise(batch(HOSTS, opened(range(1, 2000)))).shown) == 1999


def test_reasons_of_one_state_count_together_and_stay_apart() -> None:
    summary = summarise(batch(HOSTS, silent(range(1, 15)), refused(range(20, 40)), closed(range(100, 1000))))
    assert [(state, [len(group) for group in groups]) for state, groups in summary.hidden_states().items()] == [
        (State.CLOSED, [900]),
        (State.FILTERED, [20, 14]),
    ]
    example = next(summary.hidden[1].example.verdicts())
    assert (example.port, example.evidence.answer) == (20, "icmp 3/13")


@pytest.mark.parametrize(("verbose", "shown"), [(0, 0), (1, 0), (2, 200), (3, 200), (9, 200)])
def test_verbosity_raises_the_bound(verbose: int, shown: int) -> None:
    assert len(summarise(batch(HOSTS, closed(range(1, 201))), limit=limit_for(verbose)).shown) == shown


def test_beyond_the_last_verbosity_everything_is_shown() -> None:
    assert len(summarise(batch(HOSTS, closed(range(1, 30_001))), limit=limit_for(3)).shown) == 30_000


def test_open_only_hides_all_else() -> None:
    summary = summarise(batch(HOSTS, opened(22), closed(23)), limit=None, open_only=True)
    assert summary.shown.rows["port"].tolist() == [22]
    assert len(summary.hidden) == 1


def test_nothing_known_is_nothing_shown() -> None:
    summary = summarise(batch(HOSTS))
    assert (len(summary.shown), summary.hidden, summary.open_count) == (0, (), 0)
