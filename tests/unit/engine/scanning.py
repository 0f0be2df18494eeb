"""Scans over the fake network, as short as a test can say them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from hatoba.engine.scan import Event, Scan
from hatoba.engine.setting import protocols_of
from hatoba.model import Host, Protocol, ScanEnd, ScanPlan, Shard, Verdict
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeNetwork, World

LAB = (ip_network("198.18.0.0/15"), ip_network("fd00:18::/32"))


@dataclass
class Outcome:
    """What a scan told, sorted for looking up."""

    events: list[Event]
    verdicts: list[Verdict]
    hosts: list[Host]
    end: ScanEnd
    network: FakeNetwork

    def state(self, address: str, port: int) -> str:
        (found,) = [v for v in self.verdicts if str(v.address) == address and v.port == port]
        return found.state.word

    def states(self) -> dict[tuple[str, str, int], str]:
        """By address, protocol and port."""
        found = {(str(v.address), v.protocol.word, v.port): v.state.word for v in self.verdicts}
        assert len(found) == len(self.verdicts), "a port was told twice"
        return found


def fake_scan(targets: str, ports: str, world: World, plan: ScanPlan | None = None, **network_options: object) -> Outcome:
    network = FakeNetwork(world, FakeClock(), **network_options)  # type: ignore[arg-type]
    return run_scan(targets, ports, network, plan)


def run_scan(
    targets: str, ports: str, network: FakeNetwork, plan: ScanPlan | None = None, shard: Shard | None = None
) -> Outcome:
    events = list(one_by_one(scan_of(targets, ports, network, plan, shard).events()))
    verdicts = [verdict for event in events if isinstance(event, VerdictBatch) for verdict in event.verdicts()]
    hosts = [event for event in events if isinstance(event, Host)]
    end = events[-1]
    assert isinstance(end, ScanEnd)
    return Outcome(events, verdicts, hosts, end, network)


def one_by_one(events: Iterable[Event]) -> Iterator[Event]:
    """Hosts that are told in a batch as well, each by itself."""
    for event in events:
        if isinstance(event, HostBatch):
            yield from event
        else:
            yield event


def scan_of(targets: str, ports: str, network: FakeNetwork, plan: ScanPlan | None = None, shard: Shard | None = None) -> Scan:
    """A scan that has not begun."""
    plan = plan or ScanPlan(methods=("syn",), seed=1)
    default = protocols_of(plan.methods) or Protocol.TCP
    asked = parse_ports(ports, default=default)
    built = build_targets(targets.split(), ports=asked, families=frozenset({4, 6}), shard=shard)
    permitted = Scope((), always=LAB).require(built.targets)
    return Scan(plan, permitted, network=network, clock=network.clock)
