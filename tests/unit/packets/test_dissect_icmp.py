"""ICMP, ICMPv6 and neighbour discovery read as scapy reads them."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP

from hatoba.packets import dissect_icmp
from hatoba.packets.dissect import MALFORMED, Header, dissect
from hatoba.packets.dissect_fields import Cursor
from tests.unit.packets.dissecting import MAC, V4, V6, ip6


def header(name: str, family: int) -> Header:
    found = dissect(bytes((V4 if family == 4 else V6)[name]), family).header("ICMP", "ICMPv6")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "family", "said"),
    [
        ("echo", 4, {"type": "8 (echo-request)", "code": "0", "ident": "3", "seq": "4"}),
        ("timestamp", 4, {"type": "13 (timestamp-request)", "ident": "1", "originate": "5", "receive": "6", "transmit": "7"}),
        ("mask", 4, {"type": "17 (mask-request)", "ident": "1", "seq": "2", "mask": "255.255.0.0"}),
        ("redirect", 4, {"type": "5 (redirect)", "gateway": "198.18.0.9"}),
        ("prohibited", 4, {"type": "3 (unreachable)", "code": "13 (admin-prohibited)"}),
        ("too big", 4, {"code": "4 (fragmentation-needed)", "mtu": "1400"}),
        ("echo", 6, {"type": "128 (echo-request)", "ident": "3", "seq": "4"}),
        ("prohibited", 6, {"type": "1 (unreachable)", "code": "1 (admin-prohibited)"}),
        ("too big", 6, {"type": "2 (packet-too-big)", "mtu": "1280"}),
        ("parameter", 6, {"code": "1 (unknown-next-header)", "pointer": "6"}),
        ("solicitation", 6, {"target": "fd00:18::2", "option": "1 (source-mac)", "mac": MAC, "flags": "-"}),
        ("advertisement", 6, {"target": "fd00:18::2", "option": "2 (target-mac)", "mac": MAC, "flags": "S, O"}),
        ("router", 6, {"hops": "64", "lifetime": "1800", "mac": MAC}),
    ],
)
def test_what_messages_say(name: str, family: int, said: dict[str, str]) -> None:
    found = header(name, family)
    assert {key: found.text(key) for key in said} == said


@pytest.mark.parametrize("name", [name for name, packet in V4.items() if packet.haslayer(ICMP)])
def test_as_scapy_reads_them(name: str) -> None:
    data = bytes(V4[name])
    packet, scapy = dissect(data, 4), ICMP(data[20:])
    found = header(name, 4)
    assert [packet.number(found, key) for key in ("type", "code", "checksum")] == [scapy.type, scapy.code, scapy.chksum]


@pytest.mark.parametrize(("name", "family"), [("prohibited", 4), ("time", 4), ("too big", 6), ("prohibited", 6)])
def test_the_quoted_packet_is_read_one_deeper(name: str, family: int) -> None:
    packet = dissect(bytes((V4 if family == 4 else V6)[name]), family)
    inner = [layer.protocol for layer in packet.headers if layer.depth == 1]
    assert inner[0] == f"IPv{family}"
    assert inner[1] in ("TCP", "ICMP")
    assert packet.header("TCP", "UDP") is None


def test_a_quotation_may_end_early() -> None:
    packet = dissect(bytes(V4["short quotation"]), 4)
    quoted = packet.header("UDP", depth=1)
    assert quoted is not None
    assert packet.number(quoted, "dport") == 2
    assert not packet.is_cut_short


def test_an_error_about_an_error_is_not_followed() -> None:
    headers = dissect(bytes(V4["error about an error"]), 4).headers
    assert [(layer.protocol, layer.depth) for layer in headers] == [
        ("IPv4", 0),
        ("ICMP", 0),
        ("IPv4", 1),
        ("ICMP", 1),
        ("data", 1),
    ]


def test_a_neighbour_option_without_length_ends_the_reading() -> None:
    message = bytes([135, 0, 0, 0]) + bytes(20) + b"\x01\x00zzzzzz"
    packet = dissect(bytes(ip6(nh=58) / message), 6)
    found = packet.header("ICMPv6")
    assert found is not None
    assert found.fields[-1].note == MALFORMED
    assert packet.headers[-1].protocol == "data"


def test_the_reader_names_its_successor() -> None:
    assert dissect_icmp.read_icmp(Cursor(bytes([3, 13, 0, 0, 0, 0, 0, 0]))) == "ipv4"
    assert dissect_icmp.read_icmpv6(Cursor(bytes([1, 1, 0, 0, 0, 0, 0, 0]))) == "ipv6"
    assert dissect_icmp.read_icmp(Cursor(bytes([8, 0, 0, 0, 0, 0, 0, 0]))) == "data"
