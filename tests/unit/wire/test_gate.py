"""The gate: a batch with one address that is not allowed does not leave, not even in part."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.errors import NotInScope
from hatoba.model import Address, Protocol
from hatoba.packets.frames import Varying
from hatoba.packets.segment import Segment
from hatoba.probes.connect import End, Handshake
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Permitted, Scope
from hatoba.wire.base import Arrived
from hatoba.wire.conversations import Conversation
from hatoba.wire.fake import FakeClock, FakeWire, answers_of
from hatoba.wire.gate import GatedConnects, GatedDials, GatedHandshakes, GatedPackets
from tests.unit.wire.probing import packed, send, template

LAB = (ip_network("198.18.0.0/15"), ip_network("fd00:18::/32"))
GOOD = {4: "198.18.0.2", 6: "fd00:18::2"}
BAD = {4: "198.18.0.3", 6: "fd00:18::3"}
BOTH = pytest.mark.parametrize("family", [4, 6])


class Only:
    """Allows these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = {ip_address(address).packed for address in addresses}
        self.asked: list[tuple[int, int]] = []

    def allows(self, family: int, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        self.asked.append((family, len(packed)))
        return np.array([row.tobytes() in self.addresses for row in packed], np.bool_)


class RecordingConnects:
    """A connect wire that keeps what reached it."""

    def __init__(self) -> None:
        self.started: list[tuple[bytes, int, int]] = []
        self.calls: list[str] = []
        self.room = 7

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        self.started += [(row.tobytes(), int(port), zone_index) for row, port in zip(packed, ports, strict=True)]
        return len(tokens)

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        self.calls.append(f"poll {timeout_s}")
        return np.zeros(2, [("token", "i8")])

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        self.calls.append(f"expire {started_before_s}")
        return np.zeros(3, [("token", "i8")])

    def close(self) -> None:
        self.calls.append("close")


def gated(family: int, *allowed: str, link_bytes: int = 0) -> tuple[GatedPackets, FakeWire]:
    wire = FakeWire(template(family, link_bytes), answers_of([80]), FakeClock())
    return GatedPackets(wire, Only(*allowed)), wire


def permitted(*targets: str) -> Permitted:
    built = build_targets(list(targets), ports=parse_ports("80", default=Protocol.TCP), families=frozenset({4, 6}))
    return Scope((), always=LAB).require(built.targets)


@BOTH
@pytest.mark.parametrize("link_bytes", [0, 14])
def test_allowed_packets_pass(family: int, link_bytes: int) -> None:
    gate, wire = gated(family, GOOD[family], link_bytes=link_bytes)
    send(gate, packed(*[GOOD[family]] * 3), [80, 81, 82])
    assert [probe.dport for probe in wire.sent] == [80, 81, 82]
    assert len(gate.receive(1.0)) == 3
    assert gate.drops == 0
    gate.close()
    assert wire.closed


@BOTH
@pytest.mark.parametrize("link_bytes", [0, 14])
@pytest.mark.parametrize("place", [0, 1, 4])
def test_one_packet_that_is_not_allowed_keeps_the_whole_batch(family: int, link_bytes: int, place: int) -> None:
    gate, wire = gated(family, GOOD[family], link_bytes=link_bytes)
    addresses = [GOOD[family]] * 5
    addresses[place] = BAD[family]
    with pytest.raises(NotInScope, match=BAD[family]) as caught:
        send(gate, packed(*addresses), [80] * 5)
    assert caught.value.networks == (BAD[family],)
    assert caught.value.exit_status == 3
    assert wire.sent == []


@BOTH
def test_after_a_refusal_the_batch_can_not_be_sent_by_asking_again(family: int) -> None:
    gate, wire = gated(family, GOOD[family])
    with pytest.raises(NotInScope):
        send(gate, packed(BAD[family]), [80])
    with pytest.raises(ValueError, match="only 0 were reserved"):
        gate.commit(1)
    assert wire.sent == []


@BOTH
def test_frames_behind_those_that_were_looked_at_do_not_leave(family: int) -> None:
    gate, wire = gated(family, GOOD[family])
    frames = gate.reserve(1)
    one = np.array([80], np.uint16)
    gate.template.filler().fill(frames, Varying(packed(GOOD[family]), one, one, np.array([1], np.uint32)))
    with pytest.raises(ValueError, match="2 frames to send, but only 1"):
        gate.commit(2)
    assert wire.sent == []


def test_only_committed_frames_are_looked_at() -> None:
    gate, wire = gated(4, GOOD[4])
    frames = gate.reserve(2)
    ports = np.array([80, 80], np.uint16)
    gate.template.filler().fill(frames, Varying(packed(GOOD[4], BAD[4]), ports, ports, np.array([1, 1], np.uint32)))
    gate.commit(1)
    assert len(wire.sent) == 1
    gate.reserve(0)
    gate.commit(0)


@BOTH
@pytest.mark.parametrize("place", [0, 1])
def test_frames_of_different_lengths_are_looked_at_alike(family: int, place: int) -> None:
    frames = template(family, 14, Segment(17, bytes(99), sum_at=6))
    wire = FakeWire(frames, answers_of([80]), FakeClock())
    gate = GatedPackets(wire, Only(GOOD[family]))
    send(gate, packed(*[GOOD[family]] * 2), [80, 81], variants=[1, 0])
    assert [probe.protocol for probe in wire.sent] == [17, 6]
    addresses = [GOOD[family]] * 2
    addresses[place] = BAD[family]
    with pytest.raises(NotInScope, match=BAD[family]):
        send(gate, packed(*addresses), [80, 81], variants=[1, 0])
    assert len(wire.sent) == 2


class RecordingHandshakes(RecordingConnects):
    """A way to hold connections that keeps what reached it."""

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:  # type: ignore[override]
        self.calls.append(f"poll {timeout_s}")
        return [(3, Handshake(End.HELD))]


@BOTH
@pytest.mark.parametrize("place", [0, 2])
def test_no_connection_is_held_to_what_is_not_allowed(family: int, place: int) -> None:
    behind = RecordingHandshakes()
    gate = GatedHandshakes(behind, Only(GOOD[family]))
    addresses = [GOOD[family]] * 3
    ports = np.array([80, 81, 82], np.uint16)
    assert gate.start(np.arange(3), packed(*addresses), ports, 5) == 3
    addresses[place] = BAD[family]
    with pytest.raises(NotInScope, match=BAD[family]):
        gate.start(np.arange(3), packed(*addresses), ports)
    assert behind.started == [(ip_address(GOOD[family]).packed, port, 5) for port in (80, 81, 82)]
    assert (gate.room, gate.poll(0.5)) == (7, [(3, Handshake(End.HELD))])
    gate.close()
    assert behind.calls == ["poll 0.5", "close"]


@BOTH
@pytest.mark.parametrize("place", [0, 2])
def test_one_connect_that_is_not_allowed_keeps_the_whole_batch(family: int, place: int) -> None:
    wire = RecordingConnects()
    gate = GatedConnects(wire, Only(GOOD[family]))
    addresses = [GOOD[family]] * 3
    addresses[place] = BAD[family]
    with pytest.raises(NotInScope, match=BAD[family]):
        gate.start(np.arange(3), packed(*addresses), np.array([80, 81, 82], np.uint16))
    assert wire.started == []


@BOTH
def test_allowed_connects_pass_with_everything_that_was_said(family: int) -> None:
    wire = RecordingConnects()
    gate = GatedConnects(wire, Only(GOOD[family]))
    assert gate.start(np.arange(2), packed(*[GOOD[family]] * 2), np.array([80, 81], np.uint16), 5) == 2
    raw = ip_address(GOOD[family]).packed
    assert wire.started == [(raw, 80, 5), (raw, 81, 5)]
    assert (gate.room, len(gate.poll(0.5)), len(gate.expire(3.0))) == (7, 2, 3)
    gate.close()
    assert wire.calls == ["poll 0.5", "expire 3.0", "close"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 255)), max_size=20), st.sampled_from([4, 6]))
