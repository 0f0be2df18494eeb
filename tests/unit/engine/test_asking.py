from __future__ import annotations

import math
from typing import Any

import numpy as np
from builders import leg

from hatoba.engine.asking import Asking
from hatoba.engine.legs.draw import Draw
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.pacing.pace import Pace
from hatoba.engine.pacing.slow_hosts import SlowHosts
from hatoba.engine.rations.controls import Controls
from hatoba.engine.tally import Tally
from hatoba.model import State


class Notebook:
    """A transport that writes down what it is asked to send, no more than it has room for."""

    def __init__(self) -> None:
        self.most = 1 << 30
        self.asked: list[tuple[int, int]] = []

    def ask(self, indices: Any, attempt: int) -> int:
        taken = indices[: self.most]
        self.asked += [(int(index), attempt) for index in taken]
        return len(taken)

    def departures(self) -> None:
        return None


class Room:
    """One leg, two hosts of ten ports each, and a clock that is set by hand."""

    def __init__(self, delay_s: float | None = None) -> None:
        self.now_s = 100.0
        asked = leg("198.18.0.0/31", "1-10")
        self.ledger = Ledger(len(asked))
        self.notebook = Notebook()
        self.controls = Controls(asked, self.ledger, Draw(7))
        slow = SlowHosts(asked, {}, self.now_s, None, False)
        self.tally = Tally()
        transport: Any = self.notebook
        self.asking = Asking(
            asked,
            transport,
            self.ledger,
            self.tally,
            lambda: self.now_s,
            7,
            Pace(self.now_s),
            slow,
            self.controls,
            delay_s,
        )

    def some(self, room: int = 100) -> tuple[bool, float]:
        return self.asking.some(room, self.now_s, math.inf)

    def indices(self) -> list[int]:
        return [index for index, _attempt in self.notebook.asked]


def test_each_question_is_asked_once_in_no_order_of_ours() -> None:
    room = Room()
    room.asking.begin(0, None)
    while room.asking.left:
        assert room.some(room=3)[0]
    assert sorted(room.indices()) == list(range(20))
    assert room.indices() != list(range(20))
    assert room.tally.probes_sent == 20
    first, room.notebook.asked = room.indices(), []
    room.asking.begin(1, None)
    room.some()
    assert room.indices() != first, "each attempt goes in its own order"
    assert {attempt for _index, attempt in room.notebook.asked} == {1}


def test_what_is_answered_is_passed_over_but_for_controls() -> None:
    room = Room()
    room.ledger.settle(np.arange(10), np.full(10, State.CLOSED, np.uint8))
    controls = room.controls.choose(np.array([2, 0]))
    room.asking.begin(1, np.arange(20))
    assert room.some() == (True, math.inf)
    assert not room.asking.left
    assert sorted(room.indices()) == sorted([*controls.tolist(), *range(10, 20)])


def test_what_finds_no_room_is_asked_later() -> None:
    room = Room()
    room.asking.begin(0, None)
    room.notebook.most = 4
    room.some()
    assert len(room.indices()) == 4
    room.notebook.most = 0
    assert room.some() == (False, math.inf)
    assert room.asking.left
    room.notebook.most = 100
    room.some()
    assert sorted(room.indices()) == list(range(20))


def test_questions_are_spread_evenly_over_the_time_that_is_theirs() -> None:
    room = Room()
    room.asking.begin(0, np.arange(20), over_s=1.0)
    counts = []
    while room.asking.left:
        _asked, wait_s = room.some()
        counts.append(len(room.indices()))
        assert wait_s < 0.1
        room.now_s += wait_s
    assert room.now_s - 100.0 > 0.9
    assert np.diff(counts).max() <= 1


def test_hosts_take_turns_and_have_their_time_between_two_questions() -> None:
    room = Room(delay_s=2.0)
    room.asking.begin(0, None)
    times_s: dict[int, list[float]] = {0: [], 1: []}
    while room.asking.left:
        before = len(room.indices())
        asked, wait_s = room.some()
        assert asked or math.isfinite(wait_s)
        for index in room.indices()[before:]:
            times_s[index // 10].append(room.now_s)
        room.now_s += wait_s if math.isfinite(wait_s) else 0.0
    assert all(len(each) == 10 for each in times_s.values())
    assert all((np.diff(each) >= 2.0).all() for each in times_s.values())
    assert room.now_s - 100.0 < 2.0 * 10, "the hosts are asked side by side"
