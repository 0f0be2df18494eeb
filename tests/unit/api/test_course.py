"""The course of a scan: what is passed on, and how it ends."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from hatoba.api.course import batches_of, events_of
from hatoba.errors import WireError
from hatoba.model import State
from hatoba.results.batch import VerdictBatch
from tests.unit.api.scripted import END, asked_for, ports_batch, scripted


def test_all_events_are_passed_on() -> None:
    events = [ports_batch(80, shut=(81,)), END]
    assert list(events_of(asked_for(scripted(*events)))) == events


def test_of_open_ports_only_nothing_else_comes() -> None:
    scan = scripted(ports_batch(80, 443, shut=(81,)), ports_batch(shut=(82,)), END)
    first, last = events_of(asked_for(scan, open_only=True))
    assert last is END
    assert isinstance(first, VerdictBatch)
    assert [(verdict.port, verdict.state) for verdict in first.verdicts()] == [(80, State.OPEN), (443, State.OPEN)]


def test_closing_early_closes_the_scan() -> None:
    scan = scripted(ports_batch(80), ports_batch(81), END)
    batches = batches_of(asked_for(scan))
    next(batches)
    assert not scan.closed
    batches.close()
    assert scan.closed
    assert scan.given == 1


def test_a_scan_that_broke_off_raises_after_what_was_known() -> None:
    broken = replace(END, interrupted=True, problems=("The interface eth0 went down.",))
    batches = batches_of(asked_for(scripted(ports_batch(80), broken)))
    assert len(next(batches)) == 1
    with pytest.raises(WireError, match="eth0 went down"):
        next(batches)


def test_a_problem_on_the_way_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "hatoba"):
        list(batches_of(asked_for(scripted(replace(END, problems=("No way to 198.18.9.9.",))))))
    assert caplog.messages == ["No way to 198.18.9.9."]
