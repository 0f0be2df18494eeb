from __future__ import annotations

import numpy as np
import pytest
from scanning import fake_scan, run_scan
from worlds import FaultyWorld

from hatoba.engine.kept_wires import KeptWires, LentWire
from hatoba.errors import WireError
from hatoba.model import ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.probes import METHODS
from hatoba.wire.base import Arrived, nothing_arrived
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, answers_of
from hatoba.wire.routes import Link, Route

LINK = Link(2, "eth0", bytes(6), ethernet=True, up=True)
ROUTE = Route(LINK, bytes([198, 18, 0, 1]), None, local=False)
PORTS = np.array([80], np.uint16)


def template(method: str = "syn") -> FrameTemplate:
    return FrameTemplate(4, 14, bytes(6), ROUTE.source, METHODS[method].wording(4, PORTS).segments)


class Counting(FakeWire):
    """Its count of drops goes up by itself, or it fails."""

    dropped, broken = 0, False

    @property
    def drops(self) -> int:
        return self.dropped

    def receive(self, timeout_s: float) -> Arrived:
        if self.broken:
            raise WireError("interface eth0 does not work")
        return nothing_arrived()


class Lender:
    """Lends wires of one way unless told otherwise, and keeps all that were made."""

    def __init__(self) -> None:
        self.kept = KeptWires()
        self.made: list[Counting] = []

    def lend(self, route: Route = ROUTE, zone: str | None = None, method: str = "syn", questions: int = 100) -> LentWire:
        frames = template(method)

        def new() -> Counting:
            self.made.append(Counting(frames, lambda _probe: [], FakeClock()))
            return self.made[-1]

        return self.kept.lend((route, zone, frames), questions, new)


def test_the_next_leg_takes_the_wire_of_the_last() -> None:
    lender = Lender()
    for questions in (100, 50, 100):
        wire = lender.lend(questions=questions)
        wire.close()
        wire.close()
    assert len(lender.made) == 1
    assert not lender.made[0].closed
    lender.kept.close()
    assert lender.made[0].closed


@pytest.mark.parametrize(
    "other",
    [
        {"route": Route(LINK, bytes([198, 18, 0, 1]), bytes([198, 18, 0, 9]), local=False)},
        {"zone": "eth0"},
        {"method": "ack"},
        {"questions": 101},
    ],
)
def test_one_that_goes_another_way_or_asks_more_needs_another(other: dict[str, object]) -> None:
    lender = Lender()
    lender.lend().close()
    lender.lend(**other)  # type: ignore[arg-type]
    assert [wire.closed for wire in lender.made] == [True, False]


def test_two_at_a_time_are_two() -> None:
    lender = Lender()
    first, second = lender.lend(), lender.lend()
    first.close()
    second.close()
    lender.kept.close()
    assert [wire.closed for wire in lender.made] == [True, True]


def test_what_is_lent_when_the_scan_ends_is_closed_when_it_comes_back() -> None:
    lender = Lender()
    wire = lender.lend()
    lender.kept.close()
    assert not lender.made[0].closed
    wire.close()
    assert lender.made[0].closed


@pytest.mark.parametrize("fault", ["leaving", "broken"])
def test_one_that_failed_or_has_something_to_send_yet_is_not_kept(fault: str) -> None:
    lender = Lender()
    wire = lender.lend()
    if fault == "leaving":
        wire.commit(0)
    else:
        lender.made[0].broken = True
        with pytest.raises(WireError):
            wire.receive(0.0)
    wire.close()
    assert lender.made[0].closed
    lender.lend()
    assert len(lender.made) == 2


def test_each_leg_has_its_own_drops() -> None:
    lender = Lender()
    first = lender.lend()
    lender.made[0].dropped = 3
    first.close()
    second = lender.lend()
    lender.made[0].dropped = 5
    assert (first.drops, second.drops) == (3, 2)


def test_a_second_look_needs_no_wire_of_its_own() -> None:
    plan = ScanPlan(methods=("syn",), seed=1, second_look=True)
    outcome = fake_scan("198.18.0.2-5", "1-100", answers_of([22, 80]), plan)
    assert len(outcome.network.wires) == 1
    assert outcome.network.wires[0].closed
    asked = [probe for probe in outcome.network.sent if probe.dport == 22]
    assert len(asked) == 2 * 4
    assert len({(probe.dst, probe.sport) for probe in asked}) == 2 * 4, "each leg by its own ports"


@pytest.mark.parametrize("seed", range(5))
def test_late_answers_of_the_leg_before_are_none_to_the_next(seed: int) -> None:
    """Every answer comes twice, some of them late; and all ports that answered are asked once more, over the same wire."""
    world = FaultyWorld({5: "open", 6: "dropped"}, seed=seed, duplicates=1.0, forgeries=0.3, max_delay_s=0.2)
    plan = ScanPlan(methods=("syn",), seed=seed, second_look=True)
    outcome = run_scan("198.18.0.2 198.18.0.3 198.18.0.4", "1-60", FakeNetwork(world, FakeClock()), plan)
    states = outcome.states()
    expected = {5: "open", 6: "filtered"}
    assert {key: state for key, state in states.items() if state != expected.get(key[2], "closed")} == {}
    assert len(states) == 180
    assert len(outcome.network.wires) == 1
    assert not any(host.unsteady for host in outcome.hosts)
    assert outcome.end.counts == {"open": 3, "closed": 174, "filtered": 3}
