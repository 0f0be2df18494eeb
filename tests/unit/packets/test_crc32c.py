"""CRC-32C beside published values, beside a division bit by bit, and beside scapy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.sctp import crc32c as scapy_crc32c

from hatoba.packets.crc32c import VaryingCrc, crc32c


def divided(data: bytes) -> int:
    """The remainder of a division of polynomials, the lowest bit of each byte first."""
    value = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            odd = (value ^ byte >> bit) & 1
            value = value >> 1 ^ (0x82F63B78 if odd else 0)
    return value ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"123456789", 0xE3069283),  # the check value of the catalogues of CRCs
        # RFC 3720 appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"", 0),
    ],
)
def test_published_values(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@given(st.binary(max_size=200))
def test_any_message(data: bytes) -> None:
    assert crc32c(data) == divided(data)


@given(st.binary(min_size=1, max_size=80))
def test_scapy_sends_the_same_bytes(data: bytes) -> None:
    """scapy gives the number in the order in which SCTP sends it: lowest byte first."""
    assert crc32c(data).to_bytes(4, "little") == scapy_crc32c(data).to_bytes(4, "big")


@given(st.data(), st.binary(min_size=1, max_size=60), st.integers(0, 6))
def test_messages_that_differ_in_a_few_bytes(data: st.DataObject, constant: bytes, count: int) -> None:
    places = data.draw(st.lists(st.integers(0, len(constant) - 1), unique=True, min_size=min(count, len(constant)), max_size=8))
    blank = bytearray(constant)
    for place in places:
        blank[place] = 0
    rows = data.draw(st.lists(st.binary(min_size=len(places), max_size=len(places)), max_size=5))
    varying = np.array([list(row) for row in rows], np.uint8).reshape(len(rows), len(places))
    expected = []
    for row in rows:
        whole = bytearray(blank)
        for place, value in zip(places, row, strict=True):
            whole[place] = value
        expected.append(divided(bytes(whole)))
    assert VaryingCrc(bytes(blank), places).of(varying).tolist() == expected
