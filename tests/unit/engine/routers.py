"""A fake network of routers: every host lies behind the same chain of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from scanning import Outcome, run_scan

from hatoba.model import Host, ScanPlan, Trace
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
        yield from self.arrived(probe)

    def arrived(self, probe: Probe) -> Iterator[Reply]:
        """What the host answers."""
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
    chosen = {"methods": ("syn",), "seed": 1, "traceroute": True} | plan
    return run_scan(targets, ports, network, ScanPlan(**chosen))  # type: ignore[arg-type]


def stations(host: Host) -> list[str | None]:
    assert isinstance(host.trace, Trace)
    assert [hop.ttl for hop in host.trace.hops] == list(range(1, len(host.trace.hops) + 1))
    return [None if hop.address is None else str(hop.address) for hop in host.trace.hops]


CHAIN = {
    4: ["198.18.0.254", "198.18.9.1", "198.18.9.2"],
    6: ["fd00:18::fe", "fd00:18:9::1", "fd00:18:9::2"],
}
