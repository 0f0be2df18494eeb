"""The way to hosts over a fake network of routers: what is asked, and what is made of the answers (``engine.hop_probes``,
``engine.traceroute``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest
from scanning import Outcome, run_scan

from hatoba.engine.hop_probes import MAX_TTL
from hatoba.engine.traceroute import guessed_distance
from hatoba.model import Host, Ping, ScanPlan, Trace
from hatoba.packets.layouts import ACK, RST, SYN, TCP
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_error, tcp_reply
from hatoba.wire.routes import Link, Route, Way

TIME_EXCEEDED = {4: (11, 0), 6: (3, 0)}
GATEWAY = {4: "198.18.0.254", 6: "fd00:18::fe"}


@dataclass
class Routers:
    """A chain of routers before every host. Ports in *dropped* are swallowed by the router at that distance."""

    chain: list[str]
    open_ports: frozenset[int] = frozenset({22})
    dropped: Mapping[int, int] = field(default_factory=dict)
    mute: frozenset[int] = frozenset()
    """Distances of routers that tell nothing."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    """(target, time to live) of each probe that did not arrive."""

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        ttl = probe.packet[8 if probe.family == 4 else 7]
        if ttl <= len(self.chain):
            self.asked.append((str(ip_address(probe.dst)), ttl))
        if probe.dport in self.dropped and ttl > self.dropped[probe.dport]:
            return
        if ttl <= len(self.chain):
            if ttl not in self.mute:
                yield 0.001 * ttl, icmp_error(probe, *TIME_EXCEEDED[probe.family], ip_address(self.chain[ttl - 1]).packed)
            return
        if probe.protocol == TCP:
            flags = SYN | ACK if probe.dport in self.open_ports else RST | ACK
            yield 0.01, tcp_reply(probe, flags, ttl=64 - len(self.chain))


class RoutedNetwork(FakeNetwork):
    """Everything lies behind one gateway."""

    def ways(self, family: int, ranges: object, zone: str | None) -> Iterator[Way]:
        link = Link(1, "fake0", bytes.fromhex("020000000001"), ethernet=True, up=True)
        source = ip_address("198.18.0.1" if family == 4 else "fd00:18::1").packed
        gateway = ip_address(GATEWAY[family]).packed
        for first, last in ranges:  # type: ignore[attr-defined]
            yield Way(first, last, Route(link, source, gateway, False))


def traced(world: Routers, targets: str, ports: str = "22", **plan: object) -> Outcome:
    network = RoutedNetwork(world, FakeClock())
    chosen = ScanPlan(methods=("syn",), seed=1, traceroute=True, **plan)  # type: ignore[arg-type]
    return run_scan(targets, ports, network, chosen)


def stations(host: Host) -> list[str | None]:
    assert isinstance(host.trace, Trace)
    assert [hop.ttl for hop in host.trace.hops] == list(range(1, len(host.trace.hops) + 1))
    return [None if hop.address is None else str(hop.address) for hop in host.trace.hops]


CHAIN = {
    4: ["198.18.0.254", "198.18.9.1", "198.18.9.2"],
    6: ["fd00:18::fe", "fd00:18:9::1", "fd00:18:9::2"],
}


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


def test_a_host_found_by_a_ping_is_traced_by_it() -> None:
    network = RoutedNetwork(Routers(CHAIN[4]), FakeClock())
    plan = ScanPlan(methods=(), seed=1, traceroute=True, pings=(Ping("syn", (443,)), Ping("ack", (80,))))
    (host,) = run_scan("198.18.64.3", "1", network, plan).hosts
    assert stations(host)[-1] == "198.18.64.3"
    assert host.trace is not None
    assert (host.trace.method, host.trace.port) in {("syn", 443), ("ack", 80)}


@pytest.mark.parametrize(
    ("ttl", "distance"), [(64, 1), (61, 4), (128, 1), (120, 9), (255, 1), (250, 6), (32, 1), (33, MAX_TTL), (0, 8)]
)
def test_distance_from_what_is_left_of_the_time_to_live(ttl: int, distance: int) -> None:
    assert guessed_distance(ttl) == distance
