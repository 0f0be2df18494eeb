"""What is asked once more, and what is made of answers that differ. Who answers in a host's stead, ``tests/net`` shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from builders import group
from handshaking import ROOMY, FakeHandshakes, HandshakingNetwork
from scanning import one_by_one, run_scan, scan_of

from hatoba.engine.stages.second_look import differing_ports, worth_it
from hatoba.model import Answer, Deception, Host, Progress, Protocol, ScanPlan, State, Unsteady
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.probes.connect import End, Handshake
from hatoba.results.batch import VERDICT
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, tcp_reply

import numpy as np  # isort: skip

PLAN = ScanPlan(methods=("syn",), seed=1, second_look=True)


class World:
    """*opens(port, n)*: whether the n-th probe for a port is answered as if it were open."""

    def __init__(self, opens: object) -> None:
        self.opens, self.seen = opens, {}  # type: ignore[var-annotated]

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        number = self.seen[probe.dport] = self.seen.get(probe.dport, 0) + 1
        flags = SYN | ACK if self.opens(probe.dport, number) else RST | ACK  # type: ignore[operator]
        yield 0.001, tcp_reply(probe, flags)


def everything_open(ends: Callable[[str, int], Handshake]) -> HandshakingNetwork:
    network = HandshakingNetwork(World(lambda _port, _number: True), FakeClock())
    network.hands = FakeHandshakes(network.clock, ends)
    return network


def test_honest_hosts_are_asked_once_more_and_not_doubted() -> None:
    world = World(lambda port, _number: port in (22, 80))
    (host,) = run_scan("198.18.0.2", "1-100", FakeNetwork(world, FakeClock()), PLAN).hosts
    assert (host.deception, host.unsteady, host.held_ports) == (None, (), None)
    assert world.seen[22] == world.seen[80] == 2


def test_ports_that_answer_in_turns_are_told() -> None:
    world = World(lambda port, number: port == 22 or (port == 7000 and number % 2))
    (host,) = run_scan("198.18.0.2", "22,7000-7020", FakeNetwork(world, FakeClock()), PLAN).hosts
    assert [(found.port, found.states) for found in host.unsteady] == [(7000, (State.OPEN, State.CLOSED))]


def test_ports_that_answer_by_the_flow_are_told() -> None:
    """A balancer that chooses the machine by addresses and ports gives the same flow the same answer."""

    def world(probe: Probe) -> Iterator[Reply]:
        yield 0.001, tcp_reply(probe, SYN | ACK if probe.dport == 22 or probe.sport % 8 < 4 else RST | ACK)

    (host,) = run_scan("198.18.0.2", "22,7000-7020", FakeNetwork(world, FakeClock()), PLAN).hosts
    assert [found.port for found in host.unsteady] == list(range(7000, 7021))


def test_without_a_second_look_nothing_is_asked_again() -> None:
    world = World(lambda port, _number: port == 22)
    run_scan("198.18.0.2", "1-100", FakeNetwork(world, FakeClock()), ScanPlan(methods=("syn",), seed=1))
    assert set(world.seen.values()) == {1}


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (Handshake(End.CUT), Deception.SYN_PROXY),
        (Handshake(End.HELD, 10), Deception.TARPIT),
        (Handshake(End.HELD, 0), Deception.TARPIT),
        (Handshake(End.HELD, 64_240), Deception.ANSWERS_EVERYTHING),
        (Handshake(End.HELD, 0, spoke=True), Deception.ANSWERS_EVERYTHING),
        (Handshake(End.FAILED), Deception.ANSWERS_EVERYTHING),
    ],
)
def test_what_answers_for_every_port(end: Handshake, kind: Deception) -> None:
    network = everything_open(lambda _address, port: ROOMY if port == 22 else end)
    (host,) = run_scan("198.18.0.2", "20-30", network, PLAN).hosts
    assert host.deception is kind
    told = kind is not Deception.ANSWERS_EVERYTHING
    assert host.held_ports == ((22,) if told else None)
    assert len(host.tried_ports) == (6 + 11 if told else 6)
    assert (set(host.tried_ports) >= set(range(20, 31))) is told


def test_a_few_open_ports_of_many_are_tried_the_likeliest() -> None:
    network = everything_open(lambda _address, port: ROOMY if port in (22, 443, 5999) else Handshake(End.CUT))
    (host,) = run_scan("198.18.0.2", "1-6000", network, PLAN).hosts
    assert host.deception is Deception.SYN_PROXY
    assert host.held_ports == (22, 443), "5999 is open, too, and no likely port: it was not tried"
    assert 5999 not in host.tried_ports
    assert len(network.hands.begun) == len(host.tried_ports) <= 6 + 32


def test_many_deceptive_hosts_take_seconds() -> None:
    network = everything_open(lambda _address, _port: Handshake(End.CUT))
    network.hands.lasts_s = 1.0
    hosts = run_scan("198.18.1.0/26", "1-40", network, PLAN).hosts
    assert {host.deception for host in hosts} == {Deception.SYN_PROXY}
    assert network.hands.begun[-1].at_s - network.hands.begun[0].at_s < 5


@pytest.mark.parametrize("ended_by", ["stop", "host timeout"])
def test_connections_end_with_the_scan_and_with_the_hosts_time(ended_by: str) -> None:
    """Then it is known that the hosts answer everything, and not what does so."""
    network = everything_open(lambda _address, _port: Handshake(End.CUT))
    network.hands.lasts_s = 600.0
    scan = scan_of("198.18.1.0/24", "1-20", network, replace(PLAN, host_timeout_s=30.0 if ended_by != "stop" else None))
    started_s, hosts = network.clock.now_s, []
    for event in one_by_one(scan.events()):
        if isinstance(event, Host):
            hosts.append(event)
        if isinstance(event, Progress) and network.hands.begun and ended_by == "stop":
            scan.stop()
    assert network.clock.now_s - started_s < (5 if ended_by == "stop" else 35)
    told = {(host.deception, host.held_ports, host.tried_ports, host.timed_out) for host in hosts}
    assert told == {(Deception.ANSWERS_EVERYTHING, None, (), False)}
    assert len(hosts) == 256
    assert network.hands.closed


def test_the_second_questions_end_with_the_hosts_time() -> None:
    network = FakeNetwork(World(lambda _port, number: number == 1), FakeClock())
    started_s = network.clock.now_s
    run_scan("198.18.0.2", "1-100", network, replace(PLAN, scan_delay_s=1.0, host_timeout_s=110.0))
    assert network.clock.now_s - started_s < 112


def test_nothing_is_missing_because_it_was_not_heard_a_second_time() -> None:
    seen: set[int] = set()

    def once(probe: Probe) -> Iterator[Reply]:
        if probe.dport not in seen:
            yield 0.001, tcp_reply(probe, RST | ACK)
        seen.add(probe.dport)

    told = run_scan("198.18.0.2", "1-100", FakeNetwork(once, FakeClock()), PLAN)
    assert {verdict.state for verdict in told.verdicts} == {State.CLOSED}
    assert told.end.expected_missed < 0.001


def test_what_the_kernel_has_not_is_said_and_ends_nothing() -> None:
    network = everything_open(lambda _address, _port: Handshake(End.CUT))
    network.hands.fails_after = 0
    told = run_scan("198.18.0.2/31", "1-20", network, PLAN)
    assert [(host.deception, host.tried_ports) for host in told.hosts] == [(Deception.ANSWERS_EVERYTHING, ())] * 2
    assert told.end.problems == ("no more files",)
    assert not told.end.interrupted


@pytest.mark.parametrize("hosts", [1, 3])
def test_each_port_that_differs_is_told_with_its_host(hosts: int) -> None:
    group_of = group("198.18.0.0/29", [1, 2, 3][:hosts])[0]
    before, again = np.zeros(4 * hosts, VERDICT), np.zeros(4 * hosts, VERDICT)
    for rows in (before, again):
        rows["host"], rows["port"] = np.repeat([1, 2, 3][:hosts], 4), np.tile([80, 22, 443, 8080], hosts)
        rows["protocol"], rows["answer"], rows["state"] = Protocol.TCP, Answer.SYN_ACK, State.OPEN
    again = again[::-1].copy()
    again["state"][again["port"] == 443], again["answer"][again["port"] == 8080] = State.CLOSED, Answer.NONE
    again["state"][again["port"] == 8080] = State.FILTERED
    differing = differing_ports(group_of, before, again)
    assert differing == {place: (Unsteady(Protocol.TCP, 443, (State.OPEN, State.CLOSED)),) for place in range(hosts)}, (
        "silence is no answer"
    )


def test_a_host_with_few_open_ports_is_not_asked_for_random_ones() -> None:
    world = World(lambda port, _number: port < 10)
    run_scan("198.18.0.2", "1-100", FakeNetwork(world, FakeClock()), PLAN)
    assert max(world.seen) <= 100


def test_of_a_large_scan_only_what_is_open_is_worth_a_second_look() -> None:
    rows = np.zeros(3, VERDICT)
    rows["state"] = [State.OPEN, State.CLOSED, State.FILTERED]
    rows["answer"] = [Answer.SYN_ACK, Answer.RST, Answer.NONE]
    assert worth_it(rows, 100)["state"].tolist() == [State.OPEN, State.CLOSED]
    assert worth_it(rows, 100_000)["state"].tolist() == [State.OPEN]
