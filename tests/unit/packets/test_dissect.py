"""Whatever the bytes: nothing raises, and every byte belongs to exactly one field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.packets.dissect import CUT_SHORT, MALFORMED, MORE, Packet, dissect, dissect_ethernet
from tests.unit.packets.dissecting import ALL

KIND = pytest.mark.parametrize(("name", "family", "data"), ALL, ids=[f"{name}-{family}" for name, family, _data in ALL])


def read(data: bytes, family: int) -> Packet:
    return dissect(data, family) if family else dissect_ethernet(data)


def assert_tiled(packet: Packet) -> None:
    at = 0
    for header in packet.headers:
        assert header.offset == at
        for field in header.fields:
            assert field.offset == at
            assert field.length >= 0
            assert field.value.isascii()
            assert field.value.isprintable()
            at += field.length
    assert at == len(packet.data)


@KIND
def test_what_is_well_formed_is_read_to_its_end(name: str, family: int, data: bytes) -> None:
    packet = read(data, family)
    assert_tiled(packet)
    assert not packet.is_cut_short
    assert not packet.is_malformed


@KIND
def test_cut_anywhere_it_says_so(name: str, family: int, data: bytes) -> None:
    whole = read(data, family)
    has_length = whole.header("IPv4", "IPv6") is not None
    for end in range(len(data)):
        packet = read(data[:end], family)
        assert_tiled(packet)
        assert packet.is_cut_short or not (has_length or whole.header("ARP") or end < 14)


@KIND
def test_padding_of_the_link_is_told_apart(name: str, family: int, data: bytes) -> None:
    packet = read(data + bytes(6), family)
    assert_tiled(packet)
    if name != "foreign":
        last = packet.headers[-1].fields[-1]
        assert (last.key, last.length) == ("padding", 6)
        assert packet.headers[:-1] == read(data, family).headers


@settings(max_examples=600)
@given(st.sampled_from(ALL), st.data())
def test_mutated_packets(kind: tuple[str, int, bytes], draw: st.DataObject) -> None:
    _name, family, data = kind
    changed = bytearray(data)
    for _count in range(draw.draw(st.integers(1, 4))):
        changed[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    assert_tiled(read(bytes(changed[: draw.draw(st.integers(0, len(data)))]), family))
    assert_tiled(read(bytes(changed), family))


@settings(max_examples=600)
@given(
    st.binary(max_size=120), st.sampled_from([0, 4, 6]), st.sampled_from([b"", b"\x45", b"\x60", bytes(12) + b"\x08\x00\x46"])
)
def test_random_bytes(data: bytes, family: int, start: bytes) -> None:
    assert_tiled(read(start + data, family))


def test_a_packet_of_the_other_family_is_malformed() -> None:
    for family, first in ((4, b"\x60"), (6, b"\x45"), (4, b"\x44")):
        packet = dissect(first + bytes(59), family)
        assert packet.is_malformed
        assert packet.headers[0].fields[0].note == MALFORMED
        assert packet.headers[-1].protocol == "data"


def test_nothing_at_all() -> None:
    packet = dissect(b"", 4)
    assert [(field.length, field.note) for field in packet.headers[0].fields] == [(0, CUT_SHORT)]


def test_a_length_that_promises_more_is_remarked() -> None:
    (_name, _family, data) = next(kind for kind in ALL if kind[:2] == ("udp", 4))
    packet = dissect(data[:-1], 4)
    ip, udp = packet.header("IPv4"), packet.header("UDP")
    assert ip is not None
    assert udp is not None
    assert [field.note for field in ip.fields if field.key == "length"] == [MORE]
    assert [field.note for field in udp.fields if field.key == "length"] == [MORE]
    assert packet.number(ip, "length") == len(data)
