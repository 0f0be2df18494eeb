"""Hosts behind slow links, among near ones and addresses that are nobody's: they are found, and keep nobody waiting."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from links import Far
from scanning import Outcome, run_scan, scan_of
from worlds import FaultyWorld

from hatoba.model import Found, Host, Ping, Progress, ScanEnd, ScanPlan
from hatoba.packets.layouts import TCP
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.wire.fake import FakeClock, Probe, Reply

SLOW = 9
"""The last byte of the slow host's address; those of near ones are less, those of nobody are more."""
PINGS = (Ping("icmp-echo"), Ping("syn", (443,)))
PLAN = ScanPlan(methods=("syn",), pings=PINGS, seed=1)
TARGETS = "198.18.0.0/27"


class Mixed(FaultyWorld):
    """Near hosts answer after a hundredth of a second, the slow one after *slow_s*."""

    def __init__(self, slow_s: float) -> None:
        super().__init__({22: "open", 80: "dropped"})
        self.slow_s = slow_s

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        last = probe.dst[-1]
        for after_s, answer in super().__call__(probe) if last <= SLOW else ():
            yield after_s + (self.slow_s if last == SLOW else 0.01), answer


def scanned(slow_s: float, plan: ScanPlan = PLAN, targets: str = TARGETS, ports: str = "20-30,80") -> Outcome:
    return run_scan(targets, ports, Far(Mixed(slow_s), FakeClock()), plan)


def up(outcome: Outcome) -> list[int]:
    return [host.address.packed[-1] for host in outcome.hosts if host.state == "up"]


@pytest.mark.parametrize("slow_s", [1.5, 2.2, 3.0])
@pytest.mark.parametrize(
    "plan",
    [PLAN, ScanPlan(methods=(), pings=PINGS, seed=1), ScanPlan(methods=("syn",), seed=1)],
    ids=["ports", "pings alone", "no pings"],
)
def test_a_host_behind_a_slow_link_is_found(slow_s: float, plan: ScanPlan) -> None:
    outcome = scanned(slow_s, plan)
    assert sorted(up(outcome)) == list(range(SLOW + 1))
    assert len(outcome.hosts) == len({host.address for host in outcome.hosts}) == 32
    assert outcome.end.problems == ()
    for last in range(SLOW + 1) if plan.methods else ():
        states = {port: outcome.state(f"198.18.0.{last}", port) for port in (22, 23, 80)}
        assert states == {22: "open", 23: "closed", 80: "filtered"}, last


def test_it_is_found_in_ipv6() -> None:
    assert SLOW in up(scanned(3.0, targets="fd00:18::/123"))


def test_the_others_are_not_kept_waiting() -> None:
    outcome = scanned(3.0)
    sent = [probe for probe in outcome.network.sent if probe.protocol == TCP and probe.dport != 443]
    begun_s = outcome.network.sent[0].at_s
    assert max(probe.at_s for probe in sent if probe.dst[-1] < SLOW) - begun_s < 2.5
    assert min(probe.at_s for probe in sent if probe.dst[-1] == SLOW) - begun_s > 3.0


def test_who_is_absent_costs_no_more_than_a_slow_link_takes_and_near_hosts_nothing() -> None:
    assert scanned(0.01).end.duration_s < 3.5
    assert scanned(0.01, targets="198.18.0.0/29", ports="22,23").end.duration_s < 0.5


@pytest.mark.parametrize(("longest_s", "found"), [(1.25, False), (6.0, True)])
def test_the_longest_time_out_is_the_limit(longest_s: float, found: bool) -> None:
    outcome = scanned(5.0 if found else 2.0, ScanPlan(methods=("syn",), pings=PINGS, seed=1, max_rtt_timeout_s=longest_s))
    assert (SLOW in up(outcome)) is found
    assert found or outcome.end.duration_s < 2.0


