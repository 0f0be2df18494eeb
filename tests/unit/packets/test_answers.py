"""What others build, we read the same; what is broken, foreign or cut short gives nothing and never raises."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
)
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkInitAck
from scapy.packet import Packet, Raw

from hatoba.packets.answers import (
    ANSWER,
    ICMP_ERROR,
    ICMP_REPLY,
    OTHER_PACKET,
    SCTP_PACKET,
    TCP_SEGMENT,
    UDP_DATAGRAM,
    content,
    read_answers,
)
from hatoba.wire.base import WIDTH_BYTES
from tests.unit.packets.one_by_one import Seen, seen

US = {4: "198.18.0.1", 6: "fd00:18::1"}
HOST = {4: "198.18.0.2", 6: "fd00:18::2"}
ROUTER = {4: "198.18.9.9", 6: "fd00:18:9::9"}
BOTH = pytest.mark.parametrize("family", [4, 6])


def outer(family: int, source: str, **fields: int) -> Packet:
    if family == 4:
        return IP(src=source, dst=US[4], ttl=fields.pop("ttl", 63), **fields)
    return IPv6(src=source, dst=US[6], hlim=fields.pop("ttl", 63), **fields)


def probe(family: int, seq: int = 0xDEADBEEF) -> Packet:
    network = (IP if family == 4 else IPv6)(src=US[family], dst=HOST[family])
    return network / TCP(sport=61440, dport=443, seq=seq, flags="S", options=[("MSS", 1460)])


def unreachable(family: int, code: int = 1, quoted: Packet | None = None) -> Packet:
    kind = ICMP(type=3, code=code) if family == 4 else ICMPv6DestUnreach(code=code)
    return outer(family, ROUTER[family]) / kind / (quoted or probe(family))


def read(family: int, packets: list[bytes], width: int = WIDTH_BYTES, rubbish: int = 0xEE) -> npt.NDArray[np.void]:
    """Feed packets as a wire does: rows of one width, *rubbish* behind each packet's end."""
    frames = np.full((len(packets), width), rubbish, np.uint8)
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet[:width])] = np.frombuffer(packet[:width], np.uint8)
    lengths = np.array([len(packet[:width]) for packet in packets], np.uint32)
    return read_answers(family, frames, lengths, np.arange(len(packets), dtype=np.float64))


def as_seen(family: int, row: np.void, packet: bytes) -> Seen:
    """A row in the words of the plain reader. Its content has to lie within *packet*, which it was read from."""
    width = 4 if family == 4 else 16
    apart = ("source", "target", "at_s", "row", "data_at", "data_bytes")
    fields = {name: row[name].item() for name in ANSWER.names or () if name not in apart}
    assert not row["source"][width:].any()
    assert not row["target"][width:].any()
    assert int(row["data_at"]) + int(row["data_bytes"]) <= len(packet), "content behind the packet's end"
    source, target = (row[name][:width].tobytes() for name in ("source", "target"))
    frames = np.frombuffer(packet, np.uint8)[None, :].repeat(int(row["row"]) + 1, axis=0)
    return Seen(source=source, target=target, data=content(row, frames), **fields)


def assert_read_as_one_by_one(family: int, packets: list[bytes]) -> None:
    rows = read(family, packets)
    told = {int(row["at_s"]): as_seen(family, row, packets[row["row"]][:WIDTH_BYTES]) for row in rows}
    assert len(told) == len(rows)
    assert (rows["row"] == rows["at_s"]).all()
    expected = {at: found for at, packet in enumerate(packets) if (found := seen(family, packet[:WIDTH_BYTES])) is not None}
    assert told == expected


@BOTH
@pytest.mark.parametrize("flags", ["SA", "RA", "R", "S", "FA", "SAEC", "FSRPAUEC"])
def test_a_segment_of_scapy(family: int, flags: str) -> None:
    tcp = TCP(sport=443, dport=61440, seq=0x01020304, ack=0xDEADBEF0, flags=flags, window=64240, options=[("MSS", 1460)])
    packet = bytes(outer(family, HOST[family], ttl=57) / tcp)
    (row,) = read(family, [packet])
    host = ip_address(HOST[family]).packed
    numbers = {"seq": 0x01020304, "ack": 0xDEADBEF0, "window": 64240, "flags": int(tcp.flags) & 0xFF}
    assert as_seen(family, row, packet) == Seen(TCP_SEGMENT, 6, host, host, 57, 61440, 443, **numbers)


