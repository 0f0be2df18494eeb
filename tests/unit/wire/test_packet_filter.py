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


def kept(family: int, packet: bytes, first_port: int = FIRST) -> bool:
    """TCP to one of our source ports, or an ICMP error of the two kinds that tell of ports."""
    ours = range(first_port, first_port + SOURCE_PORTS)
    if family == 4:
        if len(packet) < 10:
            return False
        start = 4 * (packet[0] & 15)
        if packet[9] == 6:
            if struct.unpack_from(">H", packet, 6)[0] & 0x1FFF or len(packet) < start + 4:
                return False
            return struct.unpack_from(">H", packet, start + 2)[0] in ours
        return packet[9] == 1 and len(packet) > start and packet[start] in (3, 11)
    if len(packet) < 7:
        return False
    if packet[6] == 6:
        return len(packet) >= 44 and struct.unpack_from(">H", packet, 42)[0] in ours
    return packet[6] == 58 and len(packet) > 40 and packet[40] in (1, 3)


@st.composite
def packets(draw: st.DrawFn, family: int) -> bytes:
    protocol = draw(st.one_of(st.sampled_from([6, 1, 58, 17]), st.integers(0, 255)))
    if family == 4:
        words = draw(st.integers(5, 15))
        fragment = draw(st.sampled_from([0, 0x4000, 0x2000, 0x2001, 1, 0x1FFF, 0x8000]))
        header = struct.pack(">BBHHHBB", 0x40 | words, 0, 60, 1, fragment, 64, protocol).ljust(words * 4, b"\x07")
    else:
        header = struct.pack(">IHBB", 6 << 28, 20, protocol, 64).ljust(40, b"\x07")
    kind = draw(st.one_of(st.sampled_from([1, 3, 4, 11, 128]), st.integers(0, 255)))
    body = draw(st.sampled_from([struct.pack(">HH", 80, draw(ports)), bytes([kind, 1, 2, 3])])) + draw(st.binary(max_size=30))
    whole = header + body
    return whole[: draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))]


@BOTH
@settings(deadline=None, max_examples=400)
@given(data=st.data(), first_port=st.sampled_from([FIRST, 1, 64_984, 65_520]))
def test_on_any_packet(family: int, data: st.DataObject, first_port: int) -> None:
    packet = data.draw(st.one_of(packets(family), st.binary(max_size=100)))
    expected = WIDTH_BYTES if kept(family, packet, first_port) else 0
    assert bpf.run(answers_program(family, first_port), packet) == expected


@BOTH
@pytest.mark.parametrize("first_port", [0, FIRST, 65_520])
def test_the_kernel_can_take_it(family: int, first_port: int) -> None:
    bpf.check(answers_program(family, first_port))


@BOTH
def test_each_source_port_and_no_other(family: int) -> None:
    program = answers_program(family, FIRST)
    header = struct.pack(">BBHHHBB", 0x45, 0, 40, 0, 0, 64, 6).ljust(20, b"\0") if family == 4 else None
    header = header or struct.pack(">IHBB", 6 << 28, 20, 6, 64).ljust(40, b"\0")
    accepted = [port for port in range(65536) if bpf.run(program, header + struct.pack(">HH", 443, port))]
    assert accepted == list(range(FIRST, FIRST + SOURCE_PORTS))


@BOTH
def test_each_kind_of_error_and_no_other(family: int) -> None:
    program = answers_program(family, FIRST)
    header = struct.pack(">BBHHHBB", 0x46, 0, 40, 0, 0, 64, 1).ljust(24, b"\0") if family == 4 else None
    header = header or struct.pack(">IHBB", 6 << 28, 20, 58, 64).ljust(40, b"\0")
    accepted = [kind for kind in range(256) if bpf.run(program, header + bytes([kind]))]
    assert accepted == ([3, 11] if family == 4 else [1, 3])


def test_only_later_fragments_lack_ports() -> None:
    program = answers_program(4, FIRST)
    for fragment in [0, *(1 << bit for bit in range(16)), 0x3FFF, 0xFFFF]:
        header = struct.pack(">BBHHHBB", 0x45, 0, 40, 0, fragment, 64, 6).ljust(20, b"\0")
        assert bool(bpf.run(program, header + struct.pack(">HH", 443, FIRST))) == (fragment & 0x1FFF == 0), hex(fragment)