@pytest.mark.parametrize(("longest_s", "rate_pps"), [(10.0, 200.0), (3.0, None)])
def test_whose_time_was_up_when_they_had_been_asked_enough_are_absent(longest_s: float, rate_pps: float | None) -> None:
    """The time of the hosts is spent on the ports of those that are there: nobody is asked for ports for being silent."""
    plan = ScanPlan(methods=("syn",), pings=PINGS, seed=1, host_timeout_s=longest_s, max_rate_pps=rate_pps)
    outcome = scanned(0.01, plan, ports="1-300")
    absent = [host for host in outcome.hosts if host.address.packed[-1] > SLOW]
    assert {(host.state, host.timed_out) for host in absent} == {("down", False)}
    assert not [
        probe for probe in outcome.network.sent if probe.dst[-1] > SLOW and probe.protocol == TCP and probe.dport != 443
    ]
    assert outcome.end.duration_s < longest_s + 1


def test_who_stops_listening_early_leaves_no_wire_open() -> None:
    network = Far(Mixed(0.01), FakeClock())
    events = scan_of(TARGETS, "1-300", network, PLAN).events()
    next(event for event in events if isinstance(event, VerdictBatch))
    events.close()
    assert len(network.wires) == 2
    assert all(wire.closed for wire in network.wires)


def test_hundreds_of_silent_hosts_that_nobody_looked_for_are_not_waited_for() -> None:
    outcome = scanned(0.01, ScanPlan(methods=("syn",), seed=1), "198.18.0.0/22", "22")
    assert outcome.end.duration_s < 2.5


def test_each_is_told_once_after_its_last_verdict_and_found_before_it() -> None:
    found: list[str] = []
    told: list[str] = []
    outcome = scanned(3.0)
    for event in outcome.events:
        if isinstance(event, Found):
            found.append(str(event.address))
        elif isinstance(event, Host):
            told.append(str(event.address))
        elif isinstance(event, VerdictBatch):
            asked = {str(verdict.address) for verdict in event.verdicts()}
            assert not asked & set(told)
            assert asked <= set(found)
    assert found[-1] == f"198.18.0.{SLOW}"
    assert len(told) == len(set(told)) == 32
    assert {(host.state, host.reason) for host in outcome.hosts if host.address.packed[-1] > SLOW} == {("down", "no-response")}
    assert all(wire.closed for wire in outcome.network.wires)


def test_progress_foresees_nobody_who_has_not_answered() -> None:
    plan = ScanPlan(methods=("syn",), pings=PINGS, seed=1, max_rate_pps=400)
    seen = [event for event in scanned(1.2, plan, ports="1-60").events if isinstance(event, Progress) and event.settled]
    assert seen
    assert {event.total for event in seen} <= {SLOW * 60, (SLOW + 1) * 60}


@pytest.mark.parametrize("stopped_s", [2.0, 5.0])
def test_of_a_scan_that_is_stopped_nobody_is_absent_before_his_time_is_up(stopped_s: float) -> None:
    network = Far(Mixed(3.0), FakeClock())
    plan = ScanPlan(methods=("syn",), pings=PINGS, seed=1, max_rate_pps=100)
    scan = scan_of(TARGETS, "1-1000", network, plan)
    begun_s, told = network.clock.now_s, []
    for event in scan.events():
        told += [*event] if isinstance(event, HostBatch) else [event] if isinstance(event, Host) else []
        if network.clock.now_s - begun_s > stopped_s:
            scan.stop()
    assert isinstance(event, ScanEnd)
    assert event.interrupted
    absent = {host.address for host in told if host.state == "down"}
    silent = {ip_address(f"198.18.0.{last}") for last in range(SLOW + 1, 32)}
    assert absent == (silent if stopped_s > 4 else set())
    assert {host.address.packed[-1] for host in told if host.state == "up"} == set(range(SLOW + (stopped_s > 4)))
    assert all(wire.closed for wire in network.wires)
