"""Hosts are asked for the manners of their systems, on the fake wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from resuming import Cuttable
from scanning import Outcome, run_scan, scan_of

from hatoba.identify.systems.reading import read
from hatoba.model import Host, Ping, ScanPlan
from hatoba.packets.layouts import TCP
from hatoba.probes.system import BARE, DATAGRAM, ECHO, ECN, FULL, NO_SCALE, PROBES, SMALL, TO_ACK, TO_FIN, TO_SYN_ACK, TURN_S
from hatoba.results.batch import VerdictBatch
from hatoba.system import Observation
from hatoba.wire.base import Arrived
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, Probe, Reply, World
from tests.personalities import Personality
from tests.unit.engine.test_slow_connects import Connections, Far

TARGET = {4: "198.18.0.2", 6: "fd00:18::2"}
OPEN, CLOSED = (22, 80), 23


def world_of(host: Personality, clock: Callable[[], float], lost: Callable[[Probe], bool] = lambda _probe: False) -> World:
    def world(probe: Probe) -> Iterator[Reply]:
        answer = None if lost(probe) else host.answers(probe.packet, clock())
        if answer is not None:
            yield 0.001, answer

    return world


def observed(
    host: Personality | None = None,
    target: str = TARGET[4],
    ports: str = "22,23,80",
    lost: Callable[[Probe], bool] = lambda _probe: False,
    local: bool = False,
    **plan: object,
) -> tuple[tuple[Observation, ...], Outcome]:
    clock = FakeClock()
    network = FakeNetwork(world_of(host or Personality(), clock, lost), clock, local=local)
    chosen = {"methods": ("syn",), "seed": 1, "systems": True, "second_look": False} | plan
    done = run_scan(target, ports, network, ScanPlan(**chosen))  # type: ignore[arg-type]
    return done.hosts[0].observations, done


def names(observations: tuple[Observation, ...], port: int) -> dict[str, int]:
    """How often each probe went to *port*."""
    count: dict[str, int] = {}
    for one in observations:
        if one.port == port:
            count[one.probe] = count.get(one.probe, 0) + 1
    return count


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_asked_and_that_all_is_answered(family: int) -> None:
    observations, done = observed(target=TARGET[family])
    assert all(one.at_s is not None and read(one.packet) is not None for one in observations)
    first, other = sorted(OPEN, key=lambda port: -len(names(observations, port)))
    whole = {FULL: 3, SMALL: 1, NO_SCALE: 1, BARE: 1, ECN: 1, TO_ACK: 1, TO_FIN: 1, TO_SYN_ACK: 1}
    assert names(observations, first) == whole
    assert names(observations, other) == {FULL: 3, SMALL: 1}
    assert names(observations, CLOSED) == {FULL: 2, TO_ACK: 1, TO_FIN: 1, TO_SYN_ACK: 1}
    assert names(observations, 0) == {ECHO: 2}
    assert sum(one.probe == DATAGRAM for one in observations) == 1
    assert done.end.probes_sent == len(done.network.sent)


def test_one_that_was_not_to_be_asked_is_not() -> None:
    observations, done = observed(systems=False)
    assert observations == ()
    assert len(done.network.sent) == 3


def test_turns_are_a_tenth_of_a_second_apart() -> None:
    observations, _done = observed()
    asked_s = sorted(one.sent_s for one in observations if one.probe == FULL and one.port == 80)
    assert [round(at_s - asked_s[0], 2) for at_s in asked_s] == [0.0, 2 * TURN_S, 5 * TURN_S]


@pytest.mark.parametrize("every", [2, 3])
def test_what_was_lost_is_asked_again(every: int) -> None:
    count = 0

    def lost(_probe: Probe) -> bool:
        nonlocal count
        count += 1
        return count % every == 0

    observations, _done = observed(lost=lost, max_retries=6)
    silent = [one for one in observations if one.at_s is None]
    assert len(silent) < len(observations) / every / every


def test_silence_is_told_as_silence_after_three_times() -> None:
    swallowed = frozenset({(25, 2), (25, 16), (25, 17)})
    observations, done = observed(Personality(swallowed=swallowed), ports="22,23,25", max_retries=0)
    silent = [one for one in observations if one.port == 25]
    assert {one.probe for one in silent} == {TO_ACK, TO_FIN}
    assert all(one.at_s is None and one.packet == b"" for one in silent)
    assert sum(probe.dport == 25 and probe.flags & 16 > 0 for probe in done.network.sent) == 3 * len(silent)


def test_with_a_limit_only_hosts_that_show_both_kinds_of_ports() -> None:
    assert observed(ports="22,80", systems_limit=True)[0] == ()
    assert observed(ports="22,80")[0]
    assert observed(ports="22,23", systems_limit=True)[0]


def test_a_host_without_an_open_port_is_asked_what_it_can_be() -> None:
    observations, _done = observed(ports="23")
    assert {one.probe for one in observations} == {FULL, TO_ACK, TO_FIN, TO_SYN_ACK, ECHO, DATAGRAM}


def test_forged_answers_are_no_answers() -> None:
    """Wrong numbers, wrong ports, and another host's."""
    host = Personality()

    def world(probe: Probe) -> Iterator[Reply]:
        answer = bytearray(host.answers(probe.packet, 0.0) or b"")
        if probe.protocol != TCP or probe.packet[20 + 12] >> 4 == 6:  # a scan's own SYN is answered truly
            yield 0.001, bytes(answer)
            return
        for at in (20 + 11, 20 + 7) if probe.flags & 16 else (20 + 11,):
            answer[at] ^= 0x40
        yield 0.001, bytes(answer)
        elsewhere = bytearray(host.answers(probe.packet, 0.0) or b"")
        elsewhere[12:16] = bytes([198, 18, 0, 77])
        yield 0.001, bytes(elsewhere)

    network = FakeNetwork(world, FakeClock())
    done = run_scan(TARGET[4], "22,23", network, ScanPlan(methods=("syn",), seed=1, systems=True, second_look=False))
    told = [one for one in done.hosts[0].observations if one.probe not in (ECHO, DATAGRAM)]
    assert told
    assert all(one.at_s is None for one in told)


