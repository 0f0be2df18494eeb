"""Probes with a short time to live: when they leave, and which of them an answer is about."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from builders import group
from routers import CHAIN, RoutedNetwork, Routers, stations, traced
from scanning import LAB, run_scan, scan_of

from hatoba.engine.setting import Setting
from hatoba.engine.stages.hop_probes import Aim, HopProbes, Told
from hatoba.model import Host, ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ACK, SYN, TCP, UDP
from hatoba.probes import METHODS
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeWire, Probe, Reply, tcp_reply, udp_reply
from hatoba.wire.routes import Route

TARGET = "198.18.64.3"


def ttl_of(probe: Probe) -> int:
    return probe.packet[8]


def short_lived(network: RoutedNetwork) -> list[Probe]:
    return [probe for probe in network.sent if ttl_of(probe) < 64]


def test_the_time_between_two_probes_to_a_host_is_kept_from_the_first_to_the_last() -> None:
    world = Routers(CHAIN[4], mute=frozenset({1, 2}))
    network = RoutedNetwork(world, FakeClock())
    plan = ScanPlan(methods=("syn",), seed=1, traceroute=True, scan_delay_s=5.0)
    run_scan("198.18.64.2-5", "22,80", network, plan)
    assert len(short_lived(network)) > 20
    for target in {probe.dst for probe in network.sent}:
        times = [probe.at_s for probe in network.sent if probe.dst == target]
        assert min(later - earlier for earlier, later in pairwise(times)) >= 4.999


def test_the_highest_rate_holds_for_them_too() -> None:
    network = RoutedNetwork(Routers(CHAIN[4]), FakeClock())
    run_scan("198.18.64.0/28", "22", network, ScanPlan(methods=("syn",), seed=1, traceroute=True, max_rate_pps=2.0))
    times = [probe.at_s for probe in network.sent]
    assert len(short_lived(network)) > 20
    assert (len(times) - 2) / (times[-1] - times[0]) <= 2.0


def test_what_a_wire_has_no_room_for_leaves_later() -> None:
    class Narrow(FakeWire):
        def reserve(self, count: int) -> np.ndarray:
            return super().reserve(min(count, 7))

    class NarrowNetwork(RoutedNetwork):
        def open_packets(
            self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
        ) -> FakeWire:
            self.wires.append(Narrow(template, self.world, self.clock))
            return self.wires[-1]

    wide = traced(Routers(CHAIN[4]), "198.18.64.0/25")
    narrow = run_scan(
        "198.18.64.0/25",
        "22",
        NarrowNetwork(Routers(CHAIN[4]), FakeClock()),
        ScanPlan(methods=("syn",), seed=1, traceroute=True),
    )
    assert [stations(host) for host in narrow.hosts] == [stations(host) for host in wide.hosts]
    assert len(short_lived(narrow.network)) == len(short_lived(wide.network)), "nothing was taken for silent that never left"


def test_the_hosts_time_is_up_for_the_way_as_well() -> None:
    world = Routers(CHAIN[4], mute=frozenset({1, 2, 3}))
    outcome = traced(world, TARGET, host_timeout_s=2.0)
    assert outcome.end.duration_s < 3.0
    (host,) = outcome.hosts
    assert host.timed_out
    assert [verdict.state.word for verdict in outcome.verdicts] == ["open"]
    (in_time,) = traced(Routers(CHAIN[4]), TARGET, host_timeout_s=2.0).hosts
    assert not in_time.timed_out


def test_a_scan_that_is_told_to_stop_asks_no_more() -> None:
    network = RoutedNetwork(Routers(CHAIN[4], mute=frozenset({1, 2, 3})), FakeClock())
    scan = scan_of(TARGET, "22", network, ScanPlan(methods=("syn",), seed=1, traceroute=True, scan_delay_s=5.0))
    for event in scan.events():
        if short_lived(network):
            scan.stop()
        assert not isinstance(event, Host) or event.state == "up"
    assert len(short_lived(network)) == 1


class Probing:
    """Probes to 198.18.0.1, which lies behind *world*."""

    def __init__(self, world: Routers, aim: Aim) -> None:
        clock = FakeClock()
        network = RoutedNetwork(world, clock)
        hosts, targets = group("198.18.0.0/30", [1])
        permitted = Scope((), always=LAB).require(targets)
        self.setting = Setting(ScanPlan(seed=1), permitted, network, 1, clock, lambda: False)
        self.probes = HopProbes(hosts, [aim], self.setting)

    def told(self, *ttls: int) -> dict[int, Told]:
        """By time to live, all asked at once."""
        answers: dict[tuple[int, int], Told] = {}
        for _sign in self.probes.ask([(0, ttl) for ttl in ttls], answers):
            pass
        return {ttl: answer for (_aim, ttl), answer in answers.items()}


@pytest.mark.parametrize("counted", [0, 1])
def test_whatever_a_host_counts_its_answer_is_about_the_probe_that_it_got(counted: int) -> None:
    """Some stacks acknowledge a SYN without counting it."""

    class Counting(Routers):
        def arrived(self, probe: Probe) -> Iterator[Reply]:
            if ttl_of(probe) == 4:
                yield 0.01, tcp_reply(probe, SYN | ACK, ack=probe.seq + counted)

    told = Probing(Counting(["198.18.9.1"]), Aim(0, METHODS["syn"], 22)).told(3, 4, 5, 6)
    assert [ttl for ttl, answer in told.items() if answer.there] == [4]


@pytest.mark.parametrize("method", ["ack", "maimon", "sctp-init", "udp", "ip-protocol"])
def test_an_error_is_about_the_probe_that_it_quotes(method: str) -> None:
    chain = [f"198.18.9.{number}" for number in range(1, 9)]
    port = TCP if method == "ip-protocol" else 123
    told = Probing(Routers(chain), Aim(0, METHODS[method], port)).told(*range(1, 9))
    assert {ttl: answer.address[3] for ttl, answer in told.items()} == {ttl: ttl for ttl in range(1, 9)}


def test_a_datagram_that_repeats_the_cookie_is_about_the_probe_that_had_it() -> None:
    class Clock(Routers):
        def arrived(self, probe: Probe) -> Iterator[Reply]:
            if probe.protocol == UDP and ttl_of(probe) == 3:
                yield 0.01, udp_reply(probe, bytes([0x24]) + bytes(23) + probe.payload[40:48] + bytes(16))

    told = Probing(Clock(["198.18.9.1"]), Aim(0, METHODS["udp"], 123)).told(2, 3, 4, 5)
    assert [ttl for ttl, answer in told.items() if answer.there] == [3]


def test_a_datagram_that_repeats_nothing_is_about_the_latest_probe() -> None:
    class Talker(Routers):
        def arrived(self, probe: Probe) -> Iterator[Reply]:
            if ttl_of(probe) == 3:
                yield 0.01, udp_reply(probe, b"whatever")

    probing = Probing(Talker(["198.18.9.1"]), Aim(0, METHODS["udp"], 7))
    assert not any(answer.there for answer in probing.told(5).values())
    assert [ttl for ttl, answer in probing.told(3).items() if answer.there] == [3]
