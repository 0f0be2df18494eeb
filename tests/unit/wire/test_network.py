"""The real network hands each question to the room that answers it."""

from __future__ import annotations

import contextlib
import inspect
import socket
from dataclasses import replace
from typing import Any

import pytest

from hatoba.wire import handshakes, network
from hatoba.wire.fake import FakeNetwork
from hatoba.wire.network import KernelNetwork, Network
from hatoba.wire.routes import Link, Route, find_ways
from tests.unit.wire.probing import FIRST_PORT, MAC, template

LINK = Link(7, "eth7", MAC, ethernet=True, up=True)


def clock() -> float:
    return 1.0


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the rooms behind it are asked."""
    told: list[tuple[Any, ...]] = []
    for room, name in [
        *((network, name) for name in ("find_ways", "NeighbourWire", "RingWire", "RawIpWire")),
        (handshakes, "Handshakes"),
    ]:
        monkeypatch.setattr(room, name, lambda *arguments, _name=name: told.append((_name, *arguments)))
    return told


@pytest.mark.parametrize(
    ("zone", "interface", "expected"), [(None, None, None), ("lo", None, "lo"), (None, "lo", "lo"), ("lo", "eth7", "lo")]
)
def test_ways_are_bound_to_the_zone_or_else_to_the_interface(
    calls: list[tuple[Any, ...]], zone: str | None, interface: str | None, expected: str | None
) -> None:
    KernelNetwork(clock, interface).ways(6, [(1, 2)], zone)
    assert calls == [("find_ways", 6, [(1, 2)], socket.if_nametoindex(expected) if expected else 0)]


def test_neighbours_are_asked_with_the_scan_s_clock(calls: list[tuple[Any, ...]]) -> None:
    KernelNetwork(clock).open_neighbours(LINK, 4, b"self", 100)
    assert calls == [("NeighbourWire", LINK, 4, b"self", 100, clock)]


def test_connections_are_held_over_the_chosen_interface(calls: list[tuple[Any, ...]]) -> None:
    KernelNetwork(clock, "eth7").handshakes()
    assert calls == [("Handshakes", clock, "eth7")]


def test_ethernet_goes_through_a_ring(calls: list[tuple[Any, ...]]) -> None:
    frames = template(4, 14)
    KernelNetwork(clock).open_packets(Route(LINK, b"self", None, local=False), frames, FIRST_PORT, None, 100)
    ((kind, its_template, interface, first_port, slots, its_clock),) = calls
    assert (kind, its_template, interface, first_port, its_clock) == ("RingWire", frames, "eth7", FIRST_PORT, clock)
    assert slots >= 2 * 100


@pytest.mark.parametrize("zone", [None, "lo"])
def test_other_links_go_through_raw_ip(calls: list[tuple[Any, ...]], zone: str | None) -> None:
    frames = template(6)
    made = KernelNetwork(clock)
    made.open_packets(Route(LINK, b"self", None, local=True), frames, FIRST_PORT, zone, 100)
    ((kind, its_template, interface, *_rest, zone_index, bound, refusals),) = calls
    assert (kind, its_template, interface, bound) == ("RawIpWire", frames, "eth7", False)
    assert refusals is made.refusals
    assert zone_index == (socket.if_nametoindex(zone) if zone else 0)


@pytest.mark.parametrize(("local", "interface", "bound"), [(False, "eth7", True), (True, "eth7", False), (False, None, False)])
def test_a_chosen_interface_binds_raw_ip_but_for_own_addresses(
    calls: list[tuple[Any, ...]], local: bool, interface: str | None, bound: bool
) -> None:
    KernelNetwork(clock, interface).open_packets(Route(LINK, b"self", None, local=local), template(4), FIRST_PORT, None, 100)
    assert calls[0][-2] is bound


def test_the_most_questions_do_not_take_the_most_memory(calls: list[tuple[Any, ...]]) -> None:
    frames = template(4, 14)
    for questions in (1, 10**6, 10**9):
        KernelNetwork(clock).open_packets(Route(LINK, b"self", None, local=False), frames, FIRST_PORT, None, questions)
    few, many, more = (slots for *_rest, slots, _clock in calls)
    assert few < many == more <= 1 << 16


def test_source_ports_are_held() -> None:
    with (
        contextlib.closing(KernelNetwork(clock).source_ports(4)) as held,
        socket.socket() as other,
        pytest.raises(OSError, match="in use"),
    ):
        other.bind(("", held.first))


def test_connects_can_be_opened() -> None:
    with contextlib.closing(KernelNetwork(clock).open_connects()) as connects:
        assert connects.room > 0


@pytest.mark.parametrize("made", [KernelNetwork, FakeNetwork])
def test_every_network_keeps_the_contract(made: type) -> None:
    for name in ("ways", "open_neighbours", "source_ports", "open_packets", "open_connects", "handshakes"):
        wanted, found = (list(inspect.signature(getattr(owner, name)).parameters) for owner in (Network, made))
        assert found == wanted, name


def test_a_way_is_usable_while_its_interface_is_up_and_its_address_ours() -> None:
    link = Link(socket.if_nametoindex("lo"), "lo", b"", ethernet=False, up=True)
    is_up = any(way.route is not None for way in find_ways(4, [(0x7F000001, 0x7F000001)]))
    made = KernelNetwork(clock)
    assert made.usable(Route(link, bytes([127, 0, 0, 1]), None, local=False)) is is_up
    assert not made.usable(Route(link, bytes([198, 18, 99, 99]), None, local=False))
    assert not made.usable(Route(replace(link, index=1 << 20), bytes([127, 0, 0, 1]), None, local=False))
