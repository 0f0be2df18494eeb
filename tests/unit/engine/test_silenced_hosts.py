"""Hosts that go away in mid-scan, or begin to block us: their silence is no verdict, and that is told."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from scanning import Outcome, run_scan

from hatoba.model import ScanPlan
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_error, tcp_reply

PLAN = ScanPlan(methods=("syn",), seed=1, second_look=True)


class Leaving:
    """Hosts that answer no more after *answers* answers each. *opens* and *dropped* are ports; all others are closed."""

    def __init__(self, answers: int, opens: range = range(0), dropped: range = range(0), burst: int | None = None) -> None:
        self.left: dict[bytes, int] = {}
        self.answers, self.opens, self.dropped, self.burst = answers, opens, dropped, burst

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        left = self.left.setdefault(probe.dst, self.answers)
        if probe.dport in self.dropped or not left:
            return
        self.left[probe.dst] = left - 1
        yield 0.001, tcp_reply(probe, (SYN if probe.dport in self.opens else RST) | ACK)


def scanned(world: object, ports: str, targets: str = "198.18.0.2", plan: ScanPlan = PLAN) -> Outcome:
    return run_scan(targets, ports, FakeNetwork(world, FakeClock()), plan)  # type: ignore[arg-type]


def silent(outcome: Outcome) -> int:
    return sum(verdict.evidence.answer is None for verdict in outcome.verdicts)


@pytest.mark.parametrize(
    ("world", "ports"),
    [
        (Leaving(600), "1-2000"),
        (Leaving(5, opens=range(1, 9), dropped=range(9, 200)), "1-200"),
        (Leaving(12, opens=range(1, 20)), "1-20"),
    ],
    ids=["closed ports", "open ones among silent ones", "few"],
)
def test_a_host_that_answers_no_more_is_told(world: Leaving, ports: str) -> None:
    outcome = scanned(world, ports)
    count = silent(outcome)
    assert count > 0
    (told,) = outcome.end.problems
    assert told.startswith(f"198.18.0.2 answered at first and then no more, so {count:,} silent ports may be open or closed")
    assert outcome.end.expected_missed == pytest.approx(count, rel=0.01)


def test_several_are_told_in_one_sentence() -> None:
    (told,) = scanned(Leaving(12, opens=range(1, 20)), "1-20", "198.18.0.2-4").end.problems
    assert told.startswith("198.18.0.2 and 2 more hosts answered at first and then no more, so up to 8 silent ports of each")


@pytest.mark.parametrize("answers", [10**6, 20])
def test_one_that_goes_on_answering_or_has_answered_all_is_not_told(answers: int) -> None:
    dropped = range(0) if answers == 20 else range(10, 20)
    outcome = scanned(Leaving(answers, opens=range(1, 5), dropped=dropped), "1-20")
    assert outcome.end.problems == ()
    assert outcome.end.expected_missed < 0.01


@pytest.mark.parametrize("opens", [range(1, 3), range(1, 2)])
def test_two_lost_answers_are_nothing_to_tell(opens: range) -> None:
    """Both were answered once, and then lost: that happens."""
    outcome = scanned(Leaving(len(opens), opens, dropped=range(opens.stop, 21)), "1-20")
    assert {verdict.evidence.answer for verdict in outcome.verdicts} == {"syn-ack", None}
    assert outcome.end.problems == ()


def test_one_whose_resets_alone_have_stopped_is_not_told_as_gone() -> None:
    left = [300]

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dport <= 8:
            yield 0.001, tcp_reply(probe, SYN | ACK)
        elif left[0]:
            left[0] -= 1
            yield 0.001, tcp_reply(probe, RST | ACK)

    (told,) = scanned(world, "1-1000").end.problems
    assert told == "198.18.0.2 sends so few resets that 692 of its silent ports may be closed as well as filtered"


def test_the_word_of_a_router_does_not_show_that_a_host_is_there() -> None:
    answered: set[int] = set()

    def world(probe: Probe) -> Iterator[Reply]:
        if probe.dport <= 8 and probe.dport not in answered:
            answered.add(probe.dport)
            yield 0.001, tcp_reply(probe, SYN | ACK)
        elif probe.dport <= 8:
            yield 0.001, icmp_error(probe, 3, 1, bytes([198, 18, 9, 254]))

    (told,) = [text for text in scanned(world, "1-8,20-40").end.problems if "contradicted" not in text]
    assert told.startswith("198.18.0.2 answered at first and then no more, so 21 silent ports may be open or closed")


def test_what_a_lossy_way_takes_is_judged_by_the_loss_of_that_way() -> None:
    draw = random.Random(0)

    def world(probe: Probe) -> Iterator[Reply]:
        lossy = probe.dst[-1] % 2 == 0
        if not (lossy and draw.random() < 0.65) and probe.dport <= (3 if lossy else 60):
            yield 0.001, tcp_reply(probe, SYN | ACK)

    assert not [text for text in scanned(world, "1-60", "198.18.0.0/26").end.problems if "and then no more" in text]
