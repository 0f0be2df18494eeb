"""Who watches sees every packet; of a dry run none leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.engine.scan import Scan
from hatoba.engine.setting import method_of
from hatoba.model import ScanEnd, ScanPlan
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.probes.connect import End, Handshake, Kind
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeNetwork, answers_of
from hatoba.wire.watched_network import WatchedNetwork


class Seen:
    def __init__(self) -> None:
        self.batches: list[PacketBatch] = []
        self.outcomes: list[npt.NDArray[np.void]] = []

    def packets(self, batch: PacketBatch) -> None:
        self.batches.append(batch)

    def connects(self, outcomes: npt.NDArray[np.void], asked: object) -> None:
        self.outcomes.append(outcomes)

    def count(self, outbound: bool) -> int:
        return sum(len(batch) for batch in self.batches if batch.outbound is outbound)


def watched(method: str, dry: bool) -> tuple[Seen, FakeNetwork, ScanEnd]:
    clock, seen = FakeClock(), Seen()
    network = FakeNetwork(answers_of([3]), clock)
    built = build_targets(["198.18.0.2"], ports=parse_ports("1-20", default=method_of(method).protocol))
    permitted = Scope.waive(built.targets, "a fake network")
    plan = ScanPlan(methods=(method,), seed=1, max_retries=0)
    if dry:
        plan = replace(plan, initial_rtt_timeout_s=0.0, min_rtt_timeout_s=0.0)
    scan = Scan(plan, permitted, network=WatchedNetwork(network, clock, [seen], [seen], dry=dry), clock=clock)
    end = list(scan.events())[-1]
    assert isinstance(end, ScanEnd)
    return seen, network, end


def test_what_leaves_and_arrives_is_shown() -> None:
    seen, network, end = watched("syn", dry=False)
    assert seen.count(outbound=True) == len(network.sent) == end.probes_sent == 20
    assert seen.count(outbound=False) >= 1


@pytest.mark.parametrize("method", ["syn", "udp", "sctp-init"])
def test_of_a_dry_run_nothing_leaves(method: str) -> None:
    seen, network, _end = watched(method, dry=True)
    assert network.sent == []
    assert network.askers == [], "nobody was asked for a hardware address"
    assert seen.count(outbound=True) == 20


def test_a_dry_run_completes_no_connection() -> None:
    clock = FakeClock()
    network = WatchedNetwork(FakeNetwork(answers_of([3]), clock), clock, dry=True)
    held = network.handshakes()
    assert held.start(np.array([7]), np.zeros((1, 4), np.uint8), np.array([3], np.uint16)) == 1
    assert held.poll(0.0) == [(7, Handshake(End.FAILED))]


def test_connections_that_are_held_are_shown() -> None:
    class Observer:
        def holds(self, ended: Sequence[Handshake], asked: Sequence[tuple[bytes, int]], at_s: float) -> None:
            assert [handshake.end for handshake in ended] == [End.FAILED]
            shown.extend(asked)

    shown: list[tuple[bytes, int]] = []
    clock = FakeClock()
    failing = WatchedNetwork(FakeNetwork(answers_of([3]), clock), clock, dry=True)
    held = WatchedNetwork(failing, clock, holds=[Observer()]).handshakes()
    assert held.start(np.array([7]), np.zeros((1, 4), np.uint8), np.array([3], np.uint16)) == 1
    assert held.poll(0.0) == [(7, Handshake(End.FAILED))]
    assert shown == [(bytes(4), 3)]


def test_connections_of_a_dry_run_are_given_up_at_once() -> None:
    seen, _network, _end = watched("connect", dry=True)
    kinds = np.concatenate(seen.outcomes)["kind"]
    assert set(kinds.tolist()) == {Kind.EXPIRED}
