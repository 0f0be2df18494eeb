"""IP headers read as scapy reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, IPOption_NOP, IPOption_RR
from scapy.layers.inet6 import IPv6ExtHdrRouting

from hatoba.packets import dissect_ip
from hatoba.packets.dissect import MALFORMED, dissect
from tests.unit.packets.dissecting import V4, V6, ip4, ip6, syn


@pytest.mark.parametrize("name", V4)
def test_ipv4(name: str) -> None:
    data = bytes(V4[name])
    packet, scapy = dissect(data, 4), IP(data)
    ip = packet.headers[0]
    numbers = {key: packet.number(ip, key) for key in ("tos", "length", "id", "ttl", "protocol", "checksum")}
    assert numbers == {
        "tos": scapy.tos,
        "length": scapy.len,
        "id": scapy.id,
        "ttl": scapy.ttl,
        "protocol": scapy.proto,
        "checksum": scapy.chksum,
    }
    assert (ip.text("src"), ip.text("dst")) == (scapy.src, scapy.dst)
    assert (packet.number(ip, "fragment") or 0) & 0x1FFF == scapy.frag


@pytest.mark.parametrize("name", V6)
def test_ipv6(name: str) -> None:
    packet, scapy = dissect(bytes(V6[name]), 6), V6[name].__class__(bytes(V6[name]))
    ip = packet.headers[0]
    assert packet.number(ip, "flow") == 6 << 28 | scapy.tc << 20 | scapy.fl
    assert (packet.number(ip, "length"), packet.number(ip, "protocol"), packet.number(ip, "ttl")) == (
        scapy.plen,
        scapy.nh,
        scapy.hlim,
    )
    assert (ip.text("src"), ip.text("dst")) == (scapy.src, scapy.dst)


def test_the_flags_of_a_fragment() -> None:
    assert dissect(bytes(ip4(flags="DF")), 4).headers[0].text("fragment") == "DF, 0"
    assert dissect(bytes(V4["fragment"]), 4).headers[0].text("fragment") == "MF, 800"
    assert dissect(bytes(V6["fragment"]), 6).headers[1].text("fragment") == "MF, 24"


@pytest.mark.parametrize(("packet", "family"), [(V4["fragment"], 4), (V6["fragment"], 6)])
def test_a_later_fragment_has_no_ports(packet: object, family: int) -> None:
    assert [header.protocol for header in dissect(bytes(packet), family).headers][-1] == "data"  # type: ignore[call-overload]


def test_the_first_fragment_has() -> None:
    assert [header.protocol for header in dissect(bytes(V6["first fragment"]), 6).headers] == ["IPv6", "IPv6-fragment", "UDP"]


def test_extension_headers_are_walked() -> None:
    headers = dissect(bytes(V6["extensions"]), 6).headers
    assert [header.protocol for header in headers] == ["IPv6", "IPv6-options", "IPv6-options", "TCP"]
    routed = bytes(ip6() / IPv6ExtHdrRouting(addresses=["fd00:18::9"]) / syn())
    assert dissect(routed, 6).headers[-1].protocol == "TCP"


def test_an_authentication_header_before_tcp() -> None:
    header = bytes([6, 4, 0, 0]) + (7).to_bytes(4, "big") + bytes(16)
    for family, ip in ((4, ip4(proto=51)), (6, ip6(nh=51))):
        headers = dissect(bytes(ip / (header + bytes(syn()))), family).headers
        assert [header.protocol for header in headers[1:]] == ["AH", "TCP"]
        assert headers[1].text("spi") == "0x00000007"


def test_options() -> None:
    packet = dissect(bytes(ip4(options=[IPOption_NOP(), IPOption_RR(routers=["198.18.0.9"])]) / syn()), 4)
    assert [field.value for field in packet.headers[0].fields[-2:]] == ["no-operation", "7 (record-route) 04 c6 12 00 09"]
    assert packet.headers[1].protocol == "TCP"


@given(st.binary(min_size=40, max_size=40))
def test_options_of_any_content_end_where_the_header_does(options: bytes) -> None:
    data = bytearray(bytes(ip4(len=80)) + options + bytes(syn(options=[])))
    data[0] = 0x4F
    packet = dissect(bytes(data), 4)
    assert packet.headers[1].offset == 60


def test_an_option_longer_than_the_header_is_malformed() -> None:
    data = bytearray(bytes(ip4(len=44, proto=6)) + b"\x07\x05\0\0" + bytes(syn(options=[])))
    data[0] = 0x46
    packet = dissect(bytes(data), 4)
    assert packet.headers[0].fields[-1].note == MALFORMED
    assert packet.headers[1].protocol == "TCP"


def test_a_total_length_shorter_than_the_header() -> None:
    packet = dissect(bytes(ip4(len=19) / syn()), 4)
    assert packet.is_malformed
    assert packet.header("TCP") is not None


def test_who_has_no_reader_is_data() -> None:
    assert dissect(bytes(V4["gre"]), 4).headers[-1].protocol == dissect_ip.DATA
