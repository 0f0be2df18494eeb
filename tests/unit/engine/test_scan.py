"""Whole scans over a network in memory: states are right whatever the network does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scanning import LAB, Outcome, fake_scan, one_by_one, run_scan, scan_of
from worlds import ROUTER, FaultyWorld

from hatoba.engine import loop
from hatoba.engine import scan as scan_module
from hatoba.engine.pacing.loss import LossEstimate
from hatoba.engine.pacing.round_trip import INITIAL_NEAR_S, MIN_S
from hatoba.engine.scan import Scan
from hatoba.errors import NotInScope, WireError
from hatoba.model import Host, Progress, Protocol, Reason, ScanEnd, ScanInfo, ScanPlan, State
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.results.batch import VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.base import Times
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, Probe, Reply, answers_of, icmp_error, tcp_reply
from hatoba.wire.routes import Way

WORDS = {"open": "open", "closed": "closed", "dropped": "filtered", "rejected": "filtered"}
TRUTH = st.dictionaries(st.integers(1, 60), st.sampled_from(sorted(WORDS)), max_size=60)


def assert_true(outcome: Outcome, world: FaultyWorld, ports: range) -> None:
    told = {(str(v.address), v.port): v.state.word for v in outcome.verdicts}
    assert len(told) == len(outcome.verdicts), "a port was told twice"
    addresses = {address for address, _port in told}
    expected = {(a, port): WORDS[world.truth.get(port, "closed")] for a in addresses for port in ports}
    wrong = {key: (told.get(key), state) for key, state in expected.items() if told.get(key) != state}
    assert not wrong


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(truth=TRUTH, seed=st.integers(0, 2**32), delay_s=st.sampled_from([0.001, 0.03, 0.3]))
@pytest.mark.parametrize("targets", ["198.18.0.2", "fd00:18::2", "198.18.0.2 198.18.0.9 fd00:18::2"])
def test_no_wrong_state_under_loss_duplicates_reordering_forgeries_and_delays(
    targets: str, truth: dict[int, str], seed: int, delay_s: float
) -> None:
    world = FaultyWorld(truth, seed, loss=0.2, duplicates=0.3, forgeries=0.5, max_delay_s=delay_s)
    assert_true(fake_scan(targets, "1-60", world, ScanPlan(methods=("syn",), seed=seed)), world, range(1, 61))


def test_an_answer_that_comes_after_its_time_out_still_counts() -> None:
    def late(probe: Probe) -> Iterator[Reply]:
        yield (0.15 if probe.dport == 80 else 0.001), tcp_reply(probe, SYN | ACK)

    outcome = fake_scan("198.18.0.2", "1-100", late)
    assert outcome.state("198.18.0.2", 80) == "open"
    (verdict,) = [v for v in outcome.verdicts if v.port == 80]
    assert verdict.evidence.answered_probe == 1
    assert verdict.evidence.probes > 1
    assert verdict.evidence.rtt_s == pytest.approx(0.15, abs=0.01)


def test_only_what_is_unanswered_is_asked_again() -> None:
    world = FaultyWorld(dict.fromkeys(range(1, 11), "dropped"))
    sent = Counter(probe.dport for probe in fake_scan("198.18.0.2", "1-200", world).network.sent)
    again = [port for port in range(11, 201) if sent[port] > 1]
    assert len(again) <= 10 * (sent[1] - 1), "controls, as many as are silent"
    assert all(sent[port] >= 2 for port in range(1, 11))


@pytest.mark.parametrize(("retries", "probes"), [(0, 1), (1, 2), (None, 3)])
def test_silence_is_asked_no_more_often_than_the_user_allows(retries: int | None, probes: int) -> None:
    world = FaultyWorld({1: "dropped"})
    outcome = fake_scan("198.18.0.2", "1", world, ScanPlan(methods=("syn",), seed=1, max_retries=retries))
    assert len(outcome.network.sent) == outcome.verdicts[0].evidence.probes == probes


def test_hosts_and_ports_are_interleaved() -> None:
    sent = fake_scan("198.18.0.0/28", "1-64", answers_of([])).network.sent
    first = sent[:256]
    assert len({probe.dst for probe in first}) == 16
    assert len({probe.dport for probe in first}) > 32


def test_a_router_that_answers_in_the_targets_stead_is_named() -> None:
    outcome = fake_scan("198.18.0.2", "1-20", FaultyWorld({7: "rejected"}))
    (verdict,) = [v for v in outcome.verdicts if v.port == 7]
    assert (verdict.state, verdict.reason) == (State.FILTERED, Reason.ADMIN_PROHIBITED)
    assert verdict.evidence.responder is not None
    assert verdict.evidence.responder.packed == ROUTER[4]
    assert (verdict.evidence.icmp_type, verdict.evidence.icmp_code) == (3, 13)


def test_rationed_errors_are_waited_for() -> None:
    """A host that sends one ICMP error a second after a burst of three, as Linux does after six."""
    clock_s = {"tokens": 3.0, "at": 0.0}

    def rationed(probe: Probe) -> Iterator[Reply]:
        if probe.dport > 8:
            yield 0.001, tcp_reply(probe, RST | ACK)
            return
        clock_s["tokens"] = min(3.0, clock_s["tokens"] + max(0.0, probe.at_s - clock_s["at"]))
        clock_s["at"] = probe.at_s
        if clock_s["tokens"] >= 1:
            clock_s["tokens"] -= 1
            yield 0.001, icmp_error(probe, 3, 10, probe.dst)

    clock_s["at"] = 1000.0
    outcome = fake_scan("198.18.0.2", "1-50", rationed)
    assert {v.reason for v in outcome.verdicts if v.port <= 8} == {Reason.HOST_PROHIBITED}


def test_contradicting_answers_stay_in_the_evidence_and_open_is_not_taken_back() -> None:
    def changing(probe: Probe) -> Iterator[Reply]:
        if probe.dport == 80:
            yield 0.001, tcp_reply(probe, SYN | ACK)
            yield 0.0011, tcp_reply(probe, RST | ACK)

    outcome = fake_scan("198.18.0.2", "80,81", changing)
    (verdict,) = [v for v in outcome.verdicts if v.port == 80]
    assert verdict.state is State.OPEN
    assert verdict.evidence.contradicted_by == ("rst",)
    assert outcome.end.problems


def test_a_bare_syn_is_open_but_our_own_probe_that_comes_back_is_not() -> None:
    def simultaneous(probe: Probe) -> Iterator[Reply]:
        yield 0.001, tcp_reply(probe, SYN, ack=0)

    assert fake_scan("198.18.0.2", "80", simultaneous).state("198.18.0.2", 80) == "open"
    outcome = fake_scan("198.18.0.1", "80", simultaneous, local=True)
    assert outcome.state("198.18.0.1", 80) == "filtered"


def test_a_probe_never_has_equal_ports() -> None:
    outcome = fake_scan("198.18.0.1", "61440-61455", FaultyWorld({61440: "dropped", 61444: "dropped"}), local=True)
    assert all(probe.sport != probe.dport for probe in outcome.network.sent)
    assert Counter(v.state.word for v in outcome.verdicts) == {"closed": 14, "filtered": 2}


def test_who_has_no_neighbour_is_down_and_not_asked() -> None:
    outcome = fake_scan("198.18.0.2 198.18.0.3", "1-10", answers_of([1]), absent=frozenset({"198.18.0.3"}))
    assert {str(h.address): h.state for h in outcome.hosts} == {"198.18.0.2": "up", "198.18.0.3": "down"}
    assert {str(v.address) for v in outcome.verdicts} == {"198.18.0.2"}
    assert (outcome.end.hosts_up, outcome.end.hosts_down) == (1, 1)
    progress = [event for event in outcome.events if isinstance(event, Progress)][-1]
    assert progress.settled == progress.total == 10


@pytest.mark.parametrize("local", [True, False])
def test_silence_of_a_near_host_is_not_waited_for_like_that_of_a_far_one(local: bool) -> None:
    outcome = fake_scan("198.18.0.2", "1", FaultyWorld({1: "dropped"}), local=local)
    assert outcome.end.duration_s == pytest.approx(len(outcome.network.sent) * INITIAL_NEAR_S, rel=0.1)


def test_events_come_in_order_and_counts_agree() -> None:
    outcome = fake_scan("198.18.0.2 fd00:18::2", "1-300", FaultyWorld({5: "open", 6: "dropped"}))
    assert isinstance(outcome.events[0], ScanInfo)
    assert isinstance(outcome.events[-1], ScanEnd)
    told: set[str] = set()
    for event in outcome.events:
        if isinstance(event, Host):
            told.add(str(event.address))
        elif isinstance(event, VerdictBatch):
            assert not {str(v.address) for v in event.verdicts()} & told, "a verdict after its host's event"
    assert outcome.end.counts == {"open": 2, "closed": 596, "filtered": 2}
    assert outcome.end.counts == dict(Counter(v.state.word for v in outcome.verdicts))
    progress = [event for event in outcome.events if isinstance(event, Progress)]
    assert progress[-1].settled == progress[-1].total == 600


def test_the_same_seed_sends_the_same_packets() -> None:
    first, second = (fake_scan("198.18.0.0/30", "1-50", answers_of([3])).network.sent for _ in range(2))
    assert [probe.packet for probe in first] == [probe.packet for probe in second]
    other = fake_scan("198.18.0.0/30", "1-50", answers_of([3]), ScanPlan(methods=("syn",), seed=2)).network.sent
    assert [probe.packet for probe in first] != [probe.packet for probe in other]


def test_the_users_rate_holds() -> None:
    outcome = fake_scan("198.18.0.2", "1-500", answers_of([]), ScanPlan(methods=("syn",), seed=1, max_rate_pps=1000))
    times = [probe.at_s for probe in outcome.network.sent]
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(1000, rel=0.05)


def test_stop_tells_what_is_known_and_no_more() -> None:
    network = FakeNetwork(answers_of([1, 2, 3]), FakeClock())
    built = build_targets(["198.18.0.2"], ports=parse_ports("1-5000", default=Protocol.TCP))
    permitted = Scope((), always=LAB).require(built.targets)
    scan = Scan(ScanPlan(methods=("syn",), seed=1, max_rate_pps=2000), permitted, network=network, clock=network.clock)
    told = 0
    for event in scan.events():
        if isinstance(event, VerdictBatch):
            told += len(event)
            scan.stop()
    assert isinstance(event, ScanEnd)
    assert event.interrupted
    assert 0 < told < 5000
    assert event.counts.get("filtered", 0) == 0, "what was not answered yet is not called filtered"
    assert all(wire.closed for wire in network.wires)


def test_a_wire_that_fails_loses_nothing_that_was_known() -> None:
    class Failing(FakeWire):
        def commit(self, count: int, lengths: object = None, left_s: Times | None = None) -> None:
            if len(self.sent) > 500:
                raise WireError("Interface fake0 does not work: Network is down.")
            super().commit(count, None, left_s)

    class FailingNetwork(FakeNetwork):
        def open_packets(self, route, template, first_port, zone, questions):  # type: ignore[no-untyped-def]
            wire = Failing(template, self.world, self.clock)
            self.wires.append(wire)
            return wire

    outcome = run_scan("198.18.0.2", "1-5000", FailingNetwork(answers_of([1]), FakeClock()))
    assert 0 < len(outcome.verdicts) < 5000
    assert [h.state for h in outcome.hosts] == ["up"]
    assert outcome.end.interrupted
    assert any("does not work" in problem for problem in outcome.end.problems)
    assert all(wire.closed for wire in outcome.network.wires)


def test_nothing_leaves_for_an_address_out_of_scope() -> None:
    with pytest.raises(NotInScope):
        fake_scan("192.0.2.1 198.18.0.2", "80", answers_of([80]))


def test_loss_is_estimated() -> None:
    outcome = fake_scan("198.18.0.2", "1-3000", FaultyWorld({}, seed=3, loss=0.2))
    assert outcome.end.loss == pytest.approx(0.2, abs=0.03)
    assert outcome.end.expected_missed == 0.0
    assert fake_scan("198.18.0.2", "1-3000", FaultyWorld({})).end.loss == 0.0


def test_one_problem_is_told_once_however_many_hosts_it_keeps_us_from(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere(FakeNetwork):
        def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
            for first, last in ranges:
                yield Way(first, last, None, "Network is unreachable")

    monkeypatch.setattr(scan_module, "MAX_QUESTIONS", 100)
    network = Nowhere(answers_of([]), FakeClock())
    outcome = run_scan("198.18.0.0/24 198.18.7.7:99", "1-10", network)
    assert outcome.end.problems == ("no way to 198.18.0.0 and 256 more: Network is unreachable",)
    assert outcome.end.hosts_down == len(outcome.hosts) == 257
    assert run_scan("198.18.7.7", "1", network).end.problems == ("no way to 198.18.7.7: Network is unreachable",)


@pytest.mark.parametrize(
    ("targets", "interface", "told"),
    [
        ("198.18.0.9", "fake1", True),
        ("fd00:18::9", "fake1", True),
        ("198.18.0.9", "fake0", False),
        ("198.18.0.9", None, False),
        ("198.18.0.2 198.18.0.9", "fake1", False),
    ],
)
def test_nobody_answers_through_the_interface_that_was_named(targets: str, interface: str | None, told: bool) -> None:
    """The fake network's routing table knows fake0 alone."""
    network = FakeNetwork(answers_of([80]), FakeClock(), absent=frozenset({"198.18.0.9", "fd00:18::9"}))
    problems = run_scan(targets, "80", network, ScanPlan(methods=("syn",), interface=interface)).end.problems
    assert problems == (
        (f"the routing table reaches {targets} through fake0, not fake1: leave out -e, or name fake0",) if told else ()
    )


