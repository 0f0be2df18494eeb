"""Hosts that hold ICMP errors back as Linux does, over the fake network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from scanning import Outcome, fake_scan, run_scan
from worlds import ADMIN_PROHIBITED, NO_PROTOCOL, ROUTER, FaultyWorld

from hatoba.model import Reason, ScanPlan
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, World, icmp_error, udp_reply

PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
TARGET = {4: "198.18.0.2", 6: "fd00:18::2"}
TWO = "198.18.0.2 198.18.0.3"


@dataclass
class Rationed:
    """All ports are closed, but for the *silent* ones and the *talkative*; errors come from a bucket of tokens, which all
    addresses share, as those of one machine do."""

    per_s: float = 1.0
    burst: float = 6.0
    silent: frozenset[int] = frozenset()
    talkative: frozenset[int] = frozenset()
    tokens: float = field(init=False)
    at_s: float = 0.0
    router: bool = False
    """Ports are not closed but rejected, by a router."""
    protocols: bool = False
    """There are no such protocols, instead of nobody on ports."""

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
            closed = NO_PROTOCOL if self.protocols else PORT_UNREACHABLE
            error, sender = (ADMIN_PROHIBITED, ROUTER[probe.family]) if self.router else (closed, probe.dst)
            yield 0.001, icmp_error(probe, *error[probe.family], sender)


def udp_scan(world: World, ports: str, family: int = 4, targets: str = "", **plan: object) -> Outcome:
    network = FakeNetwork(world, FakeClock())
    chosen = ScanPlan(methods=("udp",), seed=1, **plan)  # type: ignore[arg-type]
    return run_scan(targets or TARGET[family], ports, network, chosen)


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


def test_few_silent_ports_are_asked_for_as_long_as_that_soon_brings_all_the_news() -> None:
    outcome = udp_scan(Rationed(), "20001-20009")
    assert outcome.end.counts == {"closed": 9}
    assert outcome.end.problems == ()


@pytest.mark.parametrize("count", [10, 16, 30, 66, 100])
def test_few_ports_of_a_host_that_rations_take_no_longer_than_many(count: int) -> None:
    """A port a second would be proof, which nobody has asked for."""
    outcome = udp_scan(Rationed(), f"20001-{20_000 + count}")
    assert set(outcome.end.counts) == {"closed", "closed|filtered"}
    assert "rations its ICMP errors" in " ".join(outcome.end.problems)
    assert outcome.end.duration_s < 2


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocols", ["140-160", "0-255"])
def test_a_ration_that_hides_which_protocols_a_host_has_is_told(family: int, protocols: str) -> None:
    network = FakeNetwork(Rationed(protocols=True), FakeClock())
    outcome = run_scan(TARGET[family], protocols, network, ScanPlan(methods=("ip-protocol",), seed=1))
    left = outcome.end.counts["open|filtered"]
    assert outcome.end.counts == {"closed": 7, "open|filtered": left}
    assert f"so {left} of its silent protocols can't be told apart" in " ".join(outcome.end.problems)
    assert outcome.end.duration_s < 2


def test_protocols_are_proved_not_to_be_there() -> None:
    network = FakeNetwork(Rationed(protocols=True, silent=frozenset()), FakeClock())
    plan = ScanPlan(methods=("ip-protocol",), seed=1, prove_closed=True)
    outcome = run_scan(TARGET[4], "140-160", network, plan)
    assert (outcome.end.counts, outcome.end.problems) == ({"closed": 21}, ())


def test_of_few_ports_those_with_a_question_of_their_own_are_asked_first() -> None:
    """Their silence would mean the same as ever."""
    world = Rationed(burst=1.0)
    outcome = udp_scan(world, "53,123,20001-20020")
    found = states(outcome)
    assert {found[53], found[123]} == {"closed"}
    assert outcome.end.duration_s < 5


@pytest.mark.parametrize("burst", [6.0, 1.0])
def test_addresses_that_share_a_ration_are_not_taken_for_silent(burst: float) -> None:
    """An earlier scan may have left so little of it that all errors of one address are held back."""
    found = udp_scan(Rationed(burst=burst), "20001-20015", targets=TWO).states()
    assert set(found.values()) == {"closed", "closed|filtered"}


@pytest.mark.parametrize("burst", [6.0, 1.0])
def test_ports_of_addresses_that_share_a_ration_are_proved_closed(burst: float) -> None:
    silent = frozenset({20_003})
    outcome = udp_scan(Rationed(burst=burst, silent=silent), "20001-20015", targets=TWO, prove_closed=True)
    assert {port for (_address, _protocol, port), state in outcome.states().items() if state != "closed"} == silent
    assert outcome.end.counts == {"closed": 28, "open|filtered": 2}
    assert outcome.end.problems == ()
    assert outcome.end.duration_s < 60


def test_ports_are_proved_closed_where_an_earlier_scan_used_the_ration_up() -> None:
    silent = frozenset({20_003})
    world = Rationed(silent=silent)
    world.tokens, world.at_s = 0.0, FakeClock()()
    outcome = udp_scan(world, "20001-20012", prove_closed=True)
    assert {port for port, state in states(outcome).items() if state != "closed"} == silent
    assert outcome.end.duration_s < 40


def test_a_host_that_is_silent_altogether_is_proved_so_in_bounded_time() -> None:
    outcome = udp_scan(lambda _probe: iter(()), "20001-21000", prove_closed=True)
    assert outcome.end.counts == {"open|filtered": 1000}
    assert outcome.end.duration_s < 60


@pytest.mark.parametrize(("ports", "seconds"), [("20001-20020", 2), ("20001-20200", 2), ("20001-20020", 3)])
def test_a_ration_slower_than_one_a_second_is_recognised(ports: str, seconds: int) -> None:
    outcome = udp_scan(Rationed(per_s=1 / seconds), ports)
    assert set(outcome.end.counts) == {"closed", "closed|filtered"}


@pytest.mark.parametrize("seconds", [2, 3, 5])
def test_ports_are_proved_closed_in_spite_of_a_slow_ration(seconds: int) -> None:
    silent = frozenset({20_003, 20_010})
    outcome = udp_scan(Rationed(per_s=1 / seconds, silent=silent), "20001-20020", prove_closed=True)
    assert {port for port, state in states(outcome).items() if state != "closed"} == silent
    assert outcome.end.counts == {"closed": 18, "open|filtered": 2}
    assert outcome.end.duration_s < 14 * 2 * seconds + 30


def test_proof_ends_where_most_is_silent() -> None:
    silent = frozenset(range(20_010, 20_500))
    outcome = udp_scan(Rationed(silent=silent), "20000-20499", prove_closed=True)
    assert outcome.end.counts == {"closed": 10, "open|filtered": 490}
    assert outcome.end.duration_s < 600


def test_silence_beside_a_host_that_rations_is_silence() -> None:
    rationed = Rationed()
    outcome = udp_scan(lambda probe: rationed(probe) if probe.dst[-1] == 2 else (), "20001-20200", targets=TWO)
    found = outcome.states()
    assert {state for (address, *_port), state in found.items() if address == "198.18.0.3"} == {"open|filtered"}
    assert {state for (address, *_port), state in found.items() if address == "198.18.0.2"} == {"closed", "closed|filtered"}
    assert "198.18.0.2 rations" in " ".join(outcome.end.problems)


@pytest.mark.parametrize("retries", [0, 2, 6])
@pytest.mark.parametrize("ports", ["20001-20200", "20001-20015"])
def test_a_ration_is_recognised_however_few_repeats_are_allowed(ports: str, retries: int) -> None:
    outcome = udp_scan(Rationed(), f"53,{ports}", max_retries=retries)
    found = states(outcome)
    assert found.pop(53) in ("open|filtered", "closed")
    assert set(found.values()) == {"closed", "closed|filtered"}
    asked = Counter(probe.dport for probe in outcome.network.sent)
    assert max(asked.values()) <= retries + 2
    assert sum(count > retries + 1 for count in asked.values()) <= 8


def test_a_router_that_rations_does_not_speak_for_the_target() -> None:
    outcome = udp_scan(Rationed(router=True), "20001-20200")
    assert set(outcome.end.counts) == {"filtered", "open|filtered"}
    assert outcome.end.problems == ()


def test_each_reason_of_few_rejected_ports_is_found_though_a_router_rations() -> None:
    outcome = udp_scan(Rationed(router=True), "20001-20015")
    assert {verdict.reason for verdict in outcome.verdicts} == {Reason.ADMIN_PROHIBITED}


def test_late_datagrams_are_no_ration() -> None:
    asked: Counter[int] = Counter()

    def world(probe: Probe) -> Iterator[Reply]:
        asked[probe.dport] += 1
        if probe.dport == 20_001:
            yield 0.001, icmp_error(probe, *PORT_UNREACHABLE[4], probe.dst)
        elif probe.dport % 2 and asked[probe.dport] >= 4:
            yield 0.001, udp_reply(probe, b"here")

    outcome = udp_scan(world, "20001-20200")
    assert set(outcome.end.counts) == {"open", "open|filtered", "closed"}
    assert outcome.end.problems == ()


def test_errors_that_take_their_time_are_no_ration() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dport < 20_100:
            yield (0.001 if probe.dport < 20_010 else 0.9), icmp_error(probe, *PORT_UNREACHABLE[4], probe.dst)

    outcome = udp_scan(world, "20001-20300", max_rtt_timeout_s=0.2)
    assert outcome.end.counts == {"closed": 99, "open|filtered": 201}
    assert outcome.end.problems == ()


def test_where_an_error_would_only_give_a_reason_one_wait_has_to_do() -> None:
    """A port that is dropped beside one that is rejected: filtered both of them, whatever comes."""
    world = FaultyWorld({2: "rejected", 3: "dropped"})
    quick = fake_scan("198.18.0.2", "1-20", FaultyWorld({2: "dropped", 3: "dropped"}), ScanPlan(methods=("syn",), seed=1))
    outcome = fake_scan("198.18.0.2", "1-20", world, ScanPlan(methods=("syn",), seed=1))
    assert outcome.end.counts == {"closed": 18, "filtered": 2}
    assert quick.end.duration_s + 1 < outcome.end.duration_s < quick.end.duration_s + 2.5
