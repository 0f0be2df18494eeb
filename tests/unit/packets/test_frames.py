"""What we build, scapy reads the same, checksums included: whatever the protocol, and wherever the cookie stands."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.layers.sctp import crc32c as scapy_crc32c
from scapy.packet import Packet

from hatoba.packets.frames import FrameTemplate, Varying, cookie_bytes, ip_tag
from hatoba.packets.segment import Form, Place, Segment, Sum

MAC = bytes.fromhex("020000000001")
SOURCE = {4: ip_address("198.18.0.1").packed, 6: ip_address("fd00:18::1").packed}
SYN = bytes(12) + bytes([6 << 4, 2, 4, 0, 0, 0, 0, 0]) + bytes.fromhex("020405b4")
PLAIN = Segment(6, SYN, (Place(4),), sum_at=16)
LAYERS = {1: ICMP, 6: TCP, 17: UDP}
BOTH = pytest.mark.parametrize("family", [4, 6])

families = st.sampled_from([4, 6])
links = st.sampled_from([0, 14])
u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
Asked = tuple[bytes, int, int, int, bytes]
"""Destination, source port, destination port, cookie, hardware address."""


def asked(family: int) -> st.SearchStrategy[Asked]:
    return st.tuples(addresses(family), u16, u16, u32, st.binary(min_size=6, max_size=6))


def addresses(family: int) -> st.SearchStrategy[bytes]:
    width = 4 if family == 4 else 16
    return st.binary(min_size=width, max_size=width)


@dataclass(frozen=True)
class Shape:
    """The fixed front of a protocol's header, and where things stand in it."""

    protocol: int
    front: bytes
    sport_at: int | None
    dport_at: int | None
    sum: Sum
    sum_at: int


def shapes(family: int) -> list[Shape]:
    ping = Shape(1, bytes([8, *bytes(7)]), 4, None, Sum.PLAIN, 2)
    if family == 6:
        ping = Shape(58, bytes([128, *bytes(7)]), 4, None, Sum.INTERNET, 2)
    return [
        Shape(6, SYN, 0, 2, Sum.INTERNET, 16),
        Shape(17, bytes(8), 0, 2, Sum.INTERNET, 6),
        Shape(17, bytes(2) + b"\0\x50" + bytes(4), 0, None, Sum.INTERNET, 6),
        Shape(132, bytes(12), 0, 2, Sum.CRC32C, 8),
        ping,
        Shape(253, b"", None, None, Sum.NONE, 0),  # for experiments, RFC 3692
    ]


@st.composite
def segments(draw: st.DrawFn, family: int) -> Segment:
    """Any protocol, any content, cookies in any form at any places that are free."""
    shape = draw(st.sampled_from(shapes(family)))
    content = bytearray(draw(st.binary(min_size=0, max_size=90)))
    places: list[Place] = []
    free = len(shape.front)
    for form in draw(st.lists(st.sampled_from(Form), max_size=4)):
        at = free + draw(st.integers(0, 3))
        free = at + form.value
        if free > len(shape.front) + len(content):
            break
        places.append(Place(at, form))
        content[at - len(shape.front) : free - len(shape.front)] = bytes(form.value)
    data = bytearray(shape.front + content)
    if shape.protocol == 17:
        data[4:6] = len(data).to_bytes(2, "big")
    ttl, tagged = draw(st.integers(1, 255)), draw(st.booleans())
    return Segment(
        shape.protocol, bytes(data), tuple(places), shape.sport_at, shape.dport_at, shape.sum, shape.sum_at, tagged, ttl
    )


def written(segment: Segment, varying: Asked) -> bytes:
    """The segment byte by byte, with its checksum still zero."""
    _dst, sport, dport, cookie, _mac = varying
    data = bytearray(segment.data)
    for at, port in ((segment.sport_at, sport), (segment.dport_at, dport)):
        if at is not None:
            data[at : at + 2] = port.to_bytes(2, "big")
    for place in segment.cookies:
        word = {
            Form.U16: (cookie & 0xFFFF).to_bytes(2, "big"),
            Form.U32: cookie.to_bytes(4, "big"),
            Form.HEX: f"{cookie:08x}".encode(),
        }[place.form]
        data[place.at : place.at + len(word)] = word
    return bytes(data)


def read(template: FrameTemplate, raw: bytes) -> Packet:
    return Ether(raw) if template.link_bytes else (IP if template.family == 4 else IPv6)(raw)


