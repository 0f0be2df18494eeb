"""Pings over a fake network that loses much."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from links import Far
from scanning import Outcome, run_scan

from hatoba.engine import scan as scan_module
from hatoba.engine.stages.discovery import pings_for
from hatoba.errors import WireError
from hatoba.model import Ping, ScanPlan
from hatoba.packets.layouts import ACK, ICMP, ICMP6, RST, SYN, TCP, UDP
from hatoba.wire.base import Arrived
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, Probe, Reply, icmp_error, icmp_reply, tcp_reply, udp_reply

PINGS = (
    Ping("icmp-echo"),
    Ping("icmp-timestamp"),
    Ping("icmp-mask"),
    Ping("syn", (443,)),
    Ping("ack", (80,)),
    Ping("udp", (40_125,)),
)
LIVE = frozenset({3, 17, 40})


class World:
    """Live hosts answer one *kind* of ping, and lose some of the answers."""

    def __init__(self, kind: str, loss: float) -> None:
        self.kind, self.loss, self.draw = kind, loss, random.Random(7)

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] not in LIVE or self.draw.random() < self.loss:
            return
        answer = self.answer(probe)
        if answer is not None:
            yield 0.02, answer

    def answer(self, probe: Probe) -> bytes | None:
        start = 20 if probe.family == 4 else 40
        match self.kind, probe.protocol, probe.packet[start]:
            case "echo", (1 | 58), (8 | 128):
                return icmp_reply(probe, 0 if probe.family == 4 else 129)
            case "timestamp", 1, 13:
                return icmp_reply(probe, 14)
            case "mask", 1, 17:
                return icmp_reply(probe, 18)
        if (self.kind, probe.protocol, probe.flags) == ("syn", TCP, SYN):
            return tcp_reply(probe, SYN | ACK)
        if (self.kind, probe.protocol, probe.flags) == ("ack", TCP, ACK):
            return tcp_reply(probe, RST, seq=probe.ack, ack=0)
        if (self.kind, probe.protocol) == ("udp", UDP):
            return udp_reply(probe, b"x")
        if (self.kind, probe.protocol) == ("closed-udp", UDP):
            return icmp_error(probe, *((3, 3) if probe.family == 4 else (1, 4)), probe.dst)
        return None


def found(kind: str, targets: str, loss: float = 0.3) -> Outcome:
    plan = ScanPlan(methods=(), pings=PINGS, seed=3)
    return run_scan(targets, "1", Far(World(kind, loss), FakeClock()), plan)


@pytest.mark.parametrize("kind", ["echo", "timestamp", "mask", "syn", "ack", "udp", "closed-udp"])
def test_who_answers_one_kind_of_ping_is_never_down(kind: str) -> None:
    outcome = found(kind, "198.18.0.0/26")
    assert {host.address.packed[-1] for host in outcome.hosts if host.state == "up"} == LIVE
    assert {(host.state, host.reason) for host in outcome.hosts if host.state != "up"} == {("down", "no-response")}
    assert len(outcome.hosts) == 64


@pytest.mark.parametrize("kind", ["echo", "syn", "ack", "udp", "closed-udp"])
def test_likewise_over_ipv6(kind: str) -> None:
    outcome = found(kind, "fd00:18::/122")
    assert {host.address.packed[-1] for host in outcome.hosts if host.state == "up"} == LIVE


def test_an_error_of_a_router_makes_nobody_up() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        yield 0.01, icmp_error(probe, 3, 1, ip_address("198.18.9.254").packed)

    plan = ScanPlan(methods=(), pings=(Ping("icmp-echo"),), seed=3)
    outcome = run_scan("198.18.0.0/30", "1", Far(world, FakeClock()), plan)
    assert {(host.state, host.reason, str(host.responder)) for host in outcome.hosts} == {
        ("down", "host-unreach", "198.18.9.254")
    }


def test_who_is_not_asked_for_ports_is_told_with_its_routers_word() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] == 1:
            yield 0.01, icmp_reply(probe, 0)
        elif probe.dst[-1] == 2:
            yield 0.01, icmp_error(probe, 3, 1, ip_address("198.18.9.254").packed)

    plan = ScanPlan(methods=("syn",), pings=(Ping("icmp-echo"),), seed=3)
    outcome = run_scan("198.18.0.1-3", "22", Far(world, FakeClock()), plan)
    told = {str(host.address): (host.state, host.reason, host.responder) for host in outcome.hosts}
    assert told == {
        "198.18.0.1": ("up", "echo-reply", None),
        "198.18.0.2": ("down", "host-unreach", ip_address("198.18.9.254")),
        "198.18.0.3": ("down", "no-response", None),
    }
    assert {verdict.address for verdict in outcome.verdicts} == {ip_address("198.18.0.1")}


def test_only_those_who_are_there_are_asked_for_ports() -> None:
    plan = ScanPlan(methods=("syn",), pings=(Ping("icmp-echo"),), seed=3)
    outcome = run_scan("198.18.0.0/26", "22,80", Far(World("echo", 0.0), FakeClock()), plan)
    asked = {probe.dst[-1] for probe in outcome.network.sent if probe.protocol == TCP}
    assert asked == LIVE
    assert len(outcome.verdicts) == 2 * len(LIVE)
    assert outcome.end.hosts_total == 64


@pytest.mark.parametrize("methods", [(), ("syn",)])
def test_who_is_found_before_the_wire_fails_is_told(methods: tuple[str, ...]) -> None:
    class Failing(FakeWire):
        def receive(self, timeout_s: float) -> Arrived:
            if len(self.sent) > 60:
                raise WireError("interface fake0 does not work")
            return super().receive(timeout_s)

    class FailingNetwork(Far):
        def open_packets(self, route, template, first_port, zone, questions):  # type: ignore[no-untyped-def]
            self.wires.append(Failing(template, self.world, self.clock))
            return self.wires[-1]

    heard: set[bytes] = set()

    def world(probe: Probe) -> Iterator[Reply]:
        heard.add(probe.dst)
        yield 0.001, icmp_reply(probe, 0)

    plan = ScanPlan(methods=methods, pings=(Ping("icmp-echo"),), seed=3, max_rate_pps=100.0)
    outcome = run_scan("198.18.0.0/24", "80", FailingNetwork(world, FakeClock()), plan)
    assert {host.address.packed for host in outcome.hosts} < heard
    assert len(outcome.hosts) > 50
    assert {(host.state, host.reason) for host in outcome.hosts} == {("up", "echo-reply")}
    assert outcome.end.problems == ("interface fake0 does not work",)


@pytest.mark.parametrize("methods", [(), ("syn",), ("syn", "udp")])
def test_the_hosts_time_is_kept_while_they_are_looked_for(methods: tuple[str, ...]) -> None:
    """Who was not found by then is not known to be absent."""
    plan = ScanPlan(methods=methods, pings=PINGS, seed=3, max_rate_pps=150.0, host_timeout_s=2.0, traceroute=True)
    outcome = run_scan("198.18.0.0/26", "T:22,U:53", Far(World("echo", 0.0), FakeClock()), plan)
    assert outcome.end.duration_s < 4
    told = {(host.state, host.timed_out) for host in outcome.hosts}
    assert told == {("unknown", True), *([("up", False)] if not methods else [("up", True)])}
    assert len(outcome.hosts) == 64
    assert outcome.verdicts == []


def test_silence_before_the_time_is_up_is_absence() -> None:
    plan = ScanPlan(methods=("syn",), pings=PINGS, seed=3, host_timeout_s=900.0)
    outcome = run_scan("198.18.0.0/26", "22", Far(World("echo", 0.0), FakeClock()), plan)
    assert {(host.state, host.timed_out) for host in outcome.hosts} == {("down", False), ("up", False)}


def test_who_is_pinged_by_nothing_is_not_called_down() -> None:
    outcome = run_scan("198.18.0.2", "1", Far(World("echo", 0.0), FakeClock()), ScanPlan(methods=(), seed=3))
    assert [host.state for host in outcome.hosts] == ["unknown"]


def test_one_answer_settles_a_host() -> None:
    outcome = found("echo", "198.18.0.3", loss=0.0)
    assert len(outcome.network.sent) <= len(PINGS)


def test_who_is_on_the_link_needs_no_ping() -> None:
    network = FakeNetwork(World("echo", 0.0), FakeClock(), absent=frozenset({"198.18.0.5"}))
    outcome = run_scan("198.18.0.4-6", "1", network, ScanPlan(methods=(), pings=PINGS, seed=3))
    told = {str(host.address): (host.state, host.reason) for host in outcome.hosts}
    assert told == {
        "198.18.0.4": ("up", "arp-response"),
        "198.18.0.5": ("down", "no-neighbour"),
        "198.18.0.6": ("up", "arp-response"),
    }
    assert network.sent == []


def test_ipv6_has_no_timestamps_and_no_masks() -> None:
    assert [method.name for method, _ports in pings_for(6, PINGS)] == ["icmp-echo", "syn", "ack", "udp"]
    assert ICMP != ICMP6


@pytest.mark.parametrize("delay_s", [0.01, 0.4])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_a_scan_delay_nobody_is_skipped_while_others_are_settled(delay_s: float, seed: int) -> None:
    """Half of the hosts answer the one ping, half the other, and nobody gets a second of a kind."""

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.protocol == ICMP and probe.dst[-1] % 2 == 0:
            yield 0.001, icmp_reply(probe, 0)
        elif probe.protocol == TCP and probe.dst[-1] % 2:
            yield 0.001, tcp_reply(probe, RST | ACK)

    pings = (Ping("icmp-echo"), Ping("syn", (443,)))
    plan = ScanPlan(methods=(), seed=seed, pings=pings, max_retries=0, scan_delay_s=delay_s)
    outcome = run_scan("198.18.1.0/26", "80", Far(world, FakeClock()), plan)
    assert {host.state for host in outcome.hosts} == {"up"}


@pytest.mark.parametrize("methods", [(), ("syn",)])
def test_an_ipv6_host_is_asked_by_echo_where_no_ping_is_left_for_it(methods: tuple[str, ...]) -> None:
    pings = (Ping("icmp-timestamp"), Ping("icmp-mask"))
    plan = ScanPlan(methods=methods, pings=pings, seed=3)
    outcome = run_scan("198.18.0.2 fd00:18::/122", "22", Far(World("echo", 0.3), FakeClock()), plan)
    up = {host.address.packed[-1] for host in outcome.hosts if host.address.version == 6 and host.state == "up"}
    assert up == LIVE
    told = [problem for problem in outcome.end.problems if "echo" in problem]
    assert told == [
        "the pings that were asked for are IPv4's alone: hosts with IPv6 addresses were pinged by echo requests instead"
    ]
    assert not {probe for probe in outcome.network.sent if probe.family == 4 and probe.packet[20] == 8}


def test_nothing_is_said_where_the_pings_were_sent() -> None:
    plan = ScanPlan(methods=(), pings=(Ping("icmp-timestamp"), Ping("syn", (443,))), seed=3)
    assert run_scan("198.18.0.2 fd00:18::2", "22", Far(World("syn", 0.0), FakeClock()), plan).end.problems == ()
    assert run_scan("198.18.0.2", "22", Far(World("echo", 0.0), FakeClock()), plan).end.problems == ()


def test_pings_fit_into_memory_as_ports_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", 256)
    sizes: list[int] = []

    class Counting(Far):
        def open_packets(self, route, template, first_port, zone, questions):  # type: ignore[no-untyped-def]
            sizes.append(questions)
            return super().open_packets(route, template, first_port, zone, questions)

    plan = ScanPlan(methods=("syn",), pings=(Ping("icmp-echo"), Ping("syn", tuple(range(1, 64)))), seed=3)
    outcome = run_scan("198.18.0.0/28", "22", Counting(World("echo", 0.0), FakeClock()), plan)
    assert len(outcome.hosts) == 16
    assert max(sizes) == 256
