"""What a scan learns of the loss of a way: from few answers, and from the legs before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from scanning import fake_scan

from hatoba.model import ScanPlan, State
from hatoba.packets.layouts import ACK, RST, SYN, TCP, UDP
from hatoba.wire.fake import Probe, Reply, World, tcp_reply

TARGET = "198.18.0.2"


def lossy(answers: dict[int, int], loss: float, seed: int = 1) -> World:
    """A host of which these ports answer with these flags to SYN, and nothing else does."""
    draw = random.Random(seed)

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.protocol == TCP and probe.dport in answers and draw.random() >= loss:
            yield 0.001, tcp_reply(probe, answers[probe.dport])

    return world


def rounds_of_udp(loss: float, methods: tuple[str, ...] = ("syn", "udp")) -> int:
    """How often a silent UDP port is asked, after a TCP leg to the same host."""
    world = lossy(dict.fromkeys(range(20_001, 20_101), RST | ACK), loss)
    outcome = fake_scan(TARGET, "T:20001-20200,U:20001-20003", world, ScanPlan(methods=methods, seed=1, second_look=False))
    sent = [probe for probe in outcome.network.sent if (probe.protocol, probe.dport) == (UDP, 20_001)]
    return len(sent)


def test_a_second_leg_knows_what_the_first_one_has_lost() -> None:
    assert rounds_of_udp(0.0) == rounds_of_udp(0.0, ("udp",)) == 3
    assert rounds_of_udp(0.36) > 5


def test_what_nobody_waits_for_any_more_is_not_lost() -> None:
    """Slowly, over a long way, the last answers to the first round come when the second asks for others once more."""

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.protocol == TCP:
            yield 0.3, tcp_reply(probe, RST | ACK)

    plan = ScanPlan(methods=("syn", "udp"), seed=1, second_look=False, max_rate_pps=30.0)
    outcome = fake_scan(TARGET, "T:20001-20010,U:20001-20003", world, plan)
    assert sum((probe.protocol, probe.dport) == (UDP, 20_001) for probe in outcome.network.sent) == 3


@pytest.mark.parametrize("flags", [SYN | ACK, RST | ACK])
def test_few_answers_are_asked_for_again_to_see_what_is_lost(flags: int) -> None:
    """Two of three come at once, and nothing seems to be lost but to who asks again: the third comes to the seventh probe."""
    asked: Counter[int] = Counter()

    def world(probe: Probe) -> Iterator[Reply]:
        asked[probe.dport] += 1
        if (probe.dport in (20_001, 20_011) and asked[probe.dport] % 2) or (probe.dport, asked[probe.dport]) == (20_021, 7):
            yield 0.001, tcp_reply(probe, flags)

    outcome = fake_scan(TARGET, "20001-20030", world, ScanPlan(methods=("syn",), seed=1, second_look=False))
    assert sorted(v.port for v in outcome.verdicts if v.state != State.FILTERED) == [20_001, 20_011, 20_021]
    assert outcome.end.expected_missed is not None
    assert 0.0 < outcome.end.expected_missed < 0.001


def test_a_host_that_falls_silent_is_not_asked_for_ever() -> None:
    asked: Counter[int] = Counter()

    def world(probe: Probe) -> Iterator[Reply]:
        asked[probe.dport] += 1
        if probe.dport in (20_001, 20_011, 20_021) and asked[probe.dport] == 1:
            yield 0.001, tcp_reply(probe, SYN | ACK)

    fake_scan(TARGET, "20001-20030", world, ScanPlan(methods=("syn",), seed=1, second_look=False))
    assert asked[20_030] <= 8


def test_a_way_that_loses_nothing_is_asked_no_more_often() -> None:
    for answers, most in ((1, 5), (3, 4), (10, 3)):
        world = lossy({20_001 + 2 * number: SYN | ACK for number in range(answers)}, 0.0)
        outcome = fake_scan(TARGET, "20001-20040", world, ScanPlan(methods=("syn",), seed=1, second_look=False))
        assert sum(probe.dport == 20_040 for probe in outcome.network.sent) <= most
