from __future__ import annotations

import numpy as np

from hatoba.engine.pacing.spacing import Spacing


def test_hosts_take_turns() -> None:
    turns = Spacing(4, 10, 1.0, None).in_turns(np.arange(40))
    assert sorted(turns.tolist()) == list(range(40))
    assert (turns // 10).tolist() == [0, 1, 2, 3] * 10


def test_a_host_with_more_questions_is_last_alone() -> None:
    turns = Spacing(4, 10, 1.0, None).in_turns(np.array([0, 1, 2, 10]))
    assert (turns // 10).tolist() == [0, 1, 0, 0]


def test_each_host_once_and_then_its_time() -> None:
    spacing = Spacing(4, 10, 0.5, None)
    questions = np.array([0, 10, 1, 20])
    assert spacing.due(questions, 100.0) == 2, "the first host's second question has to wait"
    spacing.asked(questions[:2], 100.0)
    assert spacing.due(np.array([1]), 100.49) == 0
    assert spacing.due(np.array([20, 1]), 100.49) == 1, "another host need not wait"
    assert abs(spacing.wait_s(1, 100.2) - 0.3) < 1e-9
    assert spacing.due(np.array([1]), 100.5) == 1


def test_what_may_have_been_asked_before_this_leg_is_waited_for() -> None:
    assert Spacing(4, 10, 0.5, 100.0).due(np.array([0]), 100.4) == 0
    assert Spacing(4, 10, 0.5, 100.0).due(np.array([0]), 100.5) == 1
