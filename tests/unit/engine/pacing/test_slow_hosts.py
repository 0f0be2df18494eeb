"""Scans of hosts that can't keep up, on a clock of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from hatoba.engine.pacing.slow_hosts import SlowHosts
from hatoba.model import ScanPlan
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.wire.fake import Probe, Reply, tcp_reply
from tests.unit.engine.builders import leg
from tests.unit.engine.scanning import fake_scan

SLOW = 5
"""The last byte of its address."""


@dataclass
class SlowWorld:
    """Port 22 of each host is open, the others are closed; the slow one drops what comes faster than *pps*."""

    pps: float
    came_s: list[float] = field(default_factory=list)
    """When probes came to the slow host."""
    _tokens: float = 10.0

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        if probe.dst[-1] == SLOW:
            passed_s = probe.at_s - self.came_s[-1] if self.came_s else 0.0
            self.came_s.append(probe.at_s)
            self._tokens = min(10.0, self._tokens + passed_s * self.pps)
            if self._tokens < 1:
                return
            self._tokens -= 1
        yield 0.001, tcp_reply(probe, (SYN if probe.dport == 22 else RST) | ACK)


@pytest.mark.parametrize("pps", [2000.0, 200.0])
def test_a_slow_device_is_scanned_right_and_in_little_more_than_the_time_that_it_takes(pps: float) -> None:
    world, ports = SlowWorld(pps), 4000 if pps > 1000 else 1000
    outcome = fake_scan(f"198.18.0.{SLOW}", f"1-{ports}", world)
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 1, "closed": ports - 1}
    assert outcome.end.duration_s < 2 * ports / pps + 1
    assert outcome.end.expected_missed == 0.0


def test_one_slow_device_makes_nobody_else_wait() -> None:
    world = SlowWorld(500.0)
    outcome = fake_scan("198.18.0.2-7", "1-1000", world)
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 6, "closed": 5994}
    others = [probe.at_s for probe in outcome.network.sent if probe.dst[-1] != SLOW]
    assert others[-1] - others[0] < 0.3 * (world.came_s[-1] - world.came_s[0])


def test_silent_ports_of_a_slow_device_are_not_asked_for_ever() -> None:
    """What was lost before it was known to be slow says nothing of what is lost since."""
    world = SlowWorld(1000.0)

    def walled(probe: Probe) -> Iterator[Reply]:
        yield from (reply for reply in world(probe) if probe.dport % 4 or probe.dport == 22)

    outcome = fake_scan(f"198.18.0.{SLOW}", "1-2000", walled)
    assert Counter(v.state.word for v in outcome.verdicts) == {"open": 1, "closed": 1499, "filtered": 500}
    assert max(v.evidence.probes for v in outcome.verdicts) <= 14


def test_what_was_learnt_holds_for_the_next_leg_and_only_for_those_hosts() -> None:
    asked, known = leg("198.18.0.0/30", "1-100"), {2: 300.0}
    hosts = SlowHosts(asked, known, 0.0, None, told_apart=True)
    late = hosts.part(np.array([0, 100, 200, 299, 300]))
    assert late is not None
    assert late.tolist() == [False, False, True, True, False]
    hosts.hold_back(np.array([200, 299]))
    assert hosts.waiting
    for now_s, question in ((0.1, 200), (0.2, 299)):
        assert hosts.due(now_s, 1, last=True).tolist() == [question]
        hosts.asked_late(np.array([question]))
    assert not hosts.waiting
    hosts.remember()
    assert known == {2: 300.0}


@pytest.mark.parametrize(("ports", "told_apart"), [("1-10", True), ("1-100", False)])
def test_few_questions_or_pings_tell_nothing_of_a_hosts_speed(ports: str, told_apart: bool) -> None:
    hosts = SlowHosts(leg("198.18.0.0/30", ports), {}, 0.0, None, told_apart)
    hosts.asked(np.arange(10), 0.0, None)
    hosts.answered(np.arange(10), np.full(10, 0.001))
    hosts.judge(1.0)
    assert hosts.part(np.arange(10)) is None


def test_the_users_least_rate_holds_for_a_slow_device() -> None:
    world = SlowWorld(100.0)
    plan = ScanPlan(methods=("syn",), seed=1, min_rate_pps=5000.0, max_retries=3)
    fake_scan(f"198.18.0.{SLOW}", "1-1000", world, plan)
    gaps = [later - earlier for earlier, later in zip(world.came_s, world.came_s[1:], strict=False)]
    assert max(gaps[:900]) < 0.02
