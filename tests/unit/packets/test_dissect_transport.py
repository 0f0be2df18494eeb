"""TCP, UDP, SCTP and IGMP read as scapy reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.sctp import SCTP

from hatoba.packets.dissect import MALFORMED, Header, Packet, dissect
from hatoba.packets.dissect_transport import flag_letters, flag_names
from tests.unit.packets.dissecting import V4, V6, init, ip4, ip6, syn


def only(packet: Packet, protocol: str) -> Header:
    header = packet.header(protocol)
    assert header is not None
    return header


@given(
    st.sampled_from([4, 6]),
    st.integers(0, 255),
    st.tuples(*[st.integers(0, 0xFFFF)] * 4),
    st.tuples(*[st.integers(0, 0xFFFFFFFF)] * 2),
)
def test_tcp(family: int, flags: int, shorts: tuple[int, ...], longs: tuple[int, ...]) -> None:
    tcp = TCP(sport=shorts[0], dport=shorts[1], window=shorts[2], urgptr=shorts[3], seq=longs[0], ack=longs[1], flags=flags)
    data = bytes((ip4() if family == 4 else ip6()) / tcp)
    packet = dissect(data, family)
    header, scapy = only(packet, "TCP"), TCP(data[20 if family == 4 else 40 :])
    read = [packet.number(header, key) for key in ("sport", "dport", "window", "urgent", "seq", "ack", "flags", "checksum")]
    assert read == [*shorts, *longs, flags, scapy.chksum]
    assert flag_letters(flags) == (str(scapy.flags) or "-")


def test_options_of_tcp() -> None:
    header = only(dissect(bytes(V6["syn"]), 6), "TCP")
    assert [(field.key, field.value) for field in header.fields[9:]] == [
        ("mss", "1460"),
        ("sackok", ""),
        ("ts", "1, 2"),
        ("nop", "no-operation"),
        ("ws", "7"),
    ]


def test_options_of_tcp_that_are_unknown_or_of_the_wrong_size() -> None:
    data = bytes(ip4() / syn(options=[(254, b"ab"), ("NOP", None)]))
    assert only(dissect(data, 4), "TCP").text("option") == "254 61 62"
    changed = bytearray(bytes(V4["syn"]))
    changed[41] = 3  # the length of the maximum segment size
    assert only(dissect(bytes(changed), 4), "TCP").field("mss") is None


@pytest.mark.parametrize("length", [0, 1, 200])
def test_an_option_with_an_impossible_length(length: int) -> None:
    changed = bytearray(bytes(V4["syn"]))
    changed[41] = length
    assert only(dissect(bytes(changed), 4), "TCP").fields[-1].note == MALFORMED


def test_flags_by_name() -> None:
    assert flag_names(0x12) == "SYN, ACK"
    assert (flag_names(0), flag_letters(0)) == ("-", "-")


@given(st.sampled_from([4, 6]), st.binary(max_size=60), st.integers(0, 0xFFFF))
def test_udp(family: int, payload: bytes, port: int) -> None:
    data = bytes((ip4() if family == 4 else ip6()) / UDP(sport=port, dport=53) / payload)
    packet = dissect(data, family)
    header, scapy = only(packet, "UDP"), UDP(data[20 if family == 4 else 40 :])
    read = [packet.number(header, key) for key in ("sport", "dport", "length", "checksum")]
    assert read == [port, 53, len(payload) + 8, scapy.chksum]
    content = packet.header("data")
    assert (content.fields[0].length if content else 0) == len(payload)


def test_a_udp_length_below_its_own_header() -> None:
    assert only(dissect(bytes(ip4() / UDP(len=7) / b"abc"), 4), "UDP").fields[2].note == MALFORMED


def test_sctp_init() -> None:
    packet = dissect(bytes(V4["sctp-init"]), 4)
    header, scapy = only(packet, "SCTP"), SCTP(bytes(V4["sctp-init"])[20:])
    assert packet.number(header, "checksum") == scapy.chksum
    keys = ("sport", "dport", "vtag", "chunk", "chunk_length", "init_tag", "rwnd", "outbound", "inbound", "tsn")
    assert [packet.number(header, key) for key in keys] == [61440, 2905, 0, 1, 20, 77, 5, 1, 2, 8]


def test_chunks_follow_each_other_on_words() -> None:
    packet = dissect(bytes(V4["sctp-cookie"]), 4)
    header = only(packet, "SCTP")
    assert [(f.key, f.length) for f in header.fields[-3:]] == [("chunk_length", 2), ("chunk_value", 5), ("padding", 3)]
    two = bytes(ip4() / SCTP(sport=1, dport=2) / (bytes(init()) + bytes([6, 0, 0, 4])))
    assert [f.value for f in only(dissect(two, 4), "SCTP").fields if f.key == "chunk"] == ["1 (INIT)", "6 (ABORT)"]


def test_a_chunk_without_length_ends_the_reading() -> None:
    data = bytes(ip4() / SCTP(sport=1, dport=2) / b"\x01\0\0\0abcd")
    fields = only(dissect(data, 4), "SCTP").fields
    assert (fields[-2].note, fields[-1].key) == (MALFORMED, "payload")


def test_igmp() -> None:
    packet = dissect(bytes(ip4(proto=2) / bytes([0x16, 0, 0, 0, 224, 0, 0, 251])), 4)
    header = only(packet, "IGMP")
    assert (header.text("type"), header.text("group")) == ("22 (report-v2)", "224.0.0.251")
