"""BER beside scapy's, and against anything that comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.asn1.asn1 import ASN1_INTEGER, ASN1_STRING

from hatoba.packets.segment import Form, Place
from hatoba.probes.udp_questions.ber import (
    COOKIE_NUMBER,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    elements,
    inside,
    integer,
    is_cookie_number,
    tlv,
)
from hatoba.probes.udp_questions.draft import COOKIE_16


@given(st.integers(0, 2**40))
def test_numbers_as_scapy_writes_them(value: int) -> None:
    assert integer(value).data == bytes(ASN1_INTEGER(value))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_lengths_as_scapy_writes_and_we_read_them(size: int) -> None:
    raw = tlv(OCTET_STRING, bytes(size)).data
    assert raw == bytes(ASN1_STRING(bytes(size)))
    assert elements(raw) == [(OCTET_STRING, bytes(size))]


def test_the_cookie_moves_with_its_number() -> None:
    assert tlv(SEQUENCE, b"\x05\0", COOKIE_16).cookies == (Place(4, Form.U16),)
    assert tlv(SEQUENCE, bytes(200), COOKIE_16).cookies == (Place(203, Form.U16),)
    assert tlv(SEQUENCE, COOKIE_NUMBER).cookies == (Place(6, Form.U16),)


@given(st.integers(0, 0xFFFF))
def test_a_number_with_a_cookie_is_valid_and_positive(cookie: int) -> None:
    raw = bytearray(COOKIE_NUMBER.data)
    raw[4:6] = cookie.to_bytes(2, "big")
    value = int.from_bytes(raw[2:], "big", signed=True)
    assert 0 < value < 2**31
    assert bytes(ASN1_INTEGER(value)) == bytes(raw), "another encoding would be shorter"
    assert is_cookie_number(bytes(raw[2:]), 0xABCD0000 | cookie)
    assert not is_cookie_number(bytes(raw[2:]), cookie ^ 1)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("02", [], id="tag-alone"),
        pytest.param("0201", [], id="content-missing"),
        pytest.param("020107", [(2, b"\x07")], id="whole"),
        pytest.param("0201070401", [(2, b"\x07")], id="second-cut"),
        pytest.param("0281", [], id="length-cut"),
        pytest.param("02810107", [(2, b"\x07")], id="long-length"),
        pytest.param("0280070000", [], id="indefinite"),
        pytest.param("0285000000000107", [], id="length-too-long"),
        pytest.param("02847fffffff07", [], id="huge"),
    ],
)
def test_what_is_whole_is_read_and_the_rest_is_not(raw: str, found: list[tuple[int, bytes]]) -> None:
    assert elements(bytes.fromhex(raw)) == found


def test_inside() -> None:
    assert inside(bytes.fromhex("3003020107"), SEQUENCE) == [(INTEGER, b"\x07")]
    assert inside(bytes.fromhex("3103020107"), SEQUENCE) == []
    assert inside(b"", SEQUENCE) == []


@given(st.binary(max_size=100))
def test_nothing_is_read_twice_or_invented(data: bytes) -> None:
    assert sum(len(content) + 2 for _tag, content in elements(data)) <= len(data)