def test_each_repeat_is_told_from_the_others() -> None:
    """Three equal questions from one port: their answers' clocks differ."""
    observations, _done = observed()
    for port in OPEN:
        stamps = [options.stamp for one in observations if one.probe == FULL and one.port == port
                  if (answer := read(one.packet)) and (options := answer.options)]  # fmt: skip
        assert len(set(stamps)) == 3


def test_delay_between_probes_is_kept() -> None:
    _observations, done = observed(scan_delay_s=0.3)
    at_s = [probe.at_s for probe in done.network.sent]
    assert min(later - earlier for earlier, later in pairwise(at_s)) >= 0.3 - 1e-9


def test_no_probe_to_an_own_address_meets_itself() -> None:
    first_port = 61_440
    ports = ",".join(str(first_port + probe.slot) for probe in PROBES)
    open_ports = frozenset(range(first_port, first_port + 16))
    _observations, done = observed(Personality(open_ports=open_ports), ports=ports, local=True)
    assert all(probe.sport != probe.dport for probe in done.network.sent if probe.protocol == TCP)


def test_every_probe_leaves_from_the_port_that_the_user_named() -> None:
    observations, done = observed(source_port=61_440)
    asked = [probe for probe in done.network.sent if probe.protocol == TCP]
    assert {probe.sport for probe in asked} == {61_440}
    assert all(one.at_s is not None for one in observations)


def test_at_the_end_of_its_time_a_host_is_left() -> None:
    observations, done = observed(host_timeout_s=0.3)
    assert observations == ()
    assert done.hosts[0].timed_out