def test_an_own_address_is_reached_whatever_interface_was_named() -> None:
    network = FakeNetwork(lambda probe: [], FakeClock(), local=True)
    outcome = run_scan("198.18.0.9", "80", network, ScanPlan(methods=("syn",), interface="fake1"))
    assert outcome.end.problems == ()


def test_a_reader_who_leaves_early_leaves_nothing_open() -> None:
    network = FakeNetwork(answers_of([1]), FakeClock())
    events = scan_of("198.18.0.2 198.18.0.3:7", "1-5000", network).events()
    assert any(isinstance(event, VerdictBatch) for event in events), "the rest is not read"
    events.close()
    assert network.wires
    assert all(wire.closed for wire in network.wires)


@pytest.mark.parametrize("delay_s", [0.15, 0.25])
def test_a_far_host_among_near_ones_is_heard_out(delay_s: float) -> None:
    far = ip_address("198.18.0.9").packed

    def world(probe: Probe) -> Iterator[Reply]:
        yield (delay_s if probe.dst == far else 0.001), tcp_reply(probe, (SYN if probe.dport == 22 else RST) | ACK)

    outcome = fake_scan("198.18.0.2-9", "1-100", world)
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 8, "closed": 792}


def test_a_far_host_in_a_sweep_is_heard_out_before_the_end() -> None:
    """Between the rounds nobody waits for hosts that were never heard."""
    far = ip_address("198.18.0.9").packed

    def world(probe: Probe) -> Iterator[Reply]:
        yield (0.25 if probe.dst == far else 0.001), tcp_reply(probe, (SYN if probe.dport == 15 else RST) | ACK)

    outcome = fake_scan("198.18.0.2-41", "1-20", world, ScanPlan(methods=("syn",), seed=1))
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 40, "closed": 760}
    assert outcome.end.duration_s < 2 * INITIAL_NEAR_S


