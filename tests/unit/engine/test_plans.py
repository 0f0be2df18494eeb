"""What a plan says of times, repeats and methods, over the fake network."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from scanning import Outcome, fake_scan, run_scan
from worlds import ADMIN_PROHIBITED, ROUTER, FaultyWorld

from hatoba.model import ScanPlan, State
from hatoba.packets.layouts import ACK, RST
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, Probe, Reply, answers_of, icmp_error, tcp_reply, udp_reply

BOTH = pytest.mark.parametrize("family", [4, 6])
TARGET = {4: "198.18.0.2", 6: "fd00:18::2"}


def gaps_s(outcome: Outcome) -> list[float]:
    """Between two probes to one host, over all of them."""
    by_host: dict[bytes, list[float]] = defaultdict(list)
    for probe in outcome.network.sent:
        by_host[probe.dst].append(probe.at_s)
    return [later - earlier for times in by_host.values() for earlier, later in pairwise(sorted(times))]


@pytest.mark.parametrize("methods", [("syn",), ("syn", "udp"), ("udp", "sctp-init")])
@pytest.mark.parametrize("delay_s", [0.02, 0.5])
def test_two_probes_to_one_host_are_never_closer_than_the_scan_delay(methods: tuple[str, ...], delay_s: float) -> None:
    """Not at the repeats, not between two methods, and not when silent ports are asked again."""
    world = FaultyWorld({1: "dropped", 2: "rejected", 9: "dropped", 12: "open"}, 5, loss=0.2)
    plan = ScanPlan(methods=methods, seed=1, scan_delay_s=delay_s)
    outcome = fake_scan("198.18.0.0/29 fd00:18::2", "1-12", world, plan)
    assert len(outcome.states()) == 9 * 12 * len(methods)
    assert min(gaps_s(outcome)) >= delay_s - 1e-3


def test_hosts_do_not_wait_for_each_other() -> None:
    plan = ScanPlan(methods=("syn",), seed=1, scan_delay_s=1.0)
    outcome = fake_scan("198.18.0.0/28", "1-10", answers_of([3]), plan)
    assert outcome.end.duration_s < 12
    assert outcome.end.counts == {"open": 16, "closed": 144}


def test_a_host_s_time_is_up_and_what_is_known_is_kept() -> None:
    """Half of the ports answer; asked one by one they would take a minute."""
    plan = ScanPlan(methods=("syn",), seed=1, scan_delay_s=0.1, host_timeout_s=5.0)
    outcome = fake_scan("198.18.0.2 198.18.0.3", "1-600", answers_of(range(1, 601)), plan)
    assert 5.0 <= outcome.end.duration_s < 6.0
    assert {(host.state, host.timed_out) for host in outcome.hosts} == {("up", True)}
    assert set(outcome.end.counts) == {"open"}, "what was not answered yet is not called filtered"
    assert 60 < outcome.end.counts["open"] < 110


def test_a_host_that_is_done_in_time_has_not_timed_out() -> None:
    plan = ScanPlan(methods=("syn",), seed=1, host_timeout_s=5.0)
    outcome = fake_scan("198.18.0.2", "1-50", answers_of([1]), plan)
    assert [host.timed_out for host in outcome.hosts] == [False]
    assert outcome.end.counts == {"open": 1, "closed": 49}


def test_only_the_hosts_that_are_unfinished_have_timed_out() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] == 2:
            yield 0.001, tcp_reply(probe, RST | ACK)

    plan = ScanPlan(methods=("syn",), seed=1, host_timeout_s=0.2)
    outcome = fake_scan("198.18.0.2 198.18.0.3", "1-50", world, plan)
    assert {str(host.address): host.timed_out for host in outcome.hosts} == {"198.18.0.2": False, "198.18.0.3": True}
    assert outcome.end.counts == {"closed": 50}


def test_the_hosts_time_is_for_all_methods_together() -> None:
    plan = ScanPlan(methods=("syn", "udp"), seed=1, scan_delay_s=0.1, host_timeout_s=5.0)
    outcome = fake_scan("198.18.0.2", "1-600", answers_of(range(1, 601)), plan)
    assert outcome.end.duration_s < 6.0
    assert {verdict.protocol.word for verdict in outcome.verdicts} == {"tcp"}


@pytest.mark.parametrize("method", ["syn", "fin", "ack", "udp", "sctp-init", "ip-protocol"])
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_silence_is_asked_no_more_often_than_the_user_allows(method: str, retries: int) -> None:
    world = FaultyWorld(dict.fromkeys(range(1, 60), "dropped"))
    plan = ScanPlan(methods=(method,), seed=1, max_retries=retries)
    outcome = fake_scan("198.18.0.2", "2-40", world, plan)
    sent = Counter((probe.protocol, probe.dport) for probe in outcome.network.sent)
    assert max(sent.values()) <= retries + 1
    assert {verdict.evidence.probes for verdict in outcome.verdicts} <= set(range(1, retries + 2))
    assert len(outcome.verdicts) == 39


@BOTH
@pytest.mark.parametrize(
    ("method", "state"), [("syn", State.FILTERED), ("fin", State.OPEN_FILTERED), ("udp", State.OPEN_FILTERED)]
)
def test_an_error_that_says_nothing_of_the_port_stays_in_the_evidence(family: int, method: str, state: State) -> None:
    """Source host isolated, RFC 792's 3/8; for IPv6 a header field that is wrong."""
    kind = (3, 8) if family == 4 else (4, 0)

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dport == 7:
            yield 0.002, icmp_error(probe, *kind, ROUTER[family])

    outcome = fake_scan(TARGET[family], "7,8", world, ScanPlan(methods=(method,), seed=1))
    told = {verdict.port: verdict for verdict in outcome.verdicts}
    assert {verdict.state for verdict in told.values()} == {state}
    assert {verdict.reason.word for verdict in told.values()} == {"no-response"}
    assert (told[7].evidence.icmp_type, told[7].evidence.icmp_code) == kind
    assert told[7].evidence.responder is not None
    assert told[7].evidence.responder.packed == ROUTER[family]
    assert (told[8].evidence.answer, told[8].evidence.responder) == (None, None)


