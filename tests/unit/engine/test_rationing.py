"""Hosts that hold ICMP errors back as Linux does, over the fake network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from scanning import Outcome, run_scan

from hatoba.model import ScanPlan
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_error, udp_reply

PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
TARGET = {4: "198.18.0.2", 6: "fd00:18::2"}


@dataclass
class Rationed:
    """All ports are closed, but for the *silent* ones and the *talkative*; errors come from a bucket of tokens."""

    per_s: float = 1.0
    burst: float = 6.0
    silent: frozenset[int] = frozenset()
    talkative: frozenset[int] = frozenset()
    tokens: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        if probe.dport in self.talkative:
            yield 0.001, udp_reply(probe, b"here")
            return
        if probe.dport in self.silent:
            return
        self.tokens = min(self.burst, self.tokens + (probe.at_s - self.at_s) * self.per_s)
        self.at_s = probe.at_s
        if self.tokens >= 1:
            self.tokens -= 1
            yield 0.001, icmp_error(probe, *PORT_UNREACHABLE[probe.family], probe.dst)


def udp_scan(world: Rationed, ports: str, family: int = 4, **plan: object) -> Outcome:
    network = FakeNetwork(world, FakeClock())
    chosen = ScanPlan(methods=("udp",), seed=1, **plan)  # type: ignore[arg-type]
    return run_scan(TARGET[family], ports, network, chosen)


def states(outcome: Outcome) -> dict[int, str]:
    return {verdict.port: verdict.state.word for verdict in outcome.verdicts}


@pytest.mark.parametrize("family", [4, 6])
def test_a_host_that_rations_is_recognised_and_told(family: int) -> None:
    world = Rationed(talkative=frozenset({20_050}))
    outcome = udp_scan(world, "20000-20199", family)
    counts = outcome.end.counts
    assert counts["open"] == 1
    assert 6 <= counts["closed"] <= 12
    assert counts["closed"] + counts["closed|filtered"] == 199
    assert "rations its ICMP errors" in " ".join(outcome.end.problems)
    assert outcome.end.duration_s < 5


def test_ports_with_a_question_of_their_own_are_not_said_to_be_closed() -> None:
    found = states(udp_scan(Rationed(), "53,123,20000-20199"))
    assert {found[53], found[123]} <= {"open|filtered", "closed"}


def test_silence_of_a_host_that_does_not_ration_is_silence() -> None:
    silent = frozenset(range(20_000, 20_100))
    outcome = udp_scan(Rationed(per_s=1e9, burst=1e9, silent=silent), "20000-20199")
    found = states(outcome)
    assert {found[port] for port in silent} == {"open|filtered"}
    assert outcome.end.counts == {"open|filtered": 100, "closed": 100}
    assert outcome.end.problems == ()


def test_a_host_that_limits_bursts_alone_is_heard_out() -> None:
    outcome = udp_scan(Rationed(per_s=1000.0, burst=50.0), "20000-20399")
    assert outcome.end.counts["closed"] > 350


@pytest.mark.parametrize("family", [4, 6])
def test_proof_takes_about_a_second_a_port_and_is_right(family: int) -> None:
    silent = frozenset({20_003, 20_010})
    outcome = udp_scan(Rationed(silent=silent), "20000-20029", family, prove_closed=True)
    found = states(outcome)
    assert {port for port, state in found.items() if state != "closed"} == silent
    assert {found[port] for port in silent} == {"open|filtered"}
    assert 20 < outcome.end.duration_s < 60
    assert outcome.end.problems == ()


def test_few_silent_ports_are_asked_for_as_long_as_that_brings_news() -> None:
    outcome = udp_scan(Rationed(), "20000-20015")
    assert outcome.end.counts == {"closed": 16}
