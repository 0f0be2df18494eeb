"""The order of things for one group of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from scanning import run_scan

from hatoba.model import Host, ScanPlan
from hatoba.packets.layouts import ACK, RST, SYN, TCP
from hatoba.results.batch import VerdictBatch
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, tcp_reply, udp_reply


def world(probe: Probe) -> Iterator[Reply]:
    """22/tcp and 53/udp are open; all other TCP ports are closed, all other UDP ports silent."""
    if probe.protocol == TCP:
        yield 0.001, tcp_reply(probe, SYN | ACK if probe.dport == 22 else RST | ACK)
    elif probe.dport == 53:
        yield 0.001, udp_reply(probe, b"\0")


def test_methods_ask_in_turn_and_each_host_is_told_once_after_its_last_verdict() -> None:
    network = FakeNetwork(world, FakeClock())
    outcome = run_scan("198.18.0.2-4", "T:22-30,U:53,81", network, ScanPlan(methods=("syn", "udp"), seed=1))
    order = [event for event in outcome.events if isinstance(event, VerdictBatch | Host)]
    methods = [event.method for event in order if isinstance(event, VerdictBatch)]
    assert methods == sorted(methods), "syn has ended before udp begins"
    assert set(methods) == {"syn", "udp"}
    assert [isinstance(event, Host) for event in order[-3:]] == [True] * 3
    assert sum(isinstance(event, Host) for event in order) == 3
    assert len(outcome.verdicts) == 3 * 11
    told = {(verdict.protocol.word, verdict.port): verdict.state.word for verdict in outcome.verdicts}
    assert (told["tcp", 22], told["tcp", 23], told["udp", 53], told["udp", 81]) == ("open", "closed", "open", "open|filtered")
    assert [(entry.method, entry.port_count) for entry in outcome.events[0].asked] == [("syn", 9), ("udp", 2)]  # type: ignore[union-attr]


def test_a_silent_host_that_the_link_showed_is_up() -> None:
    network = FakeNetwork(lambda _probe: (), FakeClock())
    (host,) = run_scan("198.18.0.2", "22", network).hosts
    assert (host.state, host.reason) == ("up", "arp-response")
    assert host.mac == bytes.fromhex("020000000002")


def test_a_timed_out_host_says_so_and_keeps_what_is_known() -> None:
    network = FakeNetwork(world, FakeClock())
    plan = ScanPlan(methods=("syn",), seed=1, max_rate_pps=100.0, host_timeout_s=1.0)
    outcome = run_scan("198.18.0.2", "1-1000", network, plan)
    (host,) = outcome.hosts
    assert host.timed_out
    assert 20 < len(outcome.verdicts) < 300
    assert outcome.end.duration_s < 3


def test_probes_to_one_host_keep_their_distance() -> None:
    network = FakeNetwork(world, FakeClock())
    plan = ScanPlan(methods=("syn", "udp"), seed=1, scan_delay_s=0.25)
    run_scan("198.18.0.2-3", "T:22-30,U:53,81", network, plan)
    for target in {probe.dst for probe in network.sent}:
        times = [probe.at_s for probe in network.sent if probe.dst == target]
        assert min(later - earlier for earlier, later in pairwise(times)) >= 0.2499