def recomputed(template: FrameTemplate, raw: bytes, protocol: int) -> bytes:
    """The same packet with the checksums that scapy works out."""
    packet = read(template, raw)
    if template.family == 4:
        del packet[IP].chksum
    if protocol == 132:  # its content need not be chunks, which scapy would tidy up
        at = template.link_bytes + (20 if template.family == 4 else 40)
        body = bytes(packet)[at : at + 8] + bytes(4) + raw[at + 12 :]
        return bytes(packet)[: at + 8] + scapy_crc32c(body).to_bytes(4, "big") + body[12:]
    if protocol == 58:
        del packet[ICMPv6EchoRequest].cksum
    elif protocol in LAYERS:
        del packet[LAYERS[protocol]].chksum
    return bytes(packet)


def fill(template: FrameTemplate, frames: np.ndarray, probes: list[Asked], variants: list[int] | None = None) -> list[int]:
    """The frames' lengths."""
    dst, sport, dport, number, mac = zip(*probes, strict=True)
    varying = Varying(
        np.array([list(row) for row in dst], np.uint8),
        np.array(sport, np.uint16),
        np.array(dport, np.uint16),
        np.array(number, np.uint32),
        np.array([list(row) for row in mac], np.uint8),
    )
    lengths = template.filler().fill(frames, varying, None if variants is None else np.array(variants))
    return [len(template.frame())] * len(probes) if lengths is None else lengths.tolist()


def assert_read_by_scapy(template: FrameTemplate, raw: bytes, segment: Segment, varying: Asked) -> None:
    family = template.family
    dst, _sport, _dport, cookie, mac = varying
    packet = read(template, raw)
    network = packet[IP] if family == 4 else packet[IPv6]
    assert (ip_address(network.src).packed, ip_address(network.dst).packed) == (template.source, dst)
    tag = max(cookie & (0xFFFF if family == 4 else 0xFFFFF), 1) if segment.tag_ip else 0
    if family == 4:
        assert (network.version, network.ihl, network.tos, network.flags, network.frag) == (4, 5, 0, "DF", 0)
        assert (network.ttl, network.id, network.proto, network.len) == (
            segment.ttl,
            tag,
            segment.protocol,
            20 + len(segment.data),
        )
    else:
        assert (network.version, network.tc) == (6, 0)
        assert (network.hlim, network.fl, network.nh, network.plen) == (
            segment.ttl,
            tag,
            segment.protocol,
            len(segment.data),
        )
    if template.link_bytes:
        assert (packet.dst, packet.src, packet.type) == (mac.hex(":"), MAC.hex(":"), 0x0800 if family == 4 else 0x86DD)
    start = template.link_bytes + (20 if family == 4 else 40)
    told = bytearray(raw[start:])
    size = {Sum.NONE: 0, Sum.CRC32C: 4}.get(segment.sum, 2)
    told[segment.sum_at : segment.sum_at + size] = bytes(size)
    assert bytes(told) == written(segment, varying)
    assert raw == recomputed(template, raw, segment.protocol)


@settings(deadline=None, max_examples=300)
@given(families, links, st.data())
def test_scapy_reads_what_was_filled_in(family: int, link_bytes: int, data: st.DataObject) -> None:
    segment = data.draw(segments(family))
    template = FrameTemplate(family, link_bytes, MAC, data.draw(addresses(family)), (segment,))
    probes = data.draw(st.lists(asked(family), min_size=1, max_size=6))
    frame = template.frame()
    assert template.uniform
    assert template.frame_bytes == len(frame)
    frames = np.zeros((len(probes), len(frame) + 18), np.uint8)
    frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
    fill(template, frames, probes)
    for row, varying in zip(frames, probes, strict=True):
        assert_read_by_scapy(template, row[: len(frame)].tobytes(), segment, varying)
        assert not row[len(frame) :].any(), "bytes behind the frame were written"


@settings(deadline=None, max_examples=150)
@given(families, links, st.data())
def test_several_ways_to_ask_in_one_batch(family: int, link_bytes: int, data: st.DataObject) -> None:
    """Frames of different lengths, over whatever stood in the slots before."""
    ways = data.draw(st.lists(segments(family), min_size=2, max_size=4))
    template = FrameTemplate(family, link_bytes, MAC, SOURCE[family], tuple(ways))
    probes = data.draw(st.lists(st.tuples(asked(family), st.integers(0, len(ways) - 1)), min_size=1, max_size=8))
    assert not template.uniform
    assert template.frame_bytes == max(len(template.frame(variant)) for variant in range(len(ways)))
    assert template.protocols == {way.protocol for way in ways}
    frames = np.full((len(probes), template.frame_bytes + 18), 0xEE, np.uint8)
    lengths = fill(template, frames, [varying for varying, _variant in probes], [variant for _varying, variant in probes])
    for row, length, (varying, variant) in zip(frames, lengths, probes, strict=True):
        assert length == len(template.frame(variant))
        assert_read_by_scapy(template, row[:length].tobytes(), ways[variant], varying)
        assert (row[length:] == 0xEE).all(), "bytes behind the frame were written"


