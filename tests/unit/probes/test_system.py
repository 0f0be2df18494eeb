"""The probes that ask for a host's system, byte by byte and by a second opinion."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Packet

from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.probes.system import BARE, DATAGRAM, ECHO, ECN, FULL, NO_SCALE, PROBES, SMALL, TO_ACK, TO_FIN, TO_SYN_ACK, To
from hatoba.wire.base import SOURCE_PORTS

_ADDRESS = {4: bytes([198, 18, 0, 1]), 6: bytes.fromhex("fd000018" + "0" * 23 + "1")}


def packet(name: str, family: int) -> Packet:
    """The probe, as scapy reads it; its checksums hold."""
    probe = next(probe for probe in PROBES if probe.name == name)
    template = FrameTemplate(family, 0, b"", _ADDRESS[family], (probe.segment(family),))
    frames = np.frombuffer(bytearray(template.frame()), np.uint8).reshape(1, -1).copy()
    values = [np.array([value], np.uint16) for value in (61_440 + probe.slot, 80)]
    dst = np.frombuffer(_ADDRESS[family], np.uint8)[None, :]
    template.filler().fill(frames, Varying(dst, *values, np.array([0xCAFE0000], np.uint32)))
    raw = frames[0].tobytes()
    read = (IP if family == 4 else IPv6)(raw)
    again = read.copy()
    for layer in (TCP, UDP, ICMP):
        if layer in again:
            del again[layer].chksum
    if ICMPv6EchoRequest in again:
        del again[ICMPv6EchoRequest].cksum
    assert bytes(again) == raw
    return read


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("name", "flags", "options"),
    [
        (FULL, "S", ["MSS", "SAckOK", "Timestamp", "NOP", "WScale"]),
        (SMALL, "S", ["MSS", "SAckOK", "Timestamp", "NOP", "WScale"]),
        (NO_SCALE, "S", ["MSS", "NOP", "NOP", "Timestamp", "NOP", "NOP", "SAckOK"]),
        (BARE, "S", []),
        (ECN, "SEC", ["MSS", "SAckOK", "Timestamp", "NOP", "WScale"]),
        (TO_ACK, "A", []),
        (TO_FIN, "FA", []),
        (TO_SYN_ACK, "SA", []),
    ],
)
def test_segments(name: str, flags: str, options: list[str], family: int) -> None:
    segment = packet(name, family)[TCP]
    assert str(segment.flags) == flags
    assert [kind for kind, _value in segment.options] == options
    assert segment.seq == 0xCAFE0000
    assert segment.ack == (0xCAFE0000 if "A" in flags else 0)
    assert dict(segment.options).get("MSS") == ({SMALL: 536}.get(name, 1460 if family == 4 else 1440) if options else None)


@pytest.mark.parametrize("family", [4, 6])
def test_an_echo_request_with_an_odd_code(family: int) -> None:
    read = packet(ECHO, family)
    request = read[ICMP] if family == 4 else read[ICMPv6EchoRequest]
    assert (request.type, request.code) == (8 if family == 4 else 128, 9)


@pytest.mark.parametrize("family", [4, 6])
def test_a_datagram_long_enough_to_see_how_much_is_quoted(family: int) -> None:
    assert len(packet(DATAGRAM, family)[UDP].payload) == 120


def test_each_has_a_source_port_of_its_own_among_the_scans() -> None:
    slots = [probe.slot for probe in PROBES]
    assert len(set(slots)) == len(slots)
    assert max(slots) < SOURCE_PORTS - 1, "the last one is spare"


def test_turns_fit_into_the_cookie() -> None:
    assert all(turn < 8 for probe in PROBES for _to, turns in probe.to for turn in turns)


def test_filtered_ports_are_asked_what_is_no_syn() -> None:
    asked = {probe.name for probe in PROBES for to, _turns in probe.to if to is To.FILTERED}
    assert asked == {TO_ACK, TO_FIN}
