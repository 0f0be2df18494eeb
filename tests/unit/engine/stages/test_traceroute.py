"""The way to hosts over a fake network of routers: what is asked and made of the answers (``engine.stages.traceroute``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from routers import CHAIN, RoutedNetwork, Routers, stations, traced
from scanning import run_scan

from hatoba.api.pings import default_pings
from hatoba.engine.stages.hop_probes import MAX_TTL
from hatoba.engine.stages.traceroute import guessed_distance
from hatoba.model import Ping, ScanPlan
from hatoba.packets.layouts import ACK, ICMP, RST, SYN, TCP, UDP
from hatoba.wire.fake import FakeClock, Probe, Reply, icmp_error, icmp_reply, tcp_reply, udp_reply


@pytest.mark.parametrize(("family", "target"), [(4, "198.18.64.3"), (6, "fd00:18:64::3")])
def test_every_station_in_order(family: int, target: str) -> None:
    (host,) = traced(Routers(CHAIN[family]), target).hosts
    assert stations(host) == [*CHAIN[family], target]
    assert host.trace is not None
    assert (host.trace.method, host.trace.port) == ("syn", 22)
    assert all(hop.rtt_s is not None and hop.rtt_s > 0 for hop in host.trace.hops)


def test_what_is_shared_is_asked_once() -> None:
    world = Routers(CHAIN[4])
    outcome = traced(world, "198.18.64.0/26")
    for host in outcome.hosts:
        assert stations(host) == [*CHAIN[4], str(host.address)]
    assert sum(ttl == 1 for _target, ttl in world.asked) == 1
    assert sum(ttl == 2 for _target, ttl in world.asked) == 1


def test_a_router_that_tells_nothing_is_a_gap() -> None:
    (host,) = traced(Routers(CHAIN[4], mute=frozenset({2})), "198.18.64.3").hosts
    assert stations(host) == [CHAIN[4][0], None, CHAIN[4][2], "198.18.64.3"]


def test_a_silent_last_router_is_taken_from_a_neighbour_at_the_same_distance() -> None:
    class Rationed(Routers):
        told = 0

        def __call__(self, probe: Probe) -> Iterator[Reply]:
            if probe.packet[8] == len(self.chain):
                Rationed.told += 1
                if Rationed.told > 1:
                    return
            yield from super().__call__(probe)

    for host in traced(Rationed(CHAIN[4]), "198.18.64.0/29").hosts:
        assert stations(host) == [*CHAIN[4], str(host.address)]


def test_the_probes_for_a_silent_port_vanish_behind_the_last_station_that_tells() -> None:
    (host,) = traced(Routers(CHAIN[4], dropped={80: 2}), "198.18.64.3", "22,80").hosts
    assert host.vanishing is not None
    assert (host.vanishing.port, host.vanishing.hop and host.vanishing.hop.ttl) == (80, 2)
    assert str(host.vanishing.hop and host.vanishing.hop.address) == CHAIN[4][1]


def test_a_host_that_never_answers_is_traced_as_far_as_the_way_tells() -> None:
    (host,) = traced(Routers(CHAIN[4], dropped={22: 3}), "198.18.64.3").hosts
    assert host.state == "unknown"
    assert stations(host) == CHAIN[4]


class Nothing(Routers):
    """Nobody on the way tells of a probe."""

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        return iter(())


@pytest.mark.parametrize(
    ("world", "targets", "most_s"),
    [
        (Nothing, "198.18.64.3", 4.0),
        (Nothing, "198.18.64.1-16", 6.0),
        (lambda chain: Routers(chain, dropped={22: 3, 0: 3}), "198.18.64.3", 4.0),
        (lambda chain: Routers(chain, dropped={22: 3, 0: 3}), "198.18.64.1-16", 6.0),
    ],
)
def test_silence_on_the_way_costs_a_few_seconds_whatever_its_length(
    world: Callable[[list[str]], Routers], targets: str, most_s: float
) -> None:
    """Not one time-out after the other for each station that there might be."""
    with_it, without = (traced(world(CHAIN[4]), targets, traceroute=wanted) for wanted in (True, False))
    assert with_it.end.duration_s - without.end.duration_s < most_s
    for host in with_it.hosts:
        assert stations(host) == ([] if world is Nothing else CHAIN[4])


def test_there_is_no_way_to_an_address_that_is_down() -> None:
    network = RoutedNetwork(Nothing(CHAIN[4]), FakeClock())
    plan = ScanPlan(methods=(), seed=1, traceroute=True, pings=(Ping("icmp-echo"),))
    outcome = run_scan("198.18.64.3", "1", network, plan)
    assert [(host.state, host.trace) for host in outcome.hosts] == [("down", None)]
    assert {probe.packet[8] for probe in network.sent} == {64}, "pings alone"


def test_a_host_found_by_a_ping_is_traced_by_it() -> None:
    network = RoutedNetwork(Routers(CHAIN[4]), FakeClock())
    plan = ScanPlan(methods=(), seed=1, traceroute=True, pings=(Ping("syn", (443,)), Ping("ack", (80,))))
    (host,) = run_scan("198.18.64.3", "1", network, plan).hosts
    assert stations(host)[-1] == "198.18.64.3"
    assert host.trace is not None
    assert (host.trace.method, host.trace.port) in {("syn", 443), ("ack", 80)}


class Picky(Routers):
    """Hosts answer only what *told* names: the type of an ICMP query, or protocol, port and flags."""

    def __init__(self, *told: int | tuple[int, int, int]) -> None:
        super().__init__(CHAIN[4])
        self.told = frozenset(told)

    def arrived(self, probe: Probe) -> Iterator[Reply]:
        query = probe.packet[20] if probe.protocol == ICMP else (probe.protocol, probe.dport, probe.flags)
        if query not in self.told:
            return
        if probe.protocol == ICMP:
            yield 0.01, icmp_reply(probe, {8: 0, 13: 14}[probe.packet[20]])
        elif probe.flags == ACK:
            yield 0.01, tcp_reply(probe, RST, seq=probe.ack)
        else:
            yield 0.01, tcp_reply(probe, SYN | ACK)


@pytest.mark.parametrize(
    ("world", "methods", "ports", "answered"),
    [
        (Picky(8), (), "1", ("icmp-echo", 0)),
        (Picky(13), (), "1", ("icmp-timestamp", 0)),
        (Picky(8), ("syn",), "22", ("icmp-echo", 0)),
        (Picky((TCP, 443, SYN)), ("fin",), "443", ("syn", 443)),
        (Picky((TCP, 80, ACK)), ("syn",), "80", ("ack", 80)),
    ],
)
def test_the_probe_that_was_answered_is_the_one_that_is_repeated(
    world: Picky, methods: tuple[str, ...], ports: str, answered: tuple[str, int]
) -> None:
    """Where several methods ask for the same port, or have none, the others are silent on the last stretch."""
    outcome = traced(world, "198.18.64.0/28", ports, methods=methods, pings=default_pings(32, True, False))
    assert len(outcome.hosts) == 16
    for host in outcome.hosts:
        assert host.trace is not None
        assert (host.trace.method, host.trace.port) == answered
        assert stations(host) == [*CHAIN[4], str(host.address)]


def test_of_several_questions_for_a_udp_port_the_answered_one_is_repeated() -> None:
    """161/udp is asked as SNMPv3, v2c and v1, in turn."""
    second: set[bytes] = set()

    class OldAgent(Routers):
        def arrived(self, probe: Probe) -> Iterator[Reply]:
            if probe.protocol == UDP and probe.payload[:5].endswith(b"\x02\x01\x01"):
                second.add(probe.payload)
                yield 0.01, udp_reply(probe, b"no SNMP, whatever it is")

    (host,) = traced(OldAgent(CHAIN[4]), "198.18.64.3", "U:161", methods=("udp",)).hosts
    assert second
    assert host.trace is not None
    assert (host.trace.method, host.trace.port) == ("udp", 161)
    assert stations(host) == [*CHAIN[4], "198.18.64.3"]


def test_an_error_that_says_nothing_of_the_port_shows_its_host() -> None:
    class Frugal(Routers):
        def arrived(self, probe: Probe) -> Iterator[Reply]:
            yield 0.01, icmp_error(probe, 3, 4, probe.dst)

    (host,) = traced(Frugal(CHAIN[4]), "198.18.64.3").hosts
    assert (host.state, host.reason, host.rtt_s) == ("up", "dest-unreach", None)
    assert stations(host) == [*CHAIN[4], "198.18.64.3"]


def test_a_silent_port_is_asked_for_by_the_method_that_met_the_silence() -> None:
    world = Picky(8)
    outcome = traced(world, "198.18.64.0/28", "443", pings=default_pings(32, True, False))
    for host in outcome.hosts:
        assert host.vanishing is not None
        assert (host.vanishing.port, host.vanishing.hop and host.vanishing.hop.ttl) == (443, 3)
    late = [probe for probe in outcome.network.sent if probe.protocol == TCP and probe.packet[8] < 64]
    assert late
    assert {(probe.dport, probe.flags) for probe in late} == {(443, SYN)}


@pytest.mark.parametrize(
    ("ttl", "distance"), [(64, 1), (61, 4), (128, 1), (120, 9), (255, 1), (250, 6), (32, 1), (33, MAX_TTL), (0, 8)]
)
def test_distance_from_what_is_left_of_the_time_to_live(ttl: int, distance: int) -> None:
    assert guessed_distance(ttl) == distance
