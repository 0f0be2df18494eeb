"""The fake network keeps true records, its answers are true packets, and its clock moves only when somebody looks or waits."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Packet

from hatoba.packets.answers import read_answers
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire, Probe, Reply, answers_of, icmp_error, ip_packet, tcp_reply
from tests.unit.wire.probing import FIRST_PORT, HOST, US, packed, send, template

BOTH = pytest.mark.parametrize("family", [4, 6])
NETWORK = {4: IP, 6: IPv6}


def silence(probe: Probe) -> Iterator[Reply]:
    yield from ()


def probes(family: int, dport: list[int], link_bytes: int = 0) -> list[Probe]:
    wire = FakeWire(template(family, link_bytes), silence, FakeClock())
    send(wire, packed(*[HOST[family]] * len(dport)), dport)
    return wire.sent


def assert_checksums(family: int, raw: bytes) -> Packet:
    """scapy reads *raw*, and writes the same bytes with checksums of its own."""
    fresh = NETWORK[family](raw)
    if family == 4:
        del fresh.chksum
    payload = fresh.payload
    if isinstance(payload, TCP | ICMP):
        del payload.chksum
    else:
        del payload.cksum
    assert bytes(fresh) == raw
    return NETWORK[family](raw)


@BOTH
@pytest.mark.parametrize("link_bytes", [0, 14])
def test_what_was_sent_is_on_record(family: int, link_bytes: int) -> None:
    first, second = probes(family, [80, 443], link_bytes)
    assert (first.family, first.src, first.dst) == (family, ip_address(US[family]).packed, ip_address(HOST[family]).packed)
    assert (first.sport, first.dport, first.seq, first.ack, first.flags) == (FIRST_PORT, 80, 7, 0, SYN)
    assert second.dport == 443
    assert_checksums(family, first.packet)


def test_frames_that_are_not_committed_are_not_sent() -> None:
    wire = FakeWire(template(4), silence, FakeClock())
    assert len(wire.reserve(5)) == 5
    wire.commit(0)
    assert wire.sent == []
    assert len(wire.reserve(100_000)) == 256, "a wire may have less room than asked for"


@BOTH
@pytest.mark.parametrize("flags", [SYN | ACK, RST | ACK, RST])
def test_a_reply_answers_its_probe(family: int, flags: int) -> None:
    (probe,) = probes(family, [80])
    packet = assert_checksums(family, tcp_reply(probe, flags, seq=0xFFFFFFFF, ttl=3))
    assert (packet.src, packet.dst) == (HOST[family], US[family])
    assert (packet[TCP].sport, packet[TCP].dport, packet[TCP].ack, packet[TCP].seq) == (80, FIRST_PORT, 8, 0xFFFFFFFF)
    assert int(packet[TCP].flags) == flags
    assert (packet.ttl if family == 4 else packet.hlim) == 3


@BOTH
def test_a_reply_may_lie(family: int) -> None:
    (probe,) = probes(family, [80])
    stranger = ip_address("198.18.7.7" if family == 4 else "fd00:18::7").packed
    packet = assert_checksums(family, tcp_reply(probe, RST, ack=99, source=stranger))
    assert (packet[TCP].ack, ip_address(packet.src).packed) == (99, stranger)
    assert assert_checksums(family, tcp_reply(probe, RST, ack=-1))[TCP].ack == 0xFFFFFFFF


@BOTH
def test_an_error_quotes_its_probe(family: int) -> None:
    (probe,) = probes(family, [80])
    router = ip_address("198.18.9.9" if family == 4 else "fd00:18::9").packed
    packet = assert_checksums(family, icmp_error(probe, 3 if family == 4 else 1, 1, router))
    assert ip_address(packet.src).packed == router
    message = packet[ICMP] if family == 4 else packet[ICMPv6DestUnreach]
    assert (message.type, message.code) == ((3, 1) if family == 4 else (1, 1))
    assert bytes(message)[8:] == probe.packet
    other = assert_checksums(family, icmp_error(probe, 3 if family == 4 else 1, 1, router, quoted=b"odd"))
    assert bytes(other.payload)[8:] == b"odd"


@settings(deadline=None)
@given(st.sampled_from([4, 6]), st.integers(0, 255), st.binary(max_size=60), st.integers(1, 255))
@example(6, 43, b"\0", 1)
def test_a_packet_around_anything(family: int, protocol: int, payload: bytes, ttl: int) -> None:
    src, dst = (ip_address(table[family]).packed for table in (US, HOST))
    raw = ip_packet(family, protocol, src, dst, payload, ttl)
    header_bytes = 20 if family == 4 else 40
    packet = NETWORK[family](raw[:header_bytes])  # scapy reads behind what ends early: a routing header of two bytes
    assert (packet.src, packet.dst) == (US[family], HOST[family])
    assert (
        (packet.proto, packet.ttl, packet.len) == (protocol, ttl, len(raw))
        if family == 4
        else (packet.nh, packet.hlim, packet.plen) == (protocol, ttl, len(payload))
    )
    if family == 4:
        del packet.chksum
        assert bytes(packet)[:20] == raw[:20]
    assert raw[header_bytes:] == payload


@BOTH
def test_replies_come_in_the_order_of_their_delays(family: int) -> None:
    delays = {80: 0.5, 81: 0.1, 82: 0.3, 83: 0.1}
    clock = FakeClock(100.0)
    wire = FakeWire(template(family), lambda probe: [(delays[probe.dport], tcp_reply(probe, RST | ACK))], clock)
    send(wire, packed(*[HOST[family]] * 4), list(delays))
    heard = []
    while len(arrived := wire.receive(1.0)):
        rows = read_answers(family, arrived.frames, arrived.lengths, arrived.at_s)
        heard += [(int(row["dport"]), round(float(row["at_s"]) - 100, 3)) for row in rows]
        assert clock.now_s >= arrived.at_s.max(), "an answer from the future"
    assert heard == [(81, 0.1), (83, 0.1), (82, 0.3), (80, 0.5)]


def test_nothing_comes_before_its_time() -> None:
    clock = FakeClock(100.0)
    wire = FakeWire(template(4), lambda probe: [(2.0, tcp_reply(probe, RST | ACK))], clock)
    send(wire, packed(HOST[4]), [80])
    assert len(wire.receive(1.5)) == 0
    assert clock.now_s == 101.5
    assert len(wire.receive(0.0)) == 0
    assert len(wire.receive(-1.0)) == 0
    assert clock.now_s == 101.5
    assert len(wire.receive(1.0)) == 1
    assert clock.now_s == 102.0, "waiting ends with the arrival"
    assert len(wire.receive(0.25)) == 0
    assert clock.now_s == 102.25


def test_the_clock_moves_only_by_waiting_and_reading() -> None:
    clock = FakeClock(5.0)
    wire = FakeWire(template(4), answers_of([80]), clock)
    send(wire, packed(*[HOST[4]] * 3), [80, 81, 82])
    assert clock.now_s == 5.0
    first, second = clock(), clock()
    assert 5.0 < first < second < 5.001


def test_long_packets_are_cut_as_a_wire_cuts_them() -> None:
    wire = FakeWire(template(4), silence, FakeClock())
    wire.deliver(0.0, bytes(500))
    wire.deliver(0.0, b"")
    wire.deliver(0.0, b"\x45")
    arrived = wire.receive(0.0)
    assert arrived.frames.shape == (3, WIDTH_BYTES)
    assert arrived.lengths.tolist() == [WIDTH_BYTES, 0, 1]


@BOTH
def test_a_world_of_open_ports(family: int) -> None:
    (open_probe, closed_probe) = probes(family, [80, 81])
    world = answers_of([80])
    flags = [NETWORK[family](packet)[TCP].flags for probe in (open_probe, closed_probe) for _delay_s, packet in world(probe)]
    assert flags == ["SA", "RA"]


@BOTH
@pytest.mark.parametrize("local", [False, True])
def test_the_network(family: int, local: bool) -> None:
    here, gone = HOST[family], "198.18.0.3" if family == 4 else "fd00:18::3"
    network = FakeNetwork(silence, FakeClock(), absent=frozenset({gone}), local=local)
    (way,) = network.ways(family, [(5, 9)], None)
    assert (way.first, way.last) == (5, 9)
    assert way.route is not None
    assert (way.route.local, way.route.link.ethernet, len(way.route.source)) == (local, not local, 4 if family == 4 else 16)
    asker = network.open_neighbours(way.route.link, family, way.route.source, 2)
    assert asker.ask(packed(here, gone)) == 2
    assert asker.hear(0.5).addresses.tolist() == packed(here).tolist()
    assert len(asker.hear(0.5)) == 0
    assert asker.asked == [ip_address(here).packed, ip_address(gone).packed]
    asker.close()
    assert network.askers == [asker]
    assert asker.closed
    wires = [network.open_packets(way.route, template(family), network.source_ports(1).first, None, 100) for _ in range(2)]
    for wire in wires:
        send(wire, packed(here), [80])
        wire.close()
    assert [probe.dport for probe in network.sent] == [80, 80]
    assert all(wire.closed for wire in wires)
    with pytest.raises(NotImplementedError):
        network.open_connects()