def test_frames_that_are_not_alike_must_be_told_which_they_are() -> None:
    template = FrameTemplate(4, 0, b"", SOURCE[4], (PLAIN, PLAIN))
    with pytest.raises(ValueError, match="which one"):
        fill(template, np.zeros((1, 64), np.uint8), [(SOURCE[4], 1, 2, 3, bytes(6))])


@BOTH
@pytest.mark.parametrize("number", range(6), ids=["tcp", "udp", "udp to one port", "sctp", "icmp", "other"])
def test_frames_can_be_filled_again_and_again(family: int, number: int) -> None:
    """A ring's slots keep the former probe's bytes: nothing of it may count into the next one's checksum."""
    shape = shapes(family)[number]
    data = bytearray(shape.front + bytes(13))
    if shape.protocol == 17:
        data[4:6] = len(data).to_bytes(2, "big")
    odd = len(shape.front) + 1
    segment = Segment(
        shape.protocol,
        bytes(data),
        (Place(odd), Place(odd + 4, Form.HEX)),
        shape.sport_at,
        shape.dport_at,
        shape.sum,
        shape.sum_at,
    )
    template = FrameTemplate(family, 14, MAC, SOURCE[family], (segment,))
    frames = np.tile(np.frombuffer(template.frame(), np.uint8), (1, 1))
    width = len(SOURCE[family])
    for cookie in (0xFFFFFFFF, 0, 0x12345678):
        varying = (bytes([cookie & 0xFF] * width), 61440, cookie & 0xFFFF, cookie, bytes(6))
        fill(template, frames, [varying])
        assert_read_by_scapy(template, frames[0].tobytes(), segment, varying)


@BOTH
def test_a_datagram_whose_sum_is_zero_says_all_ones(family: int) -> None:
    """Zero would say that there is no checksum (RFC 768), which IPv6 forbids (RFC 8200 section 8.1)."""
    segment = Segment(17, bytes([0, 0, 0, 0, 0, 10, 0, 0, 0, 0]), (Place(8, Form.U16),), sum_at=6)
    template = FrameTemplate(family, 0, b"", SOURCE[family], (segment,))
    frames = np.tile(np.frombuffer(template.frame(), np.uint8), (0x10000, 1))
    probes = [(SOURCE[family], 1, 2, number, bytes(6)) for number in range(0x10000)]
    fill(template, frames, probes)
    sums = frames[:, -4:-2].view(">u2")[:, 0]
    assert (sums != 0).all()
    (row,) = np.flatnonzero(sums == 0xFFFF).tolist()
    assert_read_by_scapy(template, frames[row].tobytes(), segment, probes[row])


def test_without_hardware_addresses_the_template_s_stay() -> None:
    template = FrameTemplate(4, 14, MAC, SOURCE[4], (PLAIN,))
    frames = np.frombuffer(template.frame(), np.uint8)[None, :].copy()
    frames[:, :6] = 7
    one = np.array([1], np.uint16)
    template.filler().fill(frames, Varying(np.array([[198, 18, 0, 2]], np.uint8), one, one, np.array([1], np.uint32)))
    assert frames[0, :6].tolist() == [7] * 6


@BOTH
@pytest.mark.parametrize("link_bytes", [0, 14])
def test_the_destination_is_where_the_template_says(family: int, link_bytes: int) -> None:
    template = FrameTemplate(family, link_bytes, MAC, SOURCE[family], (PLAIN, dataclasses.replace(PLAIN, data=SYN + bytes(8))))
    frames = np.zeros((2, template.frame_bytes), np.uint8)
    dst = bytes(range(100, 100 + len(SOURCE[family])))
    fill(template, frames, [(dst, 1, 2, 3, bytes(6))] * 2, [0, 1])
    assert [row.tobytes() for row in frames[:, template.destination]] == [dst, dst]


@given(st.lists(u32, min_size=1, max_size=9))
def test_a_tag_is_the_lower_part_of_the_cookie_and_never_zero(cookies: list[int]) -> None:
    numbers = np.array([*cookies, 0, 0x10000, 0x100000], np.uint32)
    for family, bits in ((4, 16), (6, 20)):
        assert ip_tag(family, numbers).tolist() == [number % (1 << bits) or 1 for number in numbers.tolist()]


@given(st.lists(u32, max_size=9), st.sampled_from(Form))
def test_the_forms_of_a_cookie(cookies: list[int], form: Form) -> None:
    rows = cookie_bytes(form, np.array(cookies, np.uint32))
    assert rows.shape == (len(cookies), form.value)
    blank = Segment(253, bytes(8), (Place(0, form),), None, None)
    expected = [written(blank, (b"", 0, 0, number, b""))[: form.value] for number in cookies]
    assert [row.tobytes() for row in rows] == expected
