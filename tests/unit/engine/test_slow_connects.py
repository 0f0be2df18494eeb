"""connect() to hosts that are farther away than the first time-out, over a wire that only pretends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from scanning import run_scan

from hatoba.model import ScanPlan
from hatoba.probes.connect import OUTCOME, Kind
from hatoba.wire.fake import FakeClock, FakeNetwork
from hatoba.wire.network import Connects


@dataclass
class Connections:
    """A connect wire to hosts that accept after *rtt_s*; what is given up before that is lost, as a closed socket is."""

    clock: FakeClock
    rtt_s: float
    room: int = 65_536
    flying: list[tuple[int, float]] = field(default_factory=list)
    most: int = 0

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        self.flying += [(token, self.clock.now_s) for token in tokens.tolist()]
        self.most = max(self.most, len(self.flying))
        return len(tokens)

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        due_s = min((started_s + self.rtt_s for _token, started_s in self.flying), default=float("inf"))
        self.clock.now_s = max(self.clock.now_s, min(self.clock.now_s + timeout_s, due_s))
        there = [flight for flight in self.flying if flight[1] + self.rtt_s <= self.clock.now_s]
        self.flying = [flight for flight in self.flying if flight not in there]
        rows = np.zeros(len(there), OUTCOME)
        rows["kind"], rows["token"] = Kind.CONNECTED, [token for token, _started_s in there]
        rows["started_s"] = [started_s for _token, started_s in there]
        rows["at_s"] = rows["started_s"] + self.rtt_s
        return rows

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        self.flying = [flight for flight in self.flying if flight[1] >= started_before_s]
        return np.zeros(0, OUTCOME)

    def close(self) -> None:
        self.flying.clear()


class Far(FakeNetwork):
    connections: Connections

    def open_connects(self) -> Connects:
        return self.connections


def network(rtt_s: float) -> Far:
    far = Far(lambda _probe: iter(()), FakeClock())
    far.connections = Connections(far.clock, rtt_s)
    return far


@pytest.mark.parametrize("rtt_s", [0.05, 0.9, 1.3, 2.0, 2.8])
def test_a_host_that_is_slower_than_the_first_time_out_is_heard(rtt_s: float) -> None:
    outcome = run_scan("198.18.1.1", "22,80,443", network(rtt_s), ScanPlan(methods=("connect",), seed=1, second_look=False))
    assert {verdict.state.word for verdict in outcome.verdicts} == {"open"}
    for verdict in outcome.verdicts:
        assert verdict.evidence.rtt_s == pytest.approx(rtt_s, abs=0.01)


def test_the_user_s_patience_is_the_longest() -> None:
    plan = ScanPlan(methods=("connect",), seed=1, second_look=False, initial_rtt_timeout_s=0.25, max_rtt_timeout_s=0.5)
    outcome = run_scan("198.18.1.1", "22", network(1.3), plan)
    assert [verdict.state.word for verdict in outcome.verdicts] == ["filtered"]


def test_thousands_of_silent_ones_are_not_all_kept_open() -> None:
    far = network(float("inf"))
    outcome = run_scan("198.18.1.1", "1-9000", far, ScanPlan(methods=("connect",), seed=1, second_look=False))
    assert outcome.end.counts == {"filtered": 9000}
    assert far.connections.most <= 9000
