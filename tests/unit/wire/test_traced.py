"""Observers see what left and what arrived, byte by byte; the wire works as if nobody looked."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.errors import WireError
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.packets.segment import Place, Segment
from hatoba.probes.connect import OUTCOME, End, Handshake
from hatoba.wire.base import WIDTH_BYTES, Arrived, PacketWire, Times
from hatoba.wire.fake import FakeClock, FakeWire, answers_of
from hatoba.wire.traced import SilentWire, TracedConnects, TracedHandshakes, TracedPackets

US = {4: "198.18.0.1", 6: "fd00:18::1"}
HOST = {4: "198.18.0.2", 6: "fd00:18::2"}
SYN = bytes(12) + b"\x50\x02\x04\x00" + bytes(4)
BOTH = pytest.mark.parametrize("family", [4, 6])


def template(family: int, link_bytes: int = 0) -> FrameTemplate:
    segment = Segment(6, SYN, cookies=(Place(4),), sum_at=16)
    return FrameTemplate(family, link_bytes, bytes.fromhex("020000000001"), ip_address(US[family]).packed, (segment,))


def packed(*addresses: str) -> npt.NDArray[np.uint8]:
    return np.array([list(ip_address(address).packed) for address in addresses], np.uint8)


def send(wire: PacketWire, dst: npt.NDArray[np.uint8], dport: list[int]) -> None:
    count = len(dport)
    frames = wire.reserve(count)
    sport, cookie = np.full(count, 61_440, np.uint16), np.full(count, 7, np.uint32)
    wire.template.filler().fill(frames, Varying(dst, sport, np.array(dport, np.uint16), cookie))
    wire.commit(count)


class Seen:
    def __init__(self) -> None:
        self.batches: list[PacketBatch] = []
        self.ended: list[tuple[int, tuple[bytes, int]]] = []
        self.held: list[tuple[float, Handshake, tuple[bytes, int]]] = []

    def packets(self, batch: PacketBatch) -> None:
        self.batches.append(batch)

    def connects(self, outcomes: npt.NDArray[np.void], asked: Sequence[tuple[bytes, int]]) -> None:
        self.ended += list(zip(outcomes["token"].tolist(), asked, strict=True))

    def holds(self, ended: Sequence[Handshake], asked: Sequence[tuple[bytes, int]], at_s: float) -> None:
        self.held += [(at_s, *pair) for pair in zip(ended, asked, strict=True)]


def rows(batch: PacketBatch) -> list[bytes]:
    return [row[:length].tobytes() for row, length in zip(batch.frames, batch.lengths.tolist(), strict=True)]


@BOTH
@pytest.mark.parametrize("link_bytes", [0, 14])
def test_what_is_sent_is_seen_as_it_left(family: int, link_bytes: int) -> None:
    clock, seen = FakeClock(), Seen()
    inner = FakeWire(template(family, link_bytes), answers_of([22]), clock)
    wire = TracedPackets(inner, "eth0", [seen], clock)
    before_s = clock.now_s
    send(wire, packed(HOST[family], HOST[family]), [22, 23])
    (batch,) = seen.batches
    assert (batch.outbound, batch.interface, batch.family, batch.link_bytes) == (True, "eth0", family, link_bytes)
    assert [row[link_bytes:] for row in rows(batch)] == [probe.packet for probe in inner.sent]
    assert [len(row) for row in rows(batch)] == [wire.template.frame_bytes] * 2
    assert all(before_s < at_s <= probe.at_s for at_s, probe in zip(batch.at_s, inner.sent, strict=True))


def test_what_was_seen_stays_when_the_frames_are_used_again() -> None:
    clock, seen = FakeClock(), Seen()
    wire = TracedPackets(FakeWire(template(4), answers_of([]), clock), "lo", [seen], clock)
    send(wire, packed(HOST[4]), [22])
    first = rows(seen.batches[0])
    send(wire, packed("198.18.0.77"), [443])
    assert rows(seen.batches[0]) == first != rows(seen.batches[1])


def test_frames_of_different_lengths() -> None:
    clock, seen = FakeClock(), Seen()
    wire = TracedPackets(SilentWire(template(4, 14)), "eth0", [seen], clock)
    frames = wire.reserve(2)
    whole = [row.tobytes() for row in frames]
    lengths = np.array([54, 57], np.int64)
    wire.commit(2, lengths)
    lengths[:] = 0
    assert rows(seen.batches[0]) == [whole[0][:54], whole[1][:57]]


@BOTH
def test_what_arrives_is_seen_and_handed_on(family: int) -> None:
    clock, seen = FakeClock(), Seen()
    inner = FakeWire(template(family), answers_of([22]), clock)
    wire = TracedPackets(inner, "lo", [seen], clock)
    send(wire, packed(HOST[family]), [22])
    arrived = wire.receive(1.0)
    assert len(arrived) == 1
    batch = seen.batches[1]
    assert (batch.outbound, batch.link_bytes, batch.at_s.tolist()) == (False, 0, arrived.at_s.tolist())
    assert rows(batch) == [arrived.frames[0, : arrived.lengths[0]].tobytes()]
    assert not len(wire.receive(0.0))
    assert len(seen.batches) == 2


class Garbled(FakeWire):
    def receive(self, timeout_s: float) -> Arrived:
        return Arrived(np.full((2, WIDTH_BYTES), 7, np.uint8), np.array([0, 3], np.uint32), np.array([1.0, 2.0]))


def test_what_the_wire_could_not_read_is_not_shown() -> None:
    clock, seen = FakeClock(), Seen()
    wire = TracedPackets(Garbled(template(4), answers_of([]), clock), "lo", [seen], clock)
    assert len(wire.receive(0.0)) == 2
    assert (rows(seen.batches[0]), seen.batches[0].at_s.tolist()) == ([b"\7\7\7"], [2.0])


class Broken(FakeWire):
    drops = 3

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        raise WireError("gone")


def test_what_did_not_leave_is_not_told() -> None:
    clock, seen = FakeClock(), Seen()
    inner = Broken(template(4), answers_of([]), clock)
    wire = TracedPackets(inner, "lo", [seen], clock)
    with pytest.raises(WireError):
        send(wire, packed(HOST[4]), [22])
    assert not seen.batches
    assert wire.drops == 3
    wire.close()
    assert inner.closed


class Scripted:
    """Connections that are started up to a limit and end in the order of *ending*."""

    room = 2

    def __init__(self, ending: list[int]) -> None:
        self.ending = ending
        self.closed = False

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        return min(self.room, len(tokens))

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        return self._next()

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        return self._next()

    def close(self) -> None:
        self.closed = True

    def _next(self) -> npt.NDArray[np.void]:
        outcomes = np.zeros(min(1, len(self.ending)), OUTCOME)
        outcomes["token"] = self.ending[:1]
        del self.ending[:1]
        return outcomes


def test_connections_are_told_with_whom_they_asked() -> None:
    seen, inner = Seen(), Scripted([11, 10])
    wire = TracedConnects(inner, [seen])
    addresses = packed("198.18.0.2", "198.18.0.3", "198.18.0.4")
    assert wire.room == 2
    assert wire.start(np.array([10, 11, 12]), addresses, np.array([22, 23, 24], np.uint16)) == 2
    assert wire.poll(1.0)["token"].tolist() == [11]
    assert wire.expire(1.0)["token"].tolist() == [10]
    assert not len(wire.poll(0.0))
    told = [(token, (ip_address(raw).compressed, port)) for token, (raw, port) in seen.ended]
    assert told == [(11, ("198.18.0.3", 23)), (10, ("198.18.0.2", 22))]
    wire.close()
    assert inner.closed


class Holding(Scripted):
    """Connections that are held."""

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:  # type: ignore[override]
        return [(token, Handshake(End.HELD, 0)) for token in self._next()["token"].tolist()]


def test_connections_that_are_held_are_told_with_whom_they_asked() -> None:
    seen, inner = Seen(), Holding([11, 10])
    wire = TracedHandshakes(inner, [seen], lambda: 7.0)
    addresses = packed("198.18.0.2", "198.18.0.3", "198.18.0.4")
    assert wire.room == 2
    assert wire.start(np.array([10, 11, 12]), addresses, np.array([22, 23, 24], np.uint16)) == 2
    assert [wire.poll(1.0) for _ in range(3)] == [[(11, Handshake(End.HELD, 0))], [(10, Handshake(End.HELD, 0))], []]
    told = [(at_s, handshake.end, ip_address(raw).compressed, port) for at_s, handshake, (raw, port) in seen.held]
    assert told == [(7.0, End.HELD, "198.18.0.3", 23), (7.0, End.HELD, "198.18.0.2", 22)]
    wire.close()
    assert inner.closed


@BOTH
def test_the_silent_wire_takes_everything_and_hears_nothing(family: int) -> None:
    wire = SilentWire(template(family, 14))
    frames = wire.reserve(3)
    assert [row.tobytes() for row in frames] == [wire.template.frame()] * 3
    frames[:] = 0
    wire.commit(3)
    assert wire.reserve(1)[0].tobytes() == wire.template.frame()
    assert 0 < len(wire.reserve(100_000)) < 100_000
    assert not len(wire.receive(10.0))
    assert wire.drops == 0
    wire.close()