@BOTH
def test_a_datagram_of_scapy(family: int) -> None:
    host = ip_address(HOST[family]).packed
    for data in (b"", b"x", b"answer"):
        packet = bytes(outer(family, HOST[family]) / UDP(sport=53, dport=61440) / Raw(data)) + b"padding"
        (row,) = read(family, [packet])
        assert as_seen(family, row, packet) == Seen(UDP_DATAGRAM, 17, host, host, 63, 61440, 53, data=data)


@BOTH
@pytest.mark.parametrize(("chunk", "kind"), [(SCTPChunkInitAck(init_tag=9), 2), (SCTPChunkAbort(), 6)])
def test_an_sctp_packet_of_scapy(family: int, chunk: Packet, kind: int) -> None:
    packet = bytes(outer(family, HOST[family]) / SCTP(sport=80, dport=61440, tag=0xDEADBEEF) / chunk)
    (row,) = read(family, [packet])
    host = ip_address(HOST[family]).packed
    assert as_seen(family, row, packet) == Seen(SCTP_PACKET, 132, host, host, 63, 61440, 80, flags=kind, seq=0xDEADBEEF)


@pytest.mark.parametrize(
    ("family", "kind", "expected"),
    [
        (4, ICMP(type=0, id=61440, seq=7), 0),
        (4, ICMP(type=14, id=61440, seq=7, ts_ori=0, ts_rx=0, ts_tx=0), 14),
        (4, ICMP(type=18, id=61440, seq=7, addr_mask="255.255.255.0"), 18),
        (6, ICMPv6EchoReply(id=61440, seq=7), 129),
    ],
)
def test_a_reply_to_a_ping(family: int, kind: Packet, expected: int) -> None:
    packet = bytes(outer(family, HOST[family]) / kind)
    (row,) = read(family, [packet])
    host, number = ip_address(HOST[family]).packed, 1 if family == 4 else 58
    data = packet[(20 if family == 4 else 40) + 8 :]
    told = Seen(ICMP_REPLY, number, host, host, 63, 61440, seq=7, icmp_type=expected, data=data)
    assert as_seen(family, row, packet) == told


@BOTH
def test_other_protocols_are_packets(family: int) -> None:
    host = ip_address(HOST[family]).packed
    packet = bytes(outer(family, HOST[family]) / GRE())
    (row,) = read(family, [packet])
    assert as_seen(family, row, packet) == Seen(OTHER_PACKET, 47, host, host, 63)


@BOTH
@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        (UDP(sport=61440, dport=53) / Raw(b"question"), {"protocol": 17, "sport": 61440, "dport": 53}),
        (SCTP(sport=61440, dport=80, tag=5) / SCTPChunkAbort(), {"protocol": 132, "sport": 61440, "dport": 80, "seq": 5}),
        (GRE() / Raw(bytes(8)), {"protocol": 47, "sport": 0, "dport": 0, "seq": 0}),
    ],
)
def test_what_an_error_quotes(family: int, quoted: Packet, expected: dict[str, int]) -> None:
    network = IP(src=US[4], dst=HOST[4], id=0x1234) if family == 4 else IPv6(src=US[6], dst=HOST[6], fl=0x81234)
    (row,) = read(family, [bytes(unreachable(family, quoted=network / quoted))])
    assert row["kind"] == ICMP_ERROR
    assert row["tag"] == (0x1234 if family == 4 else 0x81234)
    assert {name: int(row[name]) for name in expected} == expected


@BOTH
def test_an_error_about_a_ping_tells_its_identifier(family: int) -> None:
    network = (IP if family == 4 else IPv6)(src=US[family], dst=HOST[family])
    ping = ICMP(type=8, id=61440, seq=7) if family == 4 else ICMPv6EchoRequest(id=61440, seq=7)
    (row,) = read(family, [bytes(unreachable(family, quoted=network / ping))])
    assert (row["protocol"], row["sport"], row["dport"], row["seq"]) == (1 if family == 4 else 58, 61440, 0, 7)