@BOTH
def test_a_router_s_answer_makes_no_host_up(family: int) -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        yield 0.002, icmp_error(probe, *ADMIN_PROHIBITED[family], ROUTER[family])

    outcome = fake_scan(TARGET[family], "7,8", world, ScanPlan(methods=("udp",), seed=1), local=True)
    assert [host.state for host in outcome.hosts] == ["unknown"]
    assert outcome.end.counts == {"filtered": 2}


def test_flags_of_one_s_own_ask_and_the_method_judges() -> None:
    seen: set[int] = set()

    def world(probe: Probe) -> Iterator[Reply]:
        seen.add(probe.flags)
        if probe.dport == 7:
            yield 0.002, tcp_reply(probe, RST | ACK, ack=probe.seq + 2)  # SYN and FIN count one each
        if probe.dport == 8:
            yield 0.002, tcp_reply(probe, RST | ACK, ack=probe.seq + 1)

    plan = ScanPlan(methods=("fin",), tcp_flags=0x03, seed=1)
    outcome = fake_scan("198.18.0.2", "7-9", world, plan)
    assert seen == {0x03}
    assert [outcome.state("198.18.0.2", port) for port in (7, 8, 9)] == ["closed", "open|filtered", "open|filtered"]


def test_from_one_source_port_everything_leaves_from_it() -> None:
    plan = ScanPlan(methods=("syn", "udp"), seed=1, source_port=61_440)
    world = FaultyWorld({5: "open", 6: "dropped"}, 3, loss=0.2)
    outcome = fake_scan("198.18.0.2", "1-30", world, plan)
    assert {probe.sport for probe in outcome.network.sent} == {61_440}
    assert outcome.end.counts == {"open": 2, "closed": 56, "filtered": 1, "open|filtered": 1}


def test_a_method_without_ports_of_its_protocol_is_left_out() -> None:
    outcome = fake_scan("198.18.0.2", "T:1-5", answers_of([1]), ScanPlan(methods=("syn", "udp"), seed=1))
    assert {verdict.protocol.word for verdict in outcome.verdicts} == {"tcp"}
    assert len(outcome.verdicts) == 5
    assert {probe.protocol for probe in outcome.network.sent} == {6}


def test_udp_answers_are_taken_from_the_asked_address_alone() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        for last in (3, 4, 77):
            yield 0.001, udp_reply(probe, b"x", probe.dst[:-1] + bytes([last]))

    outcome = fake_scan("198.18.0.2 198.18.0.3", "7", world, ScanPlan(methods=("udp",), seed=1))
    assert (outcome.state("198.18.0.2", 7), outcome.state("198.18.0.3", 7)) == ("open|filtered", "open")


def test_a_port_that_both_answers_and_is_refused_is_open_and_says_so() -> None:
    def world(probe: Probe) -> Iterator[Reply]:
        yield 0.001, icmp_error(probe, 3, 3, probe.dst)
        yield 0.001, udp_reply(probe, b"x")

    outcome = fake_scan("198.18.0.2", "7", world, ScanPlan(methods=("udp",), seed=1))
    (verdict,) = outcome.verdicts
    assert verdict.state is State.OPEN
    assert len(verdict.evidence.contradicted_by) == 1
    assert "contradicted" in outcome.end.problems[0]


def test_a_round_trip_begins_when_the_probe_leaves_and_not_while_it_is_worded() -> None:
    class Slow(FakeNetwork):
        def open_packets(self, *arguments: Any) -> FakeWire:
            wire = super().open_packets(*arguments)
            reserve = wire.reserve

            def reserve_slowly(count: int) -> Any:
                self.clock.now_s += 0.25
                return reserve(count)

            wire.reserve = reserve_slowly  # type: ignore[method-assign]
            return wire

    outcome = run_scan("198.18.0.2", "53,5000", Slow(answers_of([53]), FakeClock()), ScanPlan(methods=("syn",), seed=1))
    assert [verdict.evidence.rtt_s for verdict in outcome.verdicts] == pytest.approx([0.001, 0.001], abs=0.0002)