def test_rounds_of_a_sweep_follow_each_other_at_once_where_they_take_longer_than_an_answer() -> None:
    def every_other(probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] % 2:
            yield 0.001, tcp_reply(probe, RST | ACK)

    outcome = fake_scan("198.18.0.2-201", "80", every_other, ScanPlan(methods=("syn",), seed=1, max_rate_pps=400))
    assert Counter(v.state.word for v in outcome.verdicts) == {"closed": 100, "filtered": 100}
    neighbours, asked = 200, len(outcome.network.sent)
    assert asked >= 200 + 2 * 100
    assert outcome.end.duration_s < (neighbours + asked) / 400 + INITIAL_NEAR_S + MIN_S / 2


@pytest.mark.parametrize("seed", range(5))
def test_a_lossy_host_among_others_is_asked_until_silence_can_be_believed(seed: int) -> None:
    lossy, draw = ip_address("198.18.0.9").packed, random.Random(seed)

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dst != lossy or draw.random() > 0.4:
            yield 0.001, tcp_reply(probe, (SYN if probe.dport == 22 else RST) | ACK)

    outcome = fake_scan("198.18.0.2-9", "1-1000", world)
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 8, "closed": 7992}


def test_the_users_rate_holds_over_all_legs() -> None:
    targets = " ".join(f"198.18.0.{n}:{n}" for n in range(2, 40))
    outcome = fake_scan(targets, "1", answers_of([]), ScanPlan(methods=("syn",), seed=1, max_rate_pps=10), local=True)
    times = [probe.at_s for probe in outcome.network.sent]
    assert len(times) == 38
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(10, rel=0.05)


