"""The kernel's filter keeps what the words say and nothing else: run on a small machine beside a plain predicate."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.wire.base import SOURCE_PORTS, WIDTH_BYTES
from hatoba.wire.packet_filter import answers_program
from tests.unit.wire import bpf

FIRST = 61_440
BOTH = pytest.mark.parametrize("family", [4, 6])
ports = st.one_of(st.integers(0, 65535), st.sampled_from([FIRST - 1, FIRST, FIRST + SOURCE_PORTS - 1, FIRST + SOURCE_PORTS]))


ERRORS, REPLIES = {4: (3, 11), 6: (1, 3, 4)}, {4: (0, 14, 18), 6: (129,)}
ICMP = {4: 1, 6: 58}
EXTENSIONS = (0, 43, 44, 60)
SPOKEN = [{6}, {17}, {132}, {1}, {58}, {6, 17, 132}, {6, 1, 58}, {47}, {6, 2}, set(range(256))]


def kept(family: int, packet: bytes, first_port: int, spoken: set[int]) -> bool:
    """Of the protocols that are spoken those to our source ports; errors; replies to our identifiers, if we ping; what has
    extension headers; and, if any protocol without ports is asked for, everything in such."""
    if len(packet) < (10 if family == 4 else 7):
        return False
    protocol, start = (packet[9], 4 * (packet[0] & 15)) if family == 4 else (packet[6], 40)
    ours = range(first_port, first_port + SOURCE_PORTS)
    if protocol in {6, 17, 132} & spoken:
        if (family == 4 and struct.unpack_from(">H", packet, 6)[0] & 0x1FFF) or len(packet) < start + 4:
            return False
        return struct.unpack_from(">H", packet, start + 2)[0] in ours
    if protocol == ICMP[family]:
        if len(packet) <= start:
            return False
        if packet[start] in REPLIES[family] and ICMP[family] in spoken:
            return len(packet) >= start + 6 and struct.unpack_from(">H", packet, start + 4)[0] in ours
        return packet[start] in ERRORS[family]
    if family == 6 and protocol in EXTENSIONS:
        return True
    return bool(spoken - {6, 17, 132, ICMP[family]})


@st.composite
def packets(draw: st.DrawFn, family: int) -> bytes:
    protocol = draw(st.one_of(st.sampled_from([6, 1, 58, 17, 132, *EXTENSIONS]), st.integers(0, 255)))
    if family == 4:
        words = draw(st.integers(5, 15))
        fragment = draw(st.sampled_from([0, 0x4000, 0x2000, 0x2001, 1, 0x1FFF, 0x8000]))
        header = struct.pack(">BBHHHBB", 0x40 | words, 0, 60, 1, fragment, 64, protocol).ljust(words * 4, b"\x07")
    else:
        header = struct.pack(">IHBB", 6 << 28, 20, protocol, 64).ljust(40, b"\x07")
    kind = draw(st.one_of(st.sampled_from([0, 1, 3, 4, 11, 14, 18, 128, 129]), st.integers(0, 255)))
    ping = bytes([kind, 1, 2, 3]) + draw(ports).to_bytes(2, "big")
    body = draw(st.sampled_from([struct.pack(">HH", 80, draw(ports)), ping])) + draw(st.binary(max_size=30))
    whole = header + body
    return whole[: draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))]


@BOTH
@settings(deadline=None, max_examples=600)
@given(data=st.data(), first_port=st.sampled_from([FIRST, 1, 64_984, 65_520]), spoken=st.sampled_from(SPOKEN))
def test_on_any_packet(family: int, data: st.DataObject, first_port: int, spoken: set[int]) -> None:
    packet = data.draw(st.one_of(packets(family), st.binary(max_size=100)))
    expected = WIDTH_BYTES if kept(family, packet, first_port, spoken) else 0
    assert bpf.run(answers_program(family, first_port, spoken), packet) == expected


@BOTH
@pytest.mark.parametrize("first_port", [0, FIRST, 65_520])
@pytest.mark.parametrize("spoken", SPOKEN, ids=str)
def test_the_kernel_can_take_it(family: int, first_port: int, spoken: set[int]) -> None:
    bpf.check(answers_program(family, first_port, spoken))


def header(family: int, protocol: int, fragment: int = 0) -> bytes:
    """An IP header, with an option if it is IPv4."""
    if family == 4:
        return struct.pack(">BBHHHBB", 0x46, 0, 44, 0, fragment, 64, protocol).ljust(24, b"\0")
    return struct.pack(">IHBB", 6 << 28, 20, protocol, 64).ljust(40, b"\0")


@BOTH
@pytest.mark.parametrize("protocol", [6, 17, 132])
def test_each_source_port_and_no_other(family: int, protocol: int) -> None:
    program, head = answers_program(family, FIRST, {protocol}), header(family, protocol)
    accepted = [port for port in range(65536) if bpf.run(program, head + struct.pack(">HH", 443, port))]
    assert accepted == list(range(FIRST, FIRST + SOURCE_PORTS))


@BOTH
def test_what_was_not_asked_for_is_not_kept(family: int) -> None:
    to_us = struct.pack(">HHH", 443, FIRST, FIRST)
    for spoken in ({6}, {17}, {132}, {ICMP[family]}):
        program = answers_program(family, FIRST, spoken)
        others = set(range(256)) - {ICMP[family]} - (set(EXTENSIONS) if family == 6 else set())
        assert {protocol for protocol in others if bpf.run(program, header(family, protocol) + to_us)} == spoken & {6, 17, 132}


@BOTH
@pytest.mark.parametrize("pinging", [False, True])
def test_each_kind_of_message_and_no_other(family: int, pinging: bool) -> None:
    program = answers_program(family, FIRST, {ICMP[family]} if pinging else {6})
    for identifier, replies in ((FIRST, REPLIES[family]), (FIRST - 1, ())):
        rest = b"\0\0\0" + identifier.to_bytes(2, "big")
        accepted = [kind for kind in range(256) if bpf.run(program, header(family, ICMP[family]) + bytes([kind]) + rest)]
        assert accepted == sorted((*ERRORS[family], *(replies if pinging else ())))


@pytest.mark.parametrize("protocol", EXTENSIONS)
def test_what_has_extension_headers_is_kept_in_ipv6(protocol: int) -> None:
    assert bpf.run(answers_program(6, FIRST, {6}), header(6, protocol)) == WIDTH_BYTES
    assert bpf.run(answers_program(4, FIRST, {6}), header(4, protocol)) == 0


def test_only_later_fragments_lack_ports() -> None:
    program = answers_program(4, FIRST, {6, 17, 132})
    for fragment in [0, *(1 << bit for bit in range(16)), 0x3FFF, 0xFFFF]:
        packet = header(4, 17, fragment) + struct.pack(">HH", 443, FIRST)
        assert bool(bpf.run(program, packet)) == (fragment & 0x1FFF == 0), hex(fragment)
