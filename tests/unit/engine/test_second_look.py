"""What is asked once more, and what is made of answers that differ. Who answers in a host's stead, ``tests/net`` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from scanning import run_scan

from hatoba.engine.second_look import worth_it
from hatoba.model import Answer, Deception, ScanPlan, State
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.results.batch import VERDICT
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, tcp_reply
from hatoba.wire.handshakes import End, Handshake

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


class Holding(FakeNetwork):
    """Handshakes end as *ends* says, by port; all others fail."""

    ends: dict[int, Handshake]
    default = Handshake(End.FAILED)

    def handshakes(self) -> Holding:
        return self

    def hold(self, packed: bytes, ports: Sequence[int], zone: str | None = None) -> dict[int, Handshake]:
        return {port: self.ends.get(port, self.default) for port in ports}


def test_honest_hosts_are_asked_once_more_and_not_doubted() -> None:
    world = World(lambda port, _number: port in (22, 80))
    (host,) = run_scan("198.18.0.2", "1-100", FakeNetwork(world, FakeClock()), PLAN).hosts
    assert (host.deception, host.unsteady, host.held_ports) == (None, (), ())
    assert world.seen[22] == world.seen[80] == 2


def test_ports_that_answer_in_turns_are_told() -> None:
    world = World(lambda port, number: port == 22 or (port == 7000 and number % 2))
    (host,) = run_scan("198.18.0.2", "22,7000-7020", FakeNetwork(world, FakeClock()), PLAN).hosts
    assert [(found.port, found.states) for found in host.unsteady] == [(7000, (State.OPEN, State.CLOSED))]


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
    network = Holding(World(lambda _port, _number: True), FakeClock())
    network.default, network.ends = end, {22: Handshake(End.HELD, 64_240)}
    (host,) = run_scan("198.18.0.2", "20-30", network, PLAN).hosts
    assert host.deception is kind
    assert host.held_ports == (() if kind is Deception.ANSWERS_EVERYTHING else (22,))


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
