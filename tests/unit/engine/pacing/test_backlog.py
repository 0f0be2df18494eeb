from __future__ import annotations

import numpy as np
import pytest

from hatoba.engine.pacing.backlog import Backlog

FREE = np.full(3, np.inf)


def test_each_host_gets_its_share_of_the_time() -> None:
    backlog = Backlog(3, 100, 0.0)
    backlog.add(np.arange(300))
    limits_pps = np.array([1000.0, 100.0, 500.0])
    asked: list[int] = []
    for ms in range(1, 61):
        due = backlog.due(ms / 1000, limits_pps, 1000, last=True)
        backlog.asked(due)
        asked += due.tolist()
    counts = np.bincount(np.array(asked) // 100, minlength=3)
    assert counts.tolist() == pytest.approx([61, 7, 31], abs=1)
    assert len(backlog) == 300 - len(asked)
    assert asked == sorted(set(asked), key=asked.index), "none twice"
    for host in range(3):
        its = [question for question in asked if question // 100 == host]
        assert its == sorted(its), "first come, first served"


def test_what_was_due_and_could_not_leave_is_due_again() -> None:
    backlog = Backlog(3, 100, 0.0)
    backlog.add(np.arange(0, 300, 50))
    due = backlog.due(0.1, FREE, 100, last=True)
    assert sorted(due.tolist()) == list(range(0, 300, 50))
    backlog.asked(due[:2])
    assert sorted(backlog.due(0.2, FREE, 100, last=True).tolist()) == sorted(due[2:].tolist())


def test_nobody_is_always_the_last() -> None:
    backlog = Backlog(3, 100, 0.0)
    backlog.add(np.arange(300))
    first = set()
    for step in range(1, 4):
        due = backlog.due(float(step), FREE, 1, last=True)
        backlog.asked(due)
        first |= set((due // 100).tolist())
    assert first == {0, 1, 2}


def test_a_pause_is_not_made_up_for_in_one_burst() -> None:
    backlog = Backlog(1, 1000, 0.0)
    backlog.add(np.arange(1000))
    assert len(backlog.due(60.0, np.array([2000.0]), 1000, last=True)) <= 10


def test_what_is_added_in_mid_scan_is_sorted_in() -> None:
    backlog = Backlog(3, 100, 0.0)
    backlog.add(np.array([210, 10]))
    backlog.asked(backlog.due(0.0, FREE, 1, last=False))
    backlog.add(np.array([110, 11]))
    assert backlog.waiting.sum() == 3
    seen = set()
    for step in range(1, 4):
        due = backlog.due(float(step), FREE, 10, last=True)
        backlog.asked(due)
        seen |= set(due.tolist())
    assert len(seen) == 3
    assert len(backlog) == 0


def test_it_tells_when_the_next_one_is_due() -> None:
    backlog = Backlog(2, 100, 0.0)
    backlog.add(np.arange(200))
    limits_pps = np.array([10.0, 100.0])
    backlog.asked(backlog.due(0.0, limits_pps, 100, last=True))
    assert backlog.wait_s(limits_pps) == pytest.approx(0.01)