@BOTH
@pytest.mark.parametrize("code", [0, 1, 3, 6, 13])
def test_an_icmp_error_of_scapy(family: int, code: int) -> None:
    packet = bytes(unreachable(family, code))
    (row,) = read(family, [packet])
    router, host = (ip_address(table[family]).packed for table in (ROUTER, HOST))
    told = {"icmp_type": 3 if family == 4 else 1, "icmp_code": code, "tag": 1 if family == 4 else 0}
    data = packet[20 + 8 + 20 if family == 4 else 40 + 8 + 40 :]
    assert as_seen(family, row, packet) == Seen(ICMP_ERROR, 6, router, host, 63, 61440, 443, seq=0xDEADBEEF, data=data, **told)


@pytest.mark.parametrize(
    ("family", "kind", "expected"),
    [
        (4, ICMP(type=11, code=0), (11, 0)),
        (6, ICMPv6TimeExceeded(code=1), (3, 1)),
        (6, ICMPv6ParamProblem(code=1), (4, 1)),
    ],
)
def test_other_errors(family: int, kind: Packet, expected: tuple[int, int]) -> None:
    (row,) = read(family, [bytes(outer(family, ROUTER[family]) / kind / probe(family))])
    assert (row["icmp_type"], row["icmp_code"]) == expected


def test_options_of_both_ip_headers_are_stepped_over() -> None:
    quoted = probe(4)
    quoted[IP].options = [IPOption_NOP()] * 4
    error = IP(src=ROUTER[4], dst=US[4], options=[IPOption_NOP()] * 40) / ICMP(type=3, code=9) / quoted
    segment = IP(src=HOST[4], dst=US[4], options=[IPOption_NOP()] * 8) / TCP(sport=80, dport=61440, ack=7, flags="SA")
    plain = IP(src=HOST[4], dst=US[4]) / TCP(sport=81, dport=61440, ack=8, flags="RA")
    rows = read(4, [bytes(error), bytes(segment), bytes(plain)])
    assert sorted((int(row["at_s"]), int(row["dport"])) for row in rows) == [(0, 443), (1, 80), (2, 81)]
    assert rows[rows["kind"] == ICMP_ERROR]["seq"] == 0xDEADBEEF


@pytest.mark.parametrize("body", [TCP(sport=80, dport=61440, flags="SA"), UDP(sport=80, dport=61440)], ids=["tcp", "udp"])
def test_of_several_fragments_the_first_one_tells(body: Packet) -> None:
    parts = [bytes(part) for part in fragment(IP(src=HOST[4], dst=US[4]) / body / Raw(b"x" * 64), fragsize=32)]
    assert len(parts) > 2
    (row,) = read(4, parts)
    assert (row["row"], row["dport"], row["sport"]) == (0, 80, 61440)


