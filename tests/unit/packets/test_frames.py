"""What we build, scapy reads the same, checksums included."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from hatoba.packets.frames import FrameTemplate

MAC = bytes.fromhex("020000000001")
SOURCE = {4: ip_address("198.18.0.1").packed, 6: ip_address("fd00:18::1").packed}
SEGMENTS = {
    "bare": struct.pack(">HHIIBBHHH", 0, 0, 0, 0, 5 << 4, 0x10, 1024, 0, 0),
    "options": struct.pack(">HHIIBBHHH", 0, 0, 0, 0, 7 << 4, 0x02, 64240, 0, 0) + bytes.fromhex("020405b40402 0101"),
}

families = st.sampled_from([4, 6])
links = st.sampled_from([0, 14])
u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def addresses(family: int) -> st.SearchStrategy[bytes]:
    width = 4 if family == 4 else 16
    return st.binary(min_size=width, max_size=width)


def read(template: FrameTemplate, raw: bytes) -> Packet:
    return Ether(raw) if template.link_bytes else (IP if template.family == 4 else IPv6)(raw)


def recomputed(template: FrameTemplate, raw: bytes) -> bytes:
    """The same packet with the checksums that scapy works out."""
    packet = read(template, raw)
    if template.family == 4:
        del packet[IP].chksum
    del packet[TCP].chksum
    return bytes(packet)


@settings(deadline=None)
@given(families, links, st.sampled_from(sorted(SEGMENTS)), st.sampled_from(["seq", "ack"]), st.data())
def test_scapy_reads_what_was_filled_in(family: int, link_bytes: int, kind: str, field: str, data: st.DataObject) -> None:
    template = FrameTemplate(family, link_bytes, MAC, data.draw(addresses(family)), SEGMENTS[kind], field)
    probes = data.draw(
        st.lists(st.tuples(addresses(family), u16, u16, u32, st.binary(min_size=6, max_size=6)), min_size=1, max_size=8)
    )
    frame = template.frame()
    frames = np.zeros((len(probes), len(frame) + 18), np.uint8)
    frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
    fill(template, frames, probes)
    for row, (dst, sport, dport, number, mac) in zip(frames, probes, strict=True):
        raw = row[: len(frame)].tobytes()
        packet = read(template, raw)
        network = packet[IP] if family == 4 else packet[IPv6]
        assert ip_address(network.src).packed == template.source
        assert ip_address(network.dst).packed == dst
        assert (network.ttl if family == 4 else network.hlim) == 64
        tcp = packet[TCP]
        assert (tcp.sport, tcp.dport) == (sport, dport)
        assert (tcp.seq, tcp.ack) == ((number, 0) if field == "seq" else (0, number))
        assert tcp.options == ([] if kind == "bare" else [("MSS", 1460), ("SAckOK", b""), ("NOP", None), ("NOP", None)])
        if link_bytes:
            assert (packet.dst, packet.src) == (mac.hex(":"), MAC.hex(":"))
            assert packet.type == (0x0800 if family == 4 else 0x86DD)
        assert raw == recomputed(template, raw)
        assert not row[len(frame) :].any(), "bytes behind the frame were written"


def fill(template: FrameTemplate, frames: np.ndarray, probes: list[tuple[bytes, int, int, int, bytes]]) -> None:
    dst, sport, dport, number, mac = zip(*probes, strict=True)
    template.filler().fill(
        frames,
        np.array([list(row) for row in dst], np.uint8),
        np.array(sport, np.uint16),
        np.array(dport, np.uint16),
        np.array(number, np.uint32),
        np.array([list(row) for row in mac], np.uint8),
    )


@pytest.mark.parametrize("family", [4, 6])
def test_frames_can_be_filled_again_and_again(family: int) -> None:
    """A ring's slots keep the former probe's bytes: nothing of it may count into the next one's checksum."""
    template = FrameTemplate(family, 14, MAC, SOURCE[family], SEGMENTS["options"])
    frames = np.tile(np.frombuffer(template.frame(), np.uint8), (1, 1))
    width = len(SOURCE[family])
    for number in (0xFFFFFFFF, 0, 0x12345678):
        fill(template, frames, [(bytes([number & 0xFF] * width), 61440, number & 0xFFFF, number, bytes(6))])
        assert frames[0].tobytes() == recomputed(template, frames[0].tobytes())


def test_without_hardware_addresses_the_template_s_stay() -> None:
    template = FrameTemplate(4, 14, MAC, SOURCE[4], SEGMENTS["bare"])
    frames = np.frombuffer(template.frame(), np.uint8)[None, :].copy()
    frames[:, :6] = 7
    one = np.array([1], np.uint16)
    template.filler().fill(frames, np.array([[198, 18, 0, 2]], np.uint8), one, one, np.array([1], np.uint32))
    assert frames[0, :6].tolist() == [7] * 6


def test_ipv4_says_do_not_fragment_and_its_own_length() -> None:
    packet = IP(FrameTemplate(4, 0, b"", SOURCE[4], SEGMENTS["options"]).frame())
    assert (packet.flags, packet.id, packet.len, packet.ihl) == ("DF", 0, 48, 5)


def test_ipv6_says_the_length_behind_its_header() -> None:
    packet = IPv6(FrameTemplate(6, 0, b"", SOURCE[6], SEGMENTS["options"]).frame())
    assert (packet.version, packet.plen, packet.nh, packet.fl, packet.tc) == (6, 28, 6, 0, 0)
