"""One wire for several legs: when it serves again, and what it brings along."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import FaultyWorld

from hatoba.engine.legs.kept_wire import KeptWire, Use
from hatoba.errors import WireError
from hatoba.model import ScanPlan
from hatoba.wire.fake import FakeClock, FakeWire, answers_of
from hatoba.wire.routes import Link, Route
from tests.unit.engine.scanning import fake_scan
from tests.unit.wire.probing import HOST, packed, send, template

LINK = Link(7, "eth7", b"", ethernet=True, up=True)
ROUTE = Route(LINK, b"self", None, local=False)
USE = Use(ROUTE, template(4), None, 1000)


def wire() -> FakeWire:
    return FakeWire(template(4), answers_of([]), FakeClock())


@pytest.mark.parametrize("questions", [1, 999, 1000])
def test_it_serves_for_the_same_packets_along_the_same_way_to_no_more_hosts(questions: int) -> None:
    kept, its_wire = KeptWire(), wire()
    kept.keep(its_wire, USE)
    assert kept.take(USE._replace(questions=questions)) == (its_wire, USE)
    assert kept.take(USE) is None, "it is the taker's alone"


@pytest.mark.parametrize(
    "other",
    [
        USE._replace(route=replace(ROUTE, source=b"else")),
        USE._replace(route=replace(ROUTE, link=replace(LINK, index=8))),
        USE._replace(template=replace(USE.template, source_mac=bytes(6))),
        USE._replace(zone="eth7"),
        USE._replace(questions=5000),
    ],
)
def test_it_does_not_serve_for_others(other: Use) -> None:
    kept, its_wire = KeptWire(), wire()
    kept.keep(its_wire, USE)
    assert kept.take(other) is None
    assert kept.take(USE) == (its_wire, USE)


def test_a_wire_stays_as_large_as_it_was_opened() -> None:
    """However few questions it was taken for in between."""
    kept = KeptWire()
    kept.keep(wire(), USE)
    taken = kept.take(USE._replace(questions=1))
    assert taken is not None
    kept.keep(*taken)
    assert kept.take(USE) == taken


def test_what_arrived_for_the_leg_before_is_left_behind() -> None:
    kept, clock = KeptWire(), FakeClock()
    its_wire = FakeWire(template(4), lambda probe: [(0.001, probe.packet)], clock)
    send(its_wire, packed(HOST[4]), [80])
    clock.now_s += 1.0
    kept.keep(its_wire, USE)
    taken = kept.take(USE)
    assert taken is not None
    assert len(taken[0].receive(1.0)) == 0


def test_one_is_kept_at_most_and_none_when_all_is_over() -> None:
    kept, first, second = KeptWire(), wire(), wire()
    kept.keep(first, USE)
    kept.keep(second, USE)
    assert (first.closed, second.closed) == (True, False)
    kept.close()
    kept.close()
    assert second.closed


def test_one_whose_link_is_gone_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, its_wire = KeptWire(), wire()

    def gone() -> None:
        raise WireError("it went down")

    monkeypatch.setattr(its_wire, "drain", gone)
    kept.keep(its_wire, USE)
    with pytest.raises(WireError, match="it went down"):
        kept.take(USE)
    assert its_wire.closed


def test_a_scan_with_a_second_look_opens_one_wire_and_closes_it() -> None:
    outcome = fake_scan("198.18.0.2", "22,80", answers_of([22]), ScanPlan(("syn",), seed=1, second_look=True))
    assert len(outcome.network.wires) == 1
    assert len(outcome.network.wires[0].sent) > 2, "the second look went through it, too"
    assert outcome.network.wires[0].closed


def test_what_is_in_use_when_the_scan_ends_is_closed_when_it_would_be_kept() -> None:
    kept, its_wire = KeptWire(), wire()
    kept.close()
    kept.keep(its_wire, USE)
    assert its_wire.closed
    assert kept.take(USE) is None


@pytest.mark.parametrize("seed", range(5))
def test_late_answers_of_the_leg_before_are_none_to_the_next(seed: int) -> None:
    """Every answer comes twice, some of them late; and all ports that answered are asked once more, over the same wire."""
    world = FaultyWorld({5: "open", 6: "dropped"}, seed=seed, duplicates=1.0, forgeries=0.3, max_delay_s=0.2)
    plan = ScanPlan(methods=("syn",), seed=seed, second_look=True)
    outcome = fake_scan("198.18.0.2 198.18.0.3 198.18.0.4", "1-60", world, plan)
    expected = {5: "open", 6: "filtered"}
    assert {key: state for key, state in outcome.states().items() if state != expected.get(key[2], "closed")} == {}
    assert len(outcome.network.wires) == 1
    assert not any(host.unsteady for host in outcome.hosts)
    assert outcome.end.counts == {"open": 3, "closed": 174, "filtered": 3}
