"""Shards of one scan: disjoint, and together what the whole scan finds, whatever is asked and however."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from links import Far
from scanning import Outcome, run_scan

from hatoba.engine import scan as scan_module
from hatoba.model import Ping, ScanInfo, ScanPlan, Shard
from hatoba.packets.layouts import ACK, ICMP, RST, SYN, UDP
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_reply, tcp_reply, udp_reply

TARGETS = (
    "198.18.0.2-40 198.18.1.7:81,82 198.18.1.9:83 198.18.1.10:84 fd00:18::2 fd00:18::4/126 fd00:18::ffff:ffff:ffff:fffc/125"
)
ECHO = (Ping("icmp-echo"),)


def world(probe: Probe) -> Iterator[Reply]:
    """Every third address is nobody's; ports 22 and 82 are open."""
    if probe.dst[-1] % 3 == 0:
        return
    if probe.protocol == ICMP:
        yield 0.001, icmp_reply(probe, 0 if probe.family == 4 else 129)
    elif probe.protocol == UDP:
        yield 0.001, udp_reply(probe, b"x")
    else:
        yield 0.001, tcp_reply(probe, SYN | ACK if probe.dport in (22, 82) else RST | ACK)


def shards(count: int, plan: ScanPlan, kind: type[FakeNetwork] = FakeNetwork, targets: str = TARGETS) -> list[Outcome]:
    """What each of so many machines tells; each draws its own seed, as machines that don't know of each other do."""
    return [
        run_scan(targets, "T:22,23,U:53", kind(world, FakeClock()), plan, Shard(number, count))
        for number in range(1, count + 1)
    ]


def together(outcomes: list[Outcome]) -> dict[tuple[str, str, int], str]:
    told = [item for outcome in outcomes for item in outcome.states().items()]
    assert len(told) == len(dict(told)), "two shards told of one port"
    return dict(told)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(1, 6),
    methods=st.sampled_from([("syn",), ("udp",), ("syn", "udp"), ("fin", "udp")]),
    pings=st.sampled_from([(), ECHO]),
    most=st.sampled_from([1, 5, 1 << 21]),
)
def test_shards_tell_together_what_the_whole_tells(
    count: int, methods: tuple[str, ...], pings: tuple[Ping, ...], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", most)
    plan = ScanPlan(methods=methods, pings=pings)
    whole = run_scan(TARGETS, "T:22,23,U:53", Far(world, FakeClock()), plan)
    parts = shards(count, plan, Far)
    assert together(parts) == whole.states()
    assert Counter((str(host.address), host.state) for part in parts for host in part.hosts) == Counter(
        (str(host.address), host.state) for host in whole.hosts
    )
    assert sum(part.end.hosts_total for part in parts) == whole.end.hosts_total


@pytest.mark.parametrize(
    "plan", [ScanPlan(methods=("syn",), pings=ECHO, second_look=True, traceroute=True), ScanPlan(pings=ECHO, methods=())]
)
def test_no_packet_goes_to_another_shards_host(plan: ScanPlan) -> None:
    """Neither to find it, nor to look again, nor to find the way to it."""
    asked: list[set[bytes]] = []
    for number in (1, 2, 3):
        network = Far(world, FakeClock())
        outcome = run_scan(TARGETS, "22-40", network, plan, Shard(number, 3))
        asked.append({probe.dst for probe in network.sent})
        assert asked[-1] == {host.address.packed for host in outcome.hosts}
    assert sum(map(len, asked)) == len(set.union(*asked)) == 39 + 3 + 1 + 4 + 8


def test_on_the_link_too_each_machine_looks_for_its_own_neighbours() -> None:
    parts = shards(3, ScanPlan(methods=("syn",)), targets="198.18.0.0/26")
    looked_for = [set(asker.asked) for part in parts for asker in part.network.askers]
    assert sum(map(len, looked_for)) == len(set.union(*looked_for)) == 64


def test_a_scan_says_which_shard_it_is() -> None:
    part = run_scan("198.18.0.0/28", "22", FakeNetwork(world, FakeClock()), shard=Shard(2, 3))
    info = part.events[0]
    assert isinstance(info, ScanInfo)
    assert (info.shard, info.all_addresses) == (Shard(2, 3), 16)
    assert info.address_count == len(part.hosts) < 16


def test_an_empty_shard_ends_at_once() -> None:
    outcomes = shards(5, ScanPlan(methods=("syn", "udp")), targets="198.18.0.2")
    assert sorted(len(outcome.hosts) for outcome in outcomes) == [0, 0, 0, 0, 1]
    empty = next(outcome for outcome in outcomes if not outcome.hosts)
    assert (empty.end.probes_sent, empty.end.problems, empty.end.interrupted) == (0, (), False)
    assert [str(ip_address(probe.dst)) for probe in empty.network.sent] == []