def test_with_the_real_scope_all_or_nothing(rows: list[tuple[bool, int]], family: int) -> None:
    """Addresses inside and just outside of a /24 that is permitted."""
    inside, outside = (
        packed(text)[0].tobytes()[:-1] for text in (GOOD[family], "198.18.1.0" if family == 4 else "fd00:18::100")
    )
    target = permitted("198.18.0.0/24" if family == 4 else "fd00:18::/120")
    raw = [(outside if far else inside) + bytes([last]) for far, last in rows]
    dst = np.array([list(row) for row in raw], np.uint8).reshape(-1, 4 if family == 4 else 16)
    wire, connects = FakeWire(template(family), answers_of([]), FakeClock()), RecordingConnects()
    astray = any(far for far, _last in rows)
    for act in (
        lambda: send(GatedPackets(wire, target), dst, [80] * len(dst)),
        lambda: GatedConnects(connects, target).start(np.arange(len(dst)), dst, np.full(len(dst), 80, np.uint16)),
    ):
        if astray:
            with pytest.raises(NotInScope):
                act()
        else:
            act()
    expected = [] if astray else raw
    assert [probe.dst for probe in wire.sent] == expected
    assert [address for address, _port, _zone in connects.started] == expected


def test_an_ipv4_mapped_address_is_no_way_around() -> None:
    wire = RecordingConnects()
    with pytest.raises(NotInScope):
        GatedConnects(wire, permitted("198.18.0.2")).start(np.arange(1), packed("::ffff:198.18.0.3"), np.array([80], np.uint16))
    assert wire.started == []


def test_what_arrives_is_handed_on_as_it_is() -> None:
    class Deaf(FakeWire):
        def receive(self, timeout_s: float) -> Arrived:
            self.waited_s = timeout_s
            return super().receive(0)

        drops = 0

    wire = Deaf(template(4), answers_of([]), FakeClock())
    gate = GatedPackets(wire, Only())
    wire.drops = 12
    assert len(gate.receive(0.75)) == 0
    assert (wire.waited_s, gate.drops) == (0.75, 12)


def test_a_wire_that_was_used_before_is_told_of_from_now_on_and_left_open() -> None:
    class Lossy(FakeWire):
        drops = 12

    left: list[FakeWire] = []
    wire = Lossy(template(4), answers_of([]), FakeClock())
    gate = GatedPackets(wire, Only(), lambda: left.append(wire))
    wire.drops = 15
    assert gate.drops == 3
    gate.close()
    assert (left, wire.closed) == ([wire], False)


class Dialled:
    """Notes who is called."""

    def __init__(self) -> None:
        self.calls: list[tuple[Protocol, str, int]] = []

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Conversation:
        self.calls.append((protocol, str(address), port))
        raise ConnectionRefusedError


@BOTH
@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
def test_a_conversation_with_an_address_that_is_not_allowed_does_not_begin(family: int, protocol: Protocol) -> None:
    dials = Dialled()
    gate = GatedDials(dials, Only(GOOD[family]))
    with pytest.raises(NotInScope, match="is not in scope; no packet was sent to it"):
        asyncio.run(gate.dial(protocol, ip_address(BAD[family]), 22))
    assert dials.calls == []
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(gate.dial(protocol, ip_address(GOOD[family]), 22))
    assert dials.calls == [(protocol, GOOD[family], 22)]
