"""Hosts that are asked for different ports, in one leg: each asked for its own ports and no others, each told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

import numpy as np
import pytest
from builders import target_set
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from links import Far
from scanning import Outcome, run_scan

from hatoba.engine import scan as scan_module
from hatoba.engine.crowds import Crowd, crowds
from hatoba.model import Host, Ping, Progress, ScanPlan
from hatoba.packets.layouts import ACK, ICMP, RST, SYN, TCP, UDP
from hatoba.probes import METHODS
from hatoba.results.batch import VerdictBatch
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_reply, tcp_reply, udp_reply

BOTH = (METHODS["syn"], METHODS["udp"])


def world(probe: Probe) -> Iterator[Reply]:
    """TCP: even ports are open, those that three divides silent, the others closed. All UDP ports are open."""
    if probe.protocol == UDP:
        yield 0.001, udp_reply(probe, b"x")
    elif probe.protocol == ICMP:
        yield 0.001, icmp_reply(probe, 0)
    elif probe.dport % 3:
        yield 0.001, tcp_reply(probe, RST | ACK if probe.dport % 2 else SYN | ACK)


def crowds_of(targets: str, most: int = 1 << 21) -> list[Crowd]:
    return list(crowds(target_set(targets, "1").blocks, BOTH, most))


def asked(crowd: Crowd) -> dict[str, dict[str, list[int]]]:
    """By address and method."""
    found: dict[str, dict[str, list[int]]] = {}
    for offset in range(crowd.block.count):
        its = found.setdefault(str(crowd.block.address(offset)), {})
        for questions in crowd.asked_of(np.array([offset])):
            assert questions.counts(1).tolist() == [len(questions.ports)]
            its[questions.method.name] = questions.ports.tolist()
    return found


def test_each_host_of_a_crowd_is_asked_for_its_own_ports() -> None:
    (crowd,) = crowds_of("198.18.0.9:T:22,80 198.18.0.2:T:80,U:53 198.18.0.5:U:53 198.18.0.3:T:443 198.18.0.4:T:443")
    assert asked(crowd) == {
        "198.18.0.2": {"syn": [80], "udp": [53]},
        "198.18.0.3": {"syn": [443]},
        "198.18.0.4": {"syn": [443]},
        "198.18.0.5": {"udp": [53]},
        "198.18.0.9": {"syn": [22, 80]},
    }
    syn, udp = crowd.asked
    assert syn.counts(5).tolist() == [1, 1, 1, 0, 2]
    assert udp.counts(5).tolist() == [1, 0, 0, 1, 0]


def test_a_network_alone_stays_as_it_is() -> None:
    targets = target_set("198.18.0.0/24", "1-10")
    (crowd,) = crowds(targets.blocks, BOTH, 100)
    assert crowd.block is targets.blocks[0]
    assert [(questions.method.name, questions.only) for questions in crowd.asked] == [("syn", None)]


@pytest.mark.parametrize(("most", "sizes"), [(1, [1, 1, 1, 1]), (4, [2, 2]), (8, [2, 2]), (9, [3, 1]), (16, [4])])
def test_no_more_hosts_are_joined_than_fit_with_the_ports_of_all(most: int, sizes: list[int]) -> None:
    found = crowds_of("198.18.0.2:2 198.18.0.3:3 198.18.0.4:4 198.18.0.5:5", most)
    assert [crowd.block.count for crowd in found] == sizes


def test_families_and_zones_are_not_joined() -> None:
    found = crowds_of("198.18.0.2:2 198.18.0.3:3 fd00:18::2 [fd00:18::3]:3 fe80::1%lo fe80::2%lo")
    assert [crowd.block.count for crowd in found] == [2, 2, 2]


def told_once(outcome: Outcome) -> None:
    """Each host after its last verdict."""
    told: set[str] = set()
    for event in outcome.events:
        if isinstance(event, Host):
            assert str(event.address) not in told
            told.add(str(event.address))
        elif isinstance(event, VerdictBatch):
            assert not {str(verdict.address) for verdict in event.verdicts()} & told


PORTS = st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hosts=st.dictionaries(st.integers(2, 60), st.tuples(PORTS, PORTS), min_size=1, max_size=12),
    most=st.sampled_from([1, 7, 40, 1 << 21]),
    far=st.booleans(),
)
def test_every_port_is_told_once_and_rightly_however_hosts_are_joined(
    hosts: dict[int, tuple[list[int], list[int]]], most: int, far: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", most)
    words = []
    expected: dict[tuple[str, str, int], str] = {}
    for last, (tcp, udp) in hosts.items():
        words.append(f"198.18.0.{last}:T:{','.join(map(str, tcp))},U:{','.join(map(str, udp))}")
        for port in tcp:
            expected[f"198.18.0.{last}", "tcp", port] = "filtered" if port % 3 == 0 else "closed" if port % 2 else "open"
        expected |= {(f"198.18.0.{last}", "udp", port): "open" for port in udp}
    network = (Far if far else FakeNetwork)(world, FakeClock(), frozenset({"198.18.0.3"}))
    plan = ScanPlan(methods=("syn", "udp"), seed=1, pings=(Ping("icmp-echo"),) if far else ())
    outcome = run_scan(" ".join(words), "1", network, plan)
    if not far:
        expected = {key: state for key, state in expected.items() if key[0] != "198.18.0.3"}
    assert outcome.states() == expected
    told_once(outcome)
    assert len(outcome.hosts) == len(hosts)
    numbers = {TCP: "tcp", UDP: "udp"}
    sent = {
        (str(ip_address(probe.dst)), numbers[probe.protocol], probe.dport)
        for probe in network.sent
        if probe.protocol in numbers
    }
    assert sent == set(expected)
    last = [event for event in outcome.events if isinstance(event, Progress)][-1]
    assert last.settled == last.total == len(expected)


def test_many_targets_with_a_port_of_their_own_are_one_leg() -> None:
    targets = " ".join(f"198.18.1.{n}:{1000 + 3 * n}" for n in range(1, 101))
    outcome = run_scan(targets, "80", FakeNetwork(lambda _probe: (), FakeClock()))
    assert len(outcome.network.wires) == 1
    assert outcome.end.duration_s < 2
    assert Counter(state for state in outcome.states().values()) == {"filtered": 100}


def test_a_host_is_doubted_by_its_own_ports_only() -> None:
    """Of two ports that it is asked for both are open, which few hosts have; the other hosts' ports say nothing of it."""
    asked_of: dict[bytes, set[int]] = {}

    def all_open(probe: Probe) -> Iterator[Reply]:
        asked_of.setdefault(probe.dst, set()).add(probe.dport)
        is_open = probe.dst[-1] == 2 and probe.dport < 10_000
        yield 0.001, tcp_reply(probe, SYN | ACK if is_open else RST | ACK)

    plan = ScanPlan(methods=("syn",), seed=1, second_look=True)
    run_scan("198.18.0.2:22,80 198.18.0.3:100-200", "1", FakeNetwork(all_open, FakeClock()), plan)
    assert any(port >= 10_000 for port in asked_of[ip_address("198.18.0.2").packed])
    assert asked_of[ip_address("198.18.0.3").packed] == set(range(100, 201))


def test_who_is_found_absent_takes_its_ports_along() -> None:
    def one_is_there(probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] == 3:
            yield from world(probe)

    plan = ScanPlan(methods=("syn",), seed=1, pings=(Ping("icmp-echo"),))
    outcome = run_scan("198.18.0.2:1-5 198.18.0.3:4,8 198.18.0.4:9", "1", Far(one_is_there, FakeClock()), plan)
    assert outcome.states() == {("198.18.0.3", "tcp", 4): "open", ("198.18.0.3", "tcp", 8): "open"}
    told_once(outcome)
    assert {str(host.address): host.state for host in outcome.hosts} == {
        "198.18.0.2": "down",
        "198.18.0.3": "up",
        "198.18.0.4": "down",
    }
    last = [event for event in outcome.events if isinstance(event, Progress)][-1]
    assert last.settled == last.total == 2
