from __future__ import annotations

import numpy as np
import pytest

from hatoba.engine.gauge import Gauge
from hatoba.engine.rations.rationing import RATION_S
from hatoba.engine.tally import Tally
from hatoba.model import Doing, State
from hatoba.results.batch import VERDICT


class Scene:
    """A gauge that is told of so many closed ports at a time, and read."""

    def __init__(self, total: int) -> None:
        self.now_s, self.tally = 0.0, Tally()
        self.gauge = Gauge(total, lambda: self.now_s, self.tally)

    def after(self, seconds: float, ports: int) -> float | None:
        """The time left, when so many seconds later so many ports more have been settled."""
        rows = np.zeros(ports, VERDICT)
        rows["state"] = State.CLOSED
        self.gauge.settled(rows)
        self.now_s += seconds
        return self.gauge.now().left_s


def test_counts_and_rate() -> None:
    now = [0.0]
    tally = Tally()
    gauge = Gauge(100, lambda: now[0], tally)
    assert gauge.due() is None
    rows = np.zeros(25, VERDICT)
    rows["state"] = State.CLOSED
    rows["state"][:2] = State.OPEN
    gauge.settled(rows)
    now[0], tally.probes_sent = 2.0, 50
    progress = gauge.due()
    assert progress is not None
    assert (progress.settled, progress.total, progress.open_found) == (25, 100, 2)
    assert progress.rate_pps == pytest.approx(25)
    assert gauge.counts() == {"open": 2, "closed": 23}
    assert gauge.due() is None


def test_the_rate_is_that_of_the_last_second() -> None:
    now = [0.0]
    tally = Tally()
    gauge = Gauge(100, lambda: now[0], tally)
    for second, sent in ((1.0, 1000), (2.0, 1010), (3.0, 1020)):
        now[0], tally.probes_sent = second, sent
        progress = gauge.now()
    assert progress.rate_pps == pytest.approx(10)
    assert progress.left_s is None


def test_ports_of_which_nobody_can_be_asked_are_not_waited_for() -> None:
    scene = Scene(150)
    scene.gauge.left_out(50)
    assert [scene.after(1.0, 10) for _second in range(3)] == [None, pytest.approx(8), pytest.approx(7)]
    assert scene.gauge.now().total == 100


def test_the_time_left_is_told_once_the_end_stays_where_it_is() -> None:
    scene = Scene(1000)
    told = [scene.after(1 / 8, 10) for _time in range(16)]
    assert told[:8] == [None] * 8
    assert told[8:] == [pytest.approx((91 - time) / 8) for time in range(8)]


def test_an_end_that_moves_away_is_not_told() -> None:
    scene = Scene(1000)
    assert {scene.after(0.1, settled) for settled in [10, *[0] * 40]} == {None}


def test_what_has_no_measure_has_no_time_left() -> None:
    scene = Scene(100)
    for _second in range(5):
        scene.after(1.0, 10)
    for doing in set(Doing) - {Doing.ASKING}:
        scene.tally.doing = doing
        assert scene.after(0.1, 1) is None
    scene.tally.doing = Doing.ASKING
    assert scene.after(0.1, 1) is None


def test_proving_is_measured_in_rations() -> None:
    scene = Scene(100)
    scene.tally.doing, scene.tally.to_prove = Doing.PROVING, 60
    assert scene.after(0.1, 1) == pytest.approx(60 * RATION_S)


def test_ports_of_hosts_that_are_looked_for_are_not_foreseen_until_they_turn_up() -> None:
    scene = Scene(1000)
    scene.gauge.doubtful(900)
    assert scene.gauge.now().total == 100
    scene.gauge.left_out(50)
    assert scene.gauge.now().total == 50, "others than those who are looked for"
    scene.gauge.doubtful(0)
    scene.gauge.left_out(800)
    assert scene.gauge.now().total == 150
