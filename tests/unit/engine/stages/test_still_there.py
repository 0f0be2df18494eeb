"""Hosts that go away while their ports are asked by a method whose answers nobody looks at again."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from scanning import Outcome, run_scan
from worlds import datagram

from hatoba.model import ScanPlan
from hatoba.packets.layouts import ACK, RST, UDP
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, icmp_error, tcp_reply


class Leaving:
    """Hosts that answer no more after *answers* answers each. Of UDP's ports *opens* are open and *dropped* are dropped, the
    others closed; their errors are rationed, *ration_s* apart after a burst of six. TCP's closed ports answer a FIN."""

    def __init__(
        self,
        answers: int = 1 << 30,
        opens: tuple[int, ...] = (),
        dropped: range = range(0),
        ration_s: float = 0.0,
        loss: float = 0.0,
    ) -> None:
        self.answers, self.opens, self.dropped, self.ration_s, self.loss = answers, opens, dropped, ration_s, loss
        self.left: dict[bytes, int] = {}
        self.ration: dict[bytes, tuple[float, float]] = {}
        self.draw = random.Random(1)

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        left = self.left.setdefault(probe.dst, self.answers)
        if not left or probe.dport in self.dropped or self.draw.random() < self.loss:
            return
        answer = self.answer(probe)
        if answer is not None:
            self.left[probe.dst] = left - 1
            yield 0.001, answer

    def answer(self, probe: Probe) -> bytes | None:
        if probe.protocol != UDP:
            return tcp_reply(probe, RST | ACK)
        if probe.dport in self.opens:
            return datagram(probe)
        tokens, at_s = self.ration.get(probe.dst, (6.0, probe.at_s))
        tokens = min(6.0, tokens + (probe.at_s - at_s) / self.ration_s) if self.ration_s else 6.0
        self.ration[probe.dst] = max(tokens - 1, tokens % 1), probe.at_s
        return icmp_error(probe, 3, 3, probe.dst) if tokens >= 1 else None


def scanned(world: Leaving, method: str = "udp", targets: str = "198.18.0.2", ports: str = "1-200") -> Outcome:
    plan = ScanPlan(methods=(method,), seed=1, second_look=True)
    return run_scan(targets, ports, FakeNetwork(world, FakeClock()), plan)


@pytest.mark.parametrize(
    ("world", "method"),
    [
        (Leaving(20, tuple(range(50, 60))), "udp"),
        (Leaving(4), "udp"),
        (Leaving(8, (53, 123, 161), ration_s=1.0), "udp"),
        (Leaving(50), "fin"),
        (Leaving(50), "xmas"),
    ],
    ids=["open ports and closed", "few closed", "rationed", "fin", "xmas"],
)
def test_a_host_that_answers_no_more_is_told(world: Leaving, method: str) -> None:
    outcome = scanned(world, method)
    count = sum(verdict.evidence.answer is None for verdict in outcome.verdicts)
    assert count == 200 - world.answers
    (told,) = outcome.end.problems
    assert told.startswith(f"198.18.0.2 answered at first and then no more, so {count:,} silent ports may be open or closed")
    assert outcome.end.expected_missed == pytest.approx(count, rel=0.01)


@pytest.mark.parametrize(
    ("world", "method"),
    [
        (Leaving(opens=(53, 123, 161), dropped=range(170, 201)), "udp"),
        (Leaving(opens=(53,), ration_s=1.0), "udp"),
        (Leaving(ration_s=1.0), "udp"),
        (Leaving(ration_s=1.0, dropped=range(7, 201)), "udp"),
        (Leaving(opens=(53, 123, 161), dropped=range(4, 50), loss=0.4), "udp"),
        (Leaving(dropped=range(80, 90)), "fin"),
    ],
    ids=["walled", "rationed", "closed and rationed", "few closed and rationed", "lossy", "fin"],
)
def test_one_that_is_still_there_is_not(world: Leaving, method: str) -> None:
    assert not [text for text in scanned(world, method).end.problems if "and then no more" in text]


def test_those_of_many_that_have_gone_are_told() -> None:
    world = Leaving(dropped=range(100, 201), opens=tuple(range(1, 100)))
    world.left = {bytes([198, 18, 0, last]): 5 for last in (2, 4)}
    (told,) = scanned(world, targets="198.18.0.0/29").end.problems
    assert told.startswith("198.18.0.2 and 1 more host answered at first and then no more, so up to 195 silent ports of each")


def test_it_costs_a_host_that_is_there_a_few_questions_and_no_time() -> None:
    world = Leaving(opens=(53, 123, 161), dropped=range(162, 201))
    plan = ScanPlan(methods=("udp",), seed=1)
    without = run_scan("198.18.0.2", "1-200", FakeNetwork(world, FakeClock()), plan)
    outcome = scanned(world)
    assert outcome.end.probes_sent - without.end.probes_sent <= 3
    assert outcome.end.duration_s - without.end.duration_s < 0.1