def test_an_answer_to_the_second_question_is_none_to_the_first() -> None:
    """The first of three equal questions was lost: it is asked again, and not taken for answered with the others."""
    first: list[Probe] = []

    def lost(probe: Probe) -> bool:
        if probe.dport == 22 and probe.protocol == TCP and probe.packet[20 + 12] >> 4 == 10 and not first:
            first.append(probe)
            return True
        return False

    observations, _done = observed(ports="22", lost=lost)
    assert first
    asked = [one for one in observations if one.probe == FULL and one.port == 22]
    assert len({one.packet for one in asked}) == 3
    assert max(one.sent_s for one in asked) > first[0].at_s + 5 * TURN_S


def test_ports_that_connect_found_are_asked_with_packets_of_our_own() -> None:
    clock = FakeClock()
    network = Far(world_of(Personality(open_ports=frozenset({22, 80, 443})), clock), clock)
    network.connections = Connections(clock, 0.01)
    done = run_scan(TARGET[4], "22,80", network, ScanPlan(methods=("connect",), seed=1, systems=True, second_look=False))
    observations = done.hosts[0].observations
    assert network.askers, "packets of our own need a hardware address"
    assert {one.port for one in observations if one.probe == FULL} == {22, 80}
    assert all(one.at_s is not None for one in observations)


def test_what_was_known_of_a_host_belongs_to_it_when_others_are_left_out(tmp_path: Path) -> None:
    """Gone on with: the first host has gone, the second one's open port is known already."""
    plan = ScanPlan(methods=("syn",), seed=1, systems=True, second_look=False, pings=(Ping("icmp-echo"),))
    gone = False

    def world() -> World:
        clock = FakeClock()
        host = world_of(Personality(open_ports=frozenset({22})), clock)
        return lambda probe: () if gone and probe.dst[-1] == 2 else host(probe)

    scan = Cuttable(tmp_path / "x.jsonl", "198.18.0.2 198.18.0.3", "22,23,25", world, plan, routed=True)
    lines = scan.run()
    kept = [line for line in lines if line["type"] in ("scan", "found") or (line["type"] == "port" and line["port"] != 25)]
    kept = [line for line in kept if line["type"] != "found" and line.get("address") != "198.18.0.2"]
    scan.path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    gone = True
    scan.resume()
    stamped = [probe for probe in scan.sent if probe.protocol == TCP and probe.dport == 22 and probe.dst[-1] == 3]
    assert len(stamped) >= 10, "its open port was asked in every way"


def test_a_host_on_the_link_that_answers_on_no_port_is_asked_too() -> None:
    """Its hardware address shows that it is there."""
    swallowed = frozenset({(25, 2), (25, 16), (25, 17)})
    observations, done = observed(Personality(swallowed=swallowed), ports="25", max_retries=0)
    assert done.hosts[0].state == "up"
    assert {one.probe for one in observations if one.at_s is not None} == {ECHO, DATAGRAM}


def test_what_arrived_while_nobody_listened_is_heard() -> None:
    """The process is held up for longer than it would have waited, each time after it has listened; what is asked for the last
    time is answered, and nothing before."""
    clock = FakeClock()
    host, asked = Personality(), Counter[bytes]()

    def world(probe: Probe) -> Iterator[Reply]:
        asked[probe.packet] += 1
        if network.open_packets == plain or asked[probe.packet] == 3:
            yield 7.0 if asked[probe.packet] == 3 else 0.01, host.answers(probe.packet, clock()) or b""

    network = FakeNetwork(world, clock)
    plain = network.open_packets

    def held_up(*given: Any) -> FakeWire:
        wire = plain(*given)
        receive = wire.receive

        def late(timeout_s: float) -> Arrived:
            arrived = receive(timeout_s)
            clock.now_s += 5.0
            return arrived

        wire.receive = late  # type: ignore[method-assign]
        return wire

    plan = ScanPlan(methods=("syn",), seed=1, systems=True, second_look=False)
    scan = scan_of(TARGET[4], "22,23,80", network, plan)
    found: tuple[Observation, ...] = ()
    for event in scan.events():
        if isinstance(event, VerdictBatch) and network.open_packets == plain:
            network.open_packets = held_up  # type: ignore[method-assign]
        if isinstance(event, Host):
            found = event.observations
    assert found
    assert all(one.at_s is not None for one in found)