def test_of_several_fragments_the_first_one_tells_in_ipv6() -> None:
    datagram = bytes(UDP(sport=53, dport=61440) / Raw(b"x" * 64))
    parts = [
        bytes(outer(6, HOST[6]) / IPv6ExtHdrFragment(nh=17, offset=at // 8, m=at < 48, id=7) / Raw(datagram[at : at + 24]))
        for at in (0, 24, 48)
    ]
    (row,) = read(6, parts)
    assert (row["row"], row["dport"], row["data_bytes"]) == (0, 53, 16)


def test_an_error_about_a_later_fragment_gives_nothing() -> None:
    quoted = probe(4)
    quoted[IP].frag = 5
    assert len(read(4, [bytes(unreachable(4, quoted=quoted))])) == 0


@BOTH
def test_foreign_packets_give_nothing(family: int) -> None:
    other = 10 - family
    packets: list[Packet] = [
        outer(other, HOST[other]) / TCP(sport=443, dport=61440, flags="SA"),
        outer(other, HOST[other]) / UDP(sport=53, dport=61440) / Raw(b"x" * 40),
        unreachable(other),
        outer(family, HOST[family]) / UDP(sport=53, dport=61440, len=7) / Raw(b"x" * 40),
    ]
    if family == 4:
        packets.append(outer(4, HOST[4]) / ICMP(type=8) / probe(4))
    else:
        packets.append(outer(6, HOST[6]) / ICMPv6EchoRequest(data=bytes(probe(6))))
    assert len(read(family, [bytes(packet) for packet in packets])) == 0


OPTIONS = IPv6ExtHdrDestOpt(options=PadN(optdata=bytes(20)))
CHAINS: list[list[Packet]] = [
    [IPv6ExtHdrHopByHop()],
    [IPv6ExtHdrRouting(addresses=[HOST[6]])],
    [IPv6ExtHdrFragment(id=7)],  # atomic (RFC 6946)
    [OPTIONS],
    [IPv6ExtHdrHopByHop(), OPTIONS, IPv6ExtHdrRouting(), IPv6ExtHdrFragment(), IPv6ExtHdrDestOpt()],
]
BODIES: list[tuple[Packet, int]] = [
    (TCP(sport=443, dport=61440, flags="SA"), TCP_SEGMENT),
    (UDP(sport=53, dport=61440) / Raw(b"x"), UDP_DATAGRAM),
    (SCTP(sport=80, dport=61440, tag=5) / SCTPChunkAbort(), SCTP_PACKET),
    (ICMPv6DestUnreach(code=4, cksum=7) / probe(6), ICMP_ERROR),
    (ICMPv6EchoReply(id=61440, seq=7), ICMP_REPLY),
    (GRE(), OTHER_PACKET),
]


def behind(chain: list[Packet], body: Packet) -> bytes:
    packet = outer(6, HOST[6])
    for header in chain:
        packet = packet / header.copy()
    return bytes(packet / body.copy())


@pytest.mark.parametrize(("body", "kind"), BODIES, ids=[type(body).__name__ for body, _kind in BODIES])
def test_extension_headers_are_stepped_over(body: Packet, kind: int) -> None:
    packets = [behind(chain, body) for chain in [[], *CHAINS]]
    (plain, *others) = [as_seen(6, row, packets[row["row"]]) for row in sorted(read(6, packets), key=lambda row: row["row"])]
    assert plain.kind == kind
    assert others == [plain] * len(CHAINS)


def test_a_chain_of_headers_has_an_end() -> None:
    body = TCP(sport=443, dport=61440, flags="SA")
    assert [len(read(6, [behind([IPv6ExtHdrDestOpt()] * count, body)])) for count in range(8)] == [1] * 6 + [0] * 2


def test_a_packet_that_ends_within_its_headers_gives_nothing() -> None:
    for chain in CHAINS:
        whole = behind(chain, GRE())
        assert_read_as_one_by_one(6, [whole[:length] for length in range(len(whole) + 1)])
        assert_read_as_one_by_one(6, [whole[:41] + bytes([units]) + whole[42:] for units in range(256)])


@BOTH
def test_every_length_of_a_cut_packet(family: int) -> None:
    for whole in (
        bytes(outer(family, HOST[family]) / TCP(sport=443, dport=61440, flags="SA", options=[("MSS", 9)])),
        bytes(unreachable(family)),
        bytes(outer(family, HOST[family]) / UDP(sport=53, dport=61440) / Raw(b"x" * 9)),
        bytes(outer(family, HOST[family]) / SCTP(sport=53, dport=61440) / SCTPChunkAbort()),
    ):
        packets = [whole[:length] for length in range(len(whole) + 1)]
        assert_read_as_one_by_one(family, packets)
        assert len(read(family, packets[-1:])) == 1
        for packet in packets:
            narrow = read(family, [packet], width=max(1, len(packet)))
            assert len(narrow) == (seen(family, packet) is not None)


@BOTH
def test_the_padding_of_a_short_frame_is_no_part_of_the_packet(family: int) -> None:
    """Ethernet fills frames up to 60 bytes, not always with zeros (CVE-2003-0001)."""
    whole = bytes(outer(family, HOST[family]) / TCP(sport=443, dport=61440, flags="SA"))
    lengths_at, too_short = (2, 20 + 12) if family == 4 else (4, 12)
    lying = whole[:lengths_at] + too_short.to_bytes(2, "big") + whole[lengths_at + 2 :]
    assert len(read(family, [whole + b"padding"])) == 1
    assert len(read(family, [lying])) == 0


def test_every_header_length_and_version() -> None:
    """Of the outer and of the quoted header, those included that RFC 791 forbids."""
    for base in BASES[4]:
        for at in (0, 28, (base[0] & 15) * 4 + 8):
            assert_read_as_one_by_one(4, [base[:at] + bytes([value]) + base[at + 1 :] for value in range(256)])
    for base in BASES[6]:
        for at in (0, 48):
            assert_read_as_one_by_one(6, [base[:at] + bytes([value]) + base[at + 1 :] for value in range(256)])


def test_no_packet_is_no_answer() -> None:
    for family in (4, 6):
        rows = read_answers(family, np.zeros((0, WIDTH_BYTES), np.uint8), np.zeros(0, np.uint32), np.zeros(0))
        assert rows.dtype == ANSWER
        assert len(rows) == 0


def test_each_answer_keeps_its_own_time() -> None:
    segment = bytes(outer(4, HOST[4]) / TCP(sport=443, dport=61440, flags="SA"))
    error = bytes(unreachable(4))
    rows = read(4, [b"", error, segment[:30], segment, error, segment])
    assert sorted(rows["at_s"].tolist()) == [1, 3, 4, 5]
    assert sorted(rows["at_s"][rows["kind"] == TCP_SEGMENT].tolist()) == [3, 5]


def bases(family: int) -> list[bytes]:
    tcp = TCP(sport=443, dport=61440, seq=5, ack=6, flags="SA")
    network = (IP if family == 4 else IPv6)(src=US[family], dst=HOST[family])
    udp, sctp = UDP(sport=53, dport=61440) / Raw(b"twelve bytes"), SCTP(sport=80, dport=61440, tag=5) / SCTPChunkAbort()
    reply = ICMP(type=0, id=61440, seq=7) if family == 4 else ICMPv6EchoReply(id=61440, seq=7)
    query = ICMP(type=8, id=61440, seq=7) if family == 4 else ICMPv6EchoRequest(id=61440, seq=7)
    found = [bytes(unreachable(family)), bytes(probe(family))]
    found += [bytes(outer(family, HOST[family]) / body) for body in (tcp, udp, sctp, reply, GRE())]
    found += [bytes(unreachable(family, quoted=network / body)) for body in (udp, sctp, query, GRE() / Raw(bytes(8)))]
    if family == 6:
        found += [behind(chain, body) for chain in CHAINS for body, _kind in BODIES]
    if family == 4:
        found.append(bytes(outer(4, HOST[4]) / ICMP(type=14, id=61440, seq=7)))
        found.append(bytes(IP(src=HOST[4], dst=US[4], options=[IPOption_NOP()] * 12) / tcp))
        quoted = probe(4)
        quoted[IP].options = [IPOption_NOP()] * 20
        found.append(bytes(unreachable(4, quoted=quoted)))
    return found


BASES = {family: bases(family) for family in (4, 6)}


@st.composite
def mutated(draw: st.DrawFn, family: int) -> bytes:
    raw = bytearray(draw(st.sampled_from(BASES[family])))
    for _ in range(draw(st.integers(0, 4))):
        # Mostly where lengths, versions, protocols and types stand.
        at = draw(
            st.one_of(
                st.sampled_from([0, 2, 3, 4, 5, 6, 7, 9, 20, 28, 34, 37, 40, 41, 42, 43, 48, 49, 54]),
                st.integers(0, len(raw) - 1),
            )
        )
        raw[min(at, len(raw) - 1)] = draw(st.integers(0, 255))
    cut = draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    return bytes(raw[:cut]) + draw(st.binary(max_size=90))


@BOTH
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_mutated_and_random_packets_are_read_as_one_by_one(family: int, data: st.DataObject) -> None:
    packets = data.draw(st.lists(st.one_of(mutated(family), st.binary(max_size=220)), max_size=6))
    assert_read_as_one_by_one(family, packets)


@settings(deadline=None)
@given(st.sampled_from([4, 6]), st.integers(1, 80), st.lists(st.binary(max_size=80), max_size=4))
@example(4, 27, [b"\x45" * 80])
@example(6, 47, [b"\x60" * 80])
def test_narrow_captures_never_raise(family: int, width: int, packets: list[bytes]) -> None:
    for rubbish in (0, 0x45, 0x60, 0xFF):
        told = read(family, packets, width=width, rubbish=rubbish)
        expected = [found for packet in packets if (found := seen(family, packet[:width]))]
        found_rows = [as_seen(family, row, packets[row["row"]][:width]) for row in told]
        assert sorted(map(repr, found_rows)) == sorted(map(repr, expected))


@BOTH
@settings(deadline=None)
@given(data=st.data())
def test_what_lies_behind_a_packet_s_end_is_never_looked_at(family: int, data: st.DataObject) -> None:
    packets = data.draw(st.lists(mutated(family), min_size=1, max_size=4))
    assert read(family, packets, rubbish=0).tobytes() == read(family, packets, rubbish=0xFF).tobytes()
