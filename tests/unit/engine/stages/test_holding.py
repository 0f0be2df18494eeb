"""Connections keep the rules of the scan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from ipaddress import ip_network

import numpy as np
import pytest
from builders import group
from handshaking import FakeHandshakes, HandshakingNetwork

from hatoba.engine.setting import Setting
from hatoba.engine.stages.holding import Ended, hold
from hatoba.model import ScanPlan
from hatoba.probes.connect import End, Handshake
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock

CUT = Handshake(End.CUT)


class Bench:
    """*hosts* hosts, each to be asked for the ports 1 to *ports*, in turns."""

    def __init__(self, plan: ScanPlan, hosts: int = 3, ports: int = 4, **hands: float) -> None:
        self.clock = FakeClock()
        self.begun_s = self.clock.now_s
        network = HandshakingNetwork(lambda _probe: (), self.clock)
        self.hands = network.hands = FakeHandshakes(self.clock, lambda _address, _port: CUT, **hands)  # type: ignore[arg-type]
        self.group, targets = group("198.18.0.0/28", list(range(1, hosts + 1)))
        permitted = Scope((), always=(ip_network("198.18.0.0/15"),)).require(targets)
        self.stop = False
        self.setting = Setting(plan, permitted, network, 1, self.clock, lambda: self.stop)
        self.places = np.tile(np.arange(hosts), ports)
        self.ports = np.repeat(np.arange(1, ports + 1), hosts).astype(np.uint16)

    def run(self, deadline_s: float = math.inf, stop_after: int | None = None) -> Ended:
        def steps() -> Iterator[None]:
            self.ended = yield from hold(self.group, self.places, self.ports, self.setting, deadline_s)

        for _step in steps():
            self.stop = stop_after is not None and len(self.hands.begun) >= stop_after
        assert self.hands.closed == 1
        return self.ended

    @property
    def took_s(self) -> float:
        return self.clock.now_s - self.begun_s


def test_hosts_take_turns_and_hold_together() -> None:
    bench = Bench(ScanPlan(), lasts_s=1.0)
    assert bench.run() == [CUT] * 12
    assert [begun.address for begun in bench.hands.begun[:3]] == ["198.18.0.1", "198.18.0.2", "198.18.0.3"]
    assert [begun.port for begun in bench.hands.begun] == bench.ports.tolist()
    assert bench.took_s < 1.2
    assert bench.setting.tally.probes_sent == 12


def test_no_more_at_once_than_there_is_room_for() -> None:
    bench = Bench(ScanPlan(), lasts_s=1.0, most=4)
    assert bench.run() == [CUT] * 12
    assert 3.0 <= bench.took_s < 3.5


def test_the_pace_holds() -> None:
    bench = Bench(ScanPlan(max_rate_pps=2.0))
    assert bench.run() == [CUT] * 12
    assert bench.took_s >= 5.5
    times = [begun.at_s for begun in bench.hands.begun]
    assert (np.array(times) >= FakeClock().now_s + 0.5 * np.arange(12)).all(), "none is ahead of its time"
    assert min(np.diff(times)) >= 0.499, "no more is made up for than what one came too late"


@pytest.mark.parametrize("lasts_s", [0.001, 2.0])
def test_a_host_has_its_delay_and_one_connection_at_a_time(lasts_s: float) -> None:
    bench = Bench(ScanPlan(scan_delay_s=0.7), lasts_s=lasts_s)
    assert bench.run() == [CUT] * 12
    for address in ("198.18.0.1", "198.18.0.2", "198.18.0.3"):
        times = [begun.at_s for begun in bench.hands.begun if begun.address == address]
        assert len(times) == 4
        assert times[0] >= bench.begun_s + 0.7 - 1e-9, "it may just have been asked"
        assert min(np.diff(times)) >= 0.7 + lasts_s - 1e-9
    assert bench.took_s < 4 * (0.7 + lasts_s) + 0.1, "the hosts wait together"


def test_it_ends_soon_when_it_is_told_to() -> None:
    bench = Bench(ScanPlan(), lasts_s=60.0)
    assert bench.run(stop_after=1) == [None] * 12
    assert bench.took_s < 0.2


def test_it_ends_when_the_time_is_up() -> None:
    bench = Bench(ScanPlan(), lasts_s=60.0, most=5)
    assert bench.run(deadline_s=bench.begun_s + 70.0) == [CUT] * 5 + [None] * 7
    assert 70.0 <= bench.took_s < 70.2


def test_what_had_ended_is_known_when_no_more_can_be_begun() -> None:
    bench = Bench(ScanPlan(), most=4, fails_after=8)
    ended = bench.run()
    assert ended[:4] == [CUT] * 4
    assert ended[8:] == [None] * 4
    assert bench.setting.problems == ["no more files"]


def test_nothing_to_ask_takes_no_time() -> None:
    bench = Bench(ScanPlan(), ports=0)
    assert bench.run() == []
    assert bench.took_s < 0.01
