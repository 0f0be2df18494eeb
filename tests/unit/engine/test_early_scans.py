"""Hosts of a link that have answered are scanned while the others are looked for yet."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
from scanning import Outcome, one_by_one, run_scan, scan_of
from worlds import FaultyWorld

from hatoba.errors import WireError
from hatoba.model import Host, Progress, ScanEnd, ScanPlan
from hatoba.results.batch import VerdictBatch
from hatoba.wire.fake import FakeClock, FakeNeighbours, FakeNetwork, World, answers_of
from hatoba.wire.routes import Link

MAC = bytes.fromhex("020000000002")
BOTH = pytest.mark.parametrize("network_of", ["198.18.0.0/25", "fd00:18::/121"], ids=["ipv4", "ipv6"])


class Office(FakeNetwork):
    """A link with hosts at the addresses that end in *there*; *delay_s* tells of an address how long its answer takes, and
    of the questions the share *loss* gets lost, and so of the answers."""

    def __init__(
        self,
        world: World,
        there: set[int],
        delay_s: Callable[[int], float] = lambda _last: 0.001,
        loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(world, FakeClock())
        self.there, self.delay_s, self.loss = there, delay_s, loss
        self.draw = random.Random(seed)
        self.asked_s: list[float] = []

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> FakeNeighbours:
        office = self

        class Asker(FakeNeighbours):
            def ask(self, packed):  # type: ignore[no-untyped-def]
                for address in map(bytes, packed):
                    self.asked.append(address)
                    office.asked_s.append(self._clock.now_s)
                    kept = office.draw.random() >= office.loss and office.draw.random() >= office.loss
                    if address[-1] in office.there and kept:
                        self.deliver(self._clock.now_s + office.delay_s(address[-1]), address, MAC)
                return len(packed)

        self.askers.append(Asker(lambda _address: None, self.clock))
        return self.askers[-1]


def up(outcome: Outcome) -> set[int]:
    return {host.address.packed[-1] for host in outcome.hosts if host.state == "up"}


@BOTH
def test_ports_are_asked_while_absent_addresses_are(network_of: str) -> None:
    office = Office(FaultyWorld({22: "open", 80: "dropped"}), set(range(2, 60)))
    outcome = run_scan(network_of, "1-100", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=20_000))
    assert up(outcome) == office.there
    assert len(outcome.verdicts) == 58 * 100
    probed_s = [probe.at_s for probe in office.sent]
    assert probed_s[0] - office.asked_s[0] < 0.05
    assert probed_s[-1] > office.asked_s[58 + 70], "some were asked again while ports were asked"
    assert len(office.asked_s) == 58 + 3 * 70
    assert outcome.end.hosts_down == 128 - 58


@pytest.mark.parametrize("seed", range(10))
def test_one_lost_answer_makes_nobody_down(seed: int) -> None:
    """Every tenth question and answer is lost, of neighbours as of ports; some hosts sleep before they answer."""
    draw = random.Random(seed)
    there = set(draw.sample(range(1, 127), 40))
    sleepy = set(draw.sample(sorted(there), 5))
    world = FaultyWorld({22: "open"}, seed=seed, loss=0.05)
    office = Office(world, there, lambda last: draw.uniform(0.1, 0.4) if last in sleepy else 0.002, loss=0.1, seed=seed)
    outcome = run_scan("198.18.0.0/25", "20-30", office)
    assert up(outcome) == there
    states = outcome.states()
    assert len(states) == 40 * 11
    assert {key[2] for key, state in states.items() if state == "open"} == {22}
    assert sum(state == "open" for state in states.values()) == 40


def test_each_host_is_told_once_after_its_last_verdict() -> None:
    office = Office(answers_of([22]), set(range(2, 60)), lambda last: 0.35 if last % 7 == 0 else 0.001)
    outcome = run_scan("198.18.0.0/25", "1-50", office)
    told: set[str] = set()
    for event in outcome.events:
        if isinstance(event, Host):
            assert str(event.address) not in told
            told.add(str(event.address))
        elif isinstance(event, VerdictBatch):
            assert not {str(v.address) for v in event.verdicts()} & told
    assert len(told) == 128
    assert isinstance(outcome.events[-1], ScanEnd)


def test_who_turns_up_late_is_one_group_more_and_not_many() -> None:
    office = Office(answers_of([22]), set(range(2, 60)), lambda last: 0.02 * (last % 16))
    outcome = run_scan("198.18.0.0/25", "1-50", office, ScanPlan(methods=("syn",), seed=1, second_look=False))
    assert up(outcome) == office.there
    assert len(office.wires) == 2


def test_progress_foresees_nobody_who_has_not_answered() -> None:
    office = Office(answers_of([22]), set(range(2, 12)), lambda last: 0.3 if last == 9 else 0.001)
    outcome = run_scan("198.18.0.0/27", "1-200", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=1000))
    seen = [event for event in outcome.events if isinstance(event, Progress) and event.settled]
    assert len(seen) > 5
    assert {event.total for event in seen} <= {9 * 200, 10 * 200}
    assert seen[-1].settled == seen[-1].total == 10 * 200


@pytest.mark.parametrize("rate_pps", [50.0, 2000.0])
def test_the_users_rate_holds_for_both_together(rate_pps: float) -> None:
    office = Office(answers_of([22]), set(range(2, 22)))
    outcome = run_scan("198.18.0.0/26", "1-30", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=rate_pps))
    assert up(outcome) == office.there
    times = sorted([*office.asked_s, *(probe.at_s for probe in office.sent)])
    assert len(times) / (times[-1] - times[0]) <= 1.01 * rate_pps
    for first, later in zip(times, times[int(1.02 * rate_pps) + 1 :], strict=False):
        assert later - first >= 0.999


def test_a_scan_that_is_stopped_meanwhile_tells_who_was_found() -> None:
    """Of those who were not found it tells nothing."""
    office = Office(answers_of([22]), set(range(2, 60)), lambda last: 0.05 if last == 9 else 0.001)
    scan = scan_of("198.18.0.0/25", "1-400", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=10_000))
    hosts, answered = [], 0
    for event in one_by_one(scan.events()):
        answered += len(event) if isinstance(event, VerdictBatch) else 0
        if answered > 2000:
            scan.stop()
        if isinstance(event, Host):
            hosts.append(event)
    assert answered < 58 * 400
    assert {host.address.packed[-1] for host in hosts} == office.there
    assert {(host.state, host.unfinished) for host in hosts} == {("up", True)}
    assert all(asker.closed for asker in office.askers)


def test_the_time_of_late_hosts_begins_when_they_are_asked() -> None:
    office = Office(answers_of([22]), {2, 3, 4}, lambda last: 0.4 if last == 4 else 0.001)
    plan = ScanPlan(methods=("syn",), seed=1, host_timeout_s=0.3)
    outcome = run_scan("198.18.0.0/28", "1-20", office, plan)
    assert not any(host.timed_out for host in outcome.hosts)
    assert len(outcome.verdicts) == 60


def test_hosts_only_are_told_as_they_answer() -> None:
    office = Office(answers_of([]), set(range(2, 60)))
    scan = scan_of("198.18.0.0/25", "80", office, ScanPlan(methods=(), seed=1))
    began_s = office.clock.now_s
    told_s = [office.clock.now_s - began_s for event in one_by_one(scan.events()) if isinstance(event, Host)]
    assert len(told_s) == 128
    assert told_s[57] < 0.1 < told_s[58]


def test_who_is_found_on_a_link_alone_has_been_asked() -> None:
    network = FakeNetwork(FaultyWorld({}), FakeClock(), frozenset({"198.18.0.3"}))
    outcome = run_scan("198.18.0.0/29", "1", network, ScanPlan(methods=(), seed=1))
    (asker,) = network.askers
    assert outcome.end.probes_sent == len(asker.asked) >= 8
    assert network.sent == []


def test_a_link_that_breaks_meanwhile_loses_nothing_that_was_known() -> None:
    office = Office(answers_of([22]), set(range(2, 60)))

    def broken(_packed: object) -> int:
        raise WireError("interface fake0 does not work")

    plan = ScanPlan(methods=("syn",), seed=1, max_rate_pps=10_000)
    events = []
    for event in one_by_one(scan_of("198.18.0.0/25", "1-400", office, plan).events()):
        events.append(event)
        if isinstance(event, VerdictBatch) and len(event):
            office.askers[0].ask = broken  # type: ignore[method-assign]
    end = events[-1]
    assert isinstance(end, ScanEnd)
    assert end.problems[0] == "interface fake0 does not work"
    assert end.interrupted
    hosts = {event.address for event in events if isinstance(event, Host)}
    assert hosts == {v.address for event in events if isinstance(event, VerdictBatch) for v in event.verdicts()}
    assert ip_address("198.18.0.100") not in hosts
    assert office.askers[0].closed


@pytest.mark.parametrize("rate_pps", [90.0, 110.0])
def test_nor_does_one_that_breaks_when_nobody_listens(rate_pps: float) -> None:
    """At a slow rate most of the time passes between two looks at what has come."""
    office = Office(FaultyWorld({22: "open", 23: "dropped", 24: "dropped"}, max_delay_s=0.002), set(range(2, 8)))
    broken_s, open_neighbours = office.clock.now_s + 0.2, office.open_neighbours

    def breaking(*arguments: Any) -> FakeNeighbours:
        asker = open_neighbours(*arguments)
        ask = asker.ask

        def ask_until_it_breaks(packed: Any) -> int:
            if office.clock.now_s > broken_s:
                raise WireError("interface fake0 does not work")
            return ask(packed)

        asker.ask = ask_until_it_breaks  # type: ignore[method-assign]
        return asker

    office.open_neighbours = breaking  # type: ignore[method-assign]
    outcome = run_scan("198.18.0.0/28", "20-24", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=rate_pps))
    assert outcome.end.problems == ("interface fake0 does not work",)
    assert {str(v.address) for v in outcome.verdicts} == {f"198.18.0.{n}" for n in range(2, 8)}
    assert {host.address for host in outcome.hosts} == {v.address for v in outcome.verdicts}


def test_there_are_signs_of_life_however_slow_it_is() -> None:
    office, waits = Office(answers_of([22]), {2, 3}), list[float]()
    scan = scan_of("198.18.0.0/29", "22", office, ScanPlan(methods=("syn",), seed=1, max_rate_pps=0.5))
    before_s = office.clock.now_s
    for event in scan.events():
        waits.append(office.clock.now_s - before_s)
        before_s = office.clock.now_s
        if isinstance(event, Host):
            break
    assert max(waits) < 0.5
