"""Interfaces that go away in mid-scan: what comes back goes on, what stays away ends the scan with what was known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scanning import Outcome, run_scan
from worlds import FaultyWorld

from hatoba.engine.legs.outages import AWAY_S, MendedWire, Outages
from hatoba.errors import LinkDown
from hatoba.model import ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.wire.base import Arrived, Times
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire

GONE = "interface fake0 does not work: it went down; check it with: ip link show fake0"
PORTS = "1-200"
WORLD = {22: "open", 80: "dropped", 143: "rejected"}


class Flapping(FakeNetwork):
    """An interface that is away from *begin_s* on, after the first question, for *away_s*; *where* says which call tells so."""

    def __init__(self, begin_s: float, away_s: float, where: str, max_delay_s: float = 0.005) -> None:
        super().__init__(FaultyWorld(WORLD, max_delay_s=max_delay_s), FakeClock(), is_usable=lambda: not self.away())
        self.begin_s, self.away_s, self.where = begin_s, away_s, where

    def away(self) -> bool:
        first = self.sent[0].at_s if self.sent else self.clock.now_s
        return 0 <= self.clock.now_s - first - self.begin_s < self.away_s

    def fail(self, where: str) -> None:
        if self.where in (where, "anywhere") and self.away():
            raise LinkDown(GONE)

    def open_packets(self, route, template, first_port, zone, questions):  # type: ignore[no-untyped-def]
        self.wires.append(FlappingWire(self, template))
        return self.wires[-1]


class FlappingWire(FakeWire):
    def __init__(self, network: Flapping, template: FrameTemplate) -> None:
        super().__init__(template, network.world, network.clock)
        self._network = network

    def reserve(self, count: int) -> np.ndarray:
        self._network.fail("reserve")
        return super().reserve(count)

    def commit(self, count: int, lengths: np.ndarray | None = None, left_s: Times | None = None) -> None:
        self._network.fail("commit")
        super().commit(count, lengths, left_s)

    def drain(self) -> None:
        self._network.fail("drain")

    def receive(self, timeout_s: float) -> Arrived:
        self._network.fail("receive")
        return super().receive(timeout_s)


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[FakeClock]:
    """Waits move the clock of the network that is put in here."""
    clocks: list[FakeClock] = []

    def wait(seconds: float) -> None:
        clocks[0].now_s += seconds

    made: Callable[..., None] = MendedWire.__init__
    monkeypatch.setattr(MendedWire, "__init__", lambda self, *arguments: made(self, *arguments, wait))
    return clocks


def scanned(waiting: list[FakeClock], network: Flapping, **plan: object) -> Outcome:
    waiting.append(network.clock)
    chosen = {"methods": ("syn",), "seed": 1, "max_rate_pps": 800.0} | plan
    return run_scan("198.18.0.2-3", PORTS, network, ScanPlan(**chosen))  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["reserve", "commit", "drain", "receive", "anywhere"])
@pytest.mark.parametrize(("begin_s", "away_s"), [(0.1, 0.3), (0.48, 4.0), (0.55, 1.5)])
def test_an_interface_that_comes_back_costs_no_port(
    waiting: list[FakeClock], where: str, begin_s: float, away_s: float
) -> None:
    outcome = scanned(waiting, Flapping(begin_s, away_s, where))
    expected = {22: "open", 80: "filtered", 143: "filtered"}
    for (_address, _protocol, port), state in outcome.states().items():
        assert state == expected.get(port, "closed"), port
    assert len(outcome.verdicts) == 400
    assert not outcome.end.interrupted
    assert all(wire.closed for wire in outcome.network.wires)
    told = [text for text in outcome.end.problems if text.startswith("interface fake0 was away for ")]
    assert len(told) == (len(outcome.network.wires) > 1)
    assert len(outcome.end.problems) == len(told)
    assert told or where != "anywhere"


def test_one_that_goes_again_while_its_wire_is_opened_is_waited_for(waiting: list[FakeClock]) -> None:
    class Twice(Flapping):
        refused = 0

        def open_packets(self, route, template, first_port, zone, questions):  # type: ignore[no-untyped-def]
            if self.wires and self.refused < 3:
                self.refused += 1
                raise LinkDown(GONE)
            return super().open_packets(route, template, first_port, zone, questions)

    network = Twice(0.1, 0.3, "anywhere")
    outcome = scanned(waiting, network)
    assert network.refused == 3
    assert outcome.end.counts == {"open": 2, "closed": 394, "filtered": 4}
    assert all(wire.closed for wire in network.wires)


def test_answers_that_were_on_their_way_are_asked_for_again(waiting: list[FakeClock]) -> None:
    """The last round is over but for its answers."""
    outcome = scanned(waiting, Flapping(0.0005, 2.0, "receive", max_delay_s=0.05), max_rate_pps=None)
    assert outcome.end.counts == {"open": 2, "closed": 394, "filtered": 4}
    assert len(outcome.network.wires) == 2


@pytest.mark.parametrize("where", ["receive", "anywhere"])
def test_one_that_stays_away_ends_the_scan_with_what_was_known(waiting: list[FakeClock], where: str) -> None:
    network = Flapping(0.25, 1e9, where)
    outcome = scanned(waiting, network)
    assert outcome.end.problems == (GONE,)
    assert outcome.end.interrupted
    assert 100 < len(outcome.verdicts) < 300
    assert {state for (_a, _p, port), state in outcome.states().items() if port not in WORLD} == {"closed"}
    assert AWAY_S < outcome.end.duration_s < AWAY_S + 2
    assert all(wire.closed for wire in network.wires)


def test_one_that_only_seems_to_come_back_is_not_waited_for_for_ever(waiting: list[FakeClock]) -> None:
    """It is there by the kernel's word, and takes no packets all the same."""
    network = Flapping(0.25, 1e9, "anywhere")
    network.is_usable = lambda: True
    outcome = scanned(waiting, network)
    assert outcome.end.problems == (GONE,)
    assert outcome.end.interrupted
    assert AWAY_S < outcome.end.duration_s < AWAY_S + 2
    assert all(wire.closed for wire in network.wires)


