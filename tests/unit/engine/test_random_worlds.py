"""Whatever the network does: what is told is true or says that nothing is known, each thing once, by the user's rules."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address

import pytest
from random_worlds import PROTOCOLS, Drawn
from scanning import Outcome, run_scan
from test_all_methods import SPECIFIED, TRUTHS

from hatoba.model import ScanPlan, Verdict
from hatoba.packets.layouts import TCP, UDP

SEEDS = [*range(30), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(30, 200))]
WORDS = {word: dict(zip(TRUTHS, words, strict=True)) for word, words in SPECIFIED.items()}
LONGEST_S = 60.0
"""What rounds of time-outs and rations may take at most, where nobody asks for a slower scan."""


def false(drawn: Drawn, verdict: Verdict) -> bool:
    """Whether it says what the specification does not. Silence may be a loss, but where nothing is lost or held back."""
    words = WORDS[drawn.protocols[verdict.protocol]]
    host = drawn.hosts[verdict.address.packed]
    truth = host.state(verdict.protocol, verdict.port)
    if host.tells_all and drawn.plan.host_timeout_s is None:
        return verdict.state.word != words[truth]
    silence = {words["dropped"], "closed|filtered" if verdict.protocol == UDP else words["dropped"]}
    return verdict.state.word not in silence | {words[truth]}


def assert_told_once_and_truly(drawn: Drawn, outcome: Outcome) -> None:
    told = {(str(v.address), int(v.protocol), v.port) for v in outcome.verdicts}
    assert len(told) == len(outcome.verdicts)
    assert told <= {(a, protocol, port) for a in drawn.addresses for protocol in drawn.protocols for port in drawn.ports}
    assert sorted(str(host.address) for host in outcome.hosts) == sorted(drawn.addresses)
    counts = Counter(address for address, _protocol, _port in told)
    for host in outcome.hosts:
        count = counts[str(host.address)]
        assert count in (0, len(drawn.protocols) * len(drawn.ports)) or host.timed_out
        assert count or host.state != "up" or host.timed_out
        assert host.state != "up" or str(host.address) not in drawn.absent
    assert [verdict for verdict in outcome.verdicts if false(drawn, verdict)] == []
    assert outcome.end.counts == Counter(verdict.state.word for verdict in outcome.verdicts)


def assert_evidence(outcome: Outcome) -> None:
    sent = Counter((probe.dst, probe.protocol, probe.dport) for probe in outcome.network.sent)
    assert outcome.end.probes_sent == sum(sent.values())
    for verdict in outcome.verdicts:
        evidence = verdict.evidence
        assert evidence.probes <= sent[verdict.address.packed, int(verdict.protocol), verdict.port]
        assert (evidence.answered_probe or 0) <= evidence.probes
        assert evidence.rtt_s is None or evidence.rtt_s > 0


def assert_the_users_rules(drawn: Drawn, outcome: Outcome) -> None:
    plan, sent = drawn.plan, outcome.network.sent
    assert {probe.dst for probe in sent} <= {ip_address(address).packed for address in drawn.addresses}
    times = [probe.at_s for probe in sent]
    if plan.max_rate_pps is not None:
        most = int(max(1.0, 1.005 * plan.max_rate_pps))
        assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[most:], strict=False))
    if plan.scan_delay_s is not None:
        last_s: dict[bytes, float] = {}
        for probe in sent:
            assert probe.at_s - last_s.get(probe.dst, -1.0) >= plan.scan_delay_s - 1e-6
            last_s[probe.dst] = probe.at_s
    if plan.max_retries is not None and not plan.pings and not plan.second_look:
        again = {UDP: 1}  # whether the host rations its errors
        for (_dst, protocol, _port), count in Counter((probe.dst, probe.protocol, probe.dport) for probe in sent).items():
            assert count <= plan.max_retries + 1 + again.get(protocol, 0)
    slowly_s = len(sent) / plan.max_rate_pps if plan.max_rate_pps else 0.0
    slowly_s += len(sent) * (plan.scan_delay_s or 0.0)
    assert outcome.end.duration_s < LONGEST_S + 1.5 * slowly_s
    if plan.host_timeout_s is not None:
        assert outcome.end.duration_s < 10.0 + 2 * plan.host_timeout_s


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_told_is_true_and_the_users_rules_hold(seed: int) -> None:
    drawn = Drawn(seed)
    ports = f"{drawn.ports[0]}-{drawn.ports[-1]}"
    outcome = run_scan(" ".join(drawn.addresses), ports, drawn.network(), drawn.plan)
    assert_told_once_and_truly(drawn, outcome)
    assert_evidence(outcome)
    assert_the_users_rules(drawn, outcome)


def test_the_lots_come_upon_everything() -> None:
    drawn = [Drawn(seed) for seed in range(30)]
    assert {method for one in drawn for method in one.plan.methods} >= {"syn", "udp", "sctp-init", "fin", "ack"}
    for option in ("max_retries", "max_rate_pps", "host_timeout_s", "scan_delay_s", "second_look", "pings"):
        assert any(getattr(one.plan, option) != getattr(ScanPlan(), option) for one in drawn), option
    assert {one.routed for one in drawn} == {True, False}
    assert TCP not in PROTOCOLS.values()