def test_the_users_rate_holds_over_questions_for_neighbours_too() -> None:
    asked_s: list[float] = []

    class Noted(FakeNetwork):
        def hardware_address(self, address: bytes) -> bytes | None:
            asked_s.append(self.clock.now_s)
            return super().hardware_address(address)

    network = Noted(answers_of([]), FakeClock())
    targets = " ".join(f"198.18.0.{n}:{n}" for n in range(2, 40))
    run_scan(targets, "1", network, ScanPlan(methods=("syn",), seed=1, max_rate_pps=10))
    times = sorted([*asked_s, *(probe.at_s for probe in network.sent)])
    assert len(times) == 2 * 38
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(10, rel=0.05)


def test_what_is_expected_to_be_missed_counts_the_attempts_that_all_silent_ports_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds for one host's rationed errors say nothing of the other hosts' silence."""
    rationing = ip_address("198.18.0.2").packed

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dst == rationing and probe.at_s > 1000 + 1.2 * probe.dport:
            yield 0.001, icmp_error(probe, 3, 13, probe.dst)
        elif probe.dst != rationing and probe.dport > 5:
            yield 0.001, tcp_reply(probe, RST | ACK)

    counted: list[int] = []

    class Counted(LossEstimate):
        def likely_missed(self, attempts: int, unanswered: int, silent_hosts: npt.NDArray[np.int64]) -> float | None:
            counted.append(attempts)
            return super().likely_missed(attempts, unanswered, silent_hosts)

    monkeypatch.setattr(loop, "LossEstimate", Counted)
    outcome = fake_scan("198.18.0.2 198.18.0.3", "0-10", world)
    asked = {v.evidence.probes for v in outcome.verdicts if str(v.address) == "198.18.0.3" and v.state is State.FILTERED}
    more = {v.evidence.probes for v in outcome.verdicts if v.reason is Reason.ADMIN_PROHIBITED}
    assert max(more) > max(asked)
    assert set(counted) == asked


def test_who_answered_a_search_that_was_stopped_is_told() -> None:
    """And nobody else is called down."""
    network = FakeNetwork(answers_of([]), FakeClock(), absent=frozenset(f"198.18.1.{last}" for last in range(100, 256)))
    scan = scan_of("198.18.1.0/24", "80", network, ScanPlan(methods=(), seed=1))
    hosts = []
    for event in one_by_one(scan.events()):
        if isinstance(event, Progress):
            scan.stop()
        if isinstance(event, Host):
            hosts.append(event)
    assert {host.state for host in hosts} == {"up"}
    assert 0 < len(hosts) <= 100