def test_one_that_has_lost_its_address_has_not_come_back(waiting: list[FakeClock]) -> None:
    network = Flapping(0.25, 1.0, "anywhere")
    network.is_usable = lambda: False
    assert scanned(waiting, network).end.problems == (GONE,)


def test_two_wires_that_miss_one_interface_count_its_time_once() -> None:
    outages = Outages()
    outages.began("eth7", 10.0)
    outages.began("eth7", 10.5)
    assert outages.under_way
    outages.ended("eth7", 13.0)
    outages.ended("eth7", 13.5)
    assert (outages.seconds, outages.under_way, outages.count) == ({"eth7": 3.0}, False, 2)


class Broken:
    """A wire whose interface has gone."""

    template = None
    drops = 0

    def receive(self, _timeout_s: float) -> Arrived:
        raise LinkDown(GONE)

    def discard(self) -> None: ...


def test_a_wire_that_is_closed_waits_for_its_interface_no_more() -> None:
    """Else the legs to come would, who may not even ask through it."""
    outages = Outages()
    wire = MendedWire(Broken, "fake0", lambda: False, outages, lambda: 10.0)  # type: ignore[arg-type]
    wire.receive(0.0)
    assert outages.under_way
    wire.close()
    assert not outages.under_way
    assert outages.seconds == {}


def test_silence_is_not_told_where_our_own_address_has_gone(waiting: list[FakeClock]) -> None:
    network = Flapping(1e9, 0.0, "nowhere")
    network.is_usable = lambda: False
    outcome = scanned(waiting, network)
    (told,) = outcome.end.problems
    assert told.startswith("packets can't leave from 198.18.0.1 through fake0 any more: what is silent may be open or closed")
    assert {port for _address, _protocol, port in outcome.states()} == {*range(1, 201)} - {80}
    assert outcome.end.interrupted
