from __future__ import annotations

import numpy as np
import pytest

from hatoba.engine.gauge import Gauge
from hatoba.engine.loop import Tally
from hatoba.model import State
from hatoba.results.batch import VERDICT


def test_counts_rate_and_time_left() -> None:
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
    assert progress.left_s == pytest.approx(6)
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
    now = [0.0]
    gauge = Gauge(100, lambda: now[0], Tally())
    rows = np.zeros(25, VERDICT)
    rows["state"] = State.CLOSED
    gauge.settled(rows)
    gauge.left_out(50)
    now[0] = 2.0
    progress = gauge.now()
    assert (progress.settled, progress.total) == (25, 50)
    assert progress.left_s == pytest.approx(2)
