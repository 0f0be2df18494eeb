"""The vectorised checksum is the plain one of RFC 1071."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.packets import checksum


def plain(data: bytes) -> int:
    """RFC 1071 section 4.1, word by word."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def test_the_example_of_rfc_1071() -> None:
    data = bytes.fromhex("0001f203f4f5f6f7")
    assert checksum.words_sum(data) == 0x2DDF0
    assert checksum.checksum(data) == 0xFFFF - 0xDDF2


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_one_message(data: bytes) -> None:
    assert checksum.checksum(data) == plain(data)


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 20), st.data())
def test_rows(words: int, count: int, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=words * 2 * count, max_size=words * 2 * count))
    rows = np.frombuffer(raw, np.uint8).reshape(count, words * 2)
    assert checksum.fold(checksum.rows_sum(rows)).tolist() == [plain(row.tobytes()) for row in rows]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**31 - 1), max_size=20))
def test_fold_takes_any_sum_below_2_to_the_31(totals: list[int]) -> None:
    folded = checksum.fold(np.array(totals, np.uint32))
    assert folded.dtype == np.uint16
    assert folded.tolist() == [
        plain(b"".join((t >> 16).to_bytes(2, "big") + (t & 0xFFFF).to_bytes(2, "big") for t in [total])) for total in totals
    ]


def test_rows_of_a_strided_view_are_read_as_they_are() -> None:
    wide = np.arange(60, dtype=np.uint8).reshape(3, 20)
    assert checksum.rows_sum(wide[:, 4:12]).tolist() == [checksum.words_sum(row.tobytes()) for row in wide[:, 4:12]]


@settings(deadline=None)
@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4), st.binary(max_size=100))
def test_pseudo_header_of_ipv4(src: bytes, dst: bytes, segment: bytes) -> None:
    total = checksum.pseudo_header_sum(src, dst, 6, len(segment)) + checksum.words_sum(segment)
    whole = src + dst + b"\0\x06" + len(segment).to_bytes(2, "big") + segment
    assert checksum.fold(np.array([total], np.uint32))[0] == plain(whole)


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.binary(max_size=100))
def test_pseudo_header_of_ipv6(src: bytes, dst: bytes, segment: bytes) -> None:
    total = checksum.pseudo_header_sum(src, dst, 58, len(segment)) + checksum.words_sum(segment)
    whole = src + dst + len(segment).to_bytes(4, "big") + b"\0\0\0\x3a" + segment
    assert checksum.fold(np.array([total], np.uint32))[0] == plain(whole)


def test_a_destination_may_be_added_later() -> None:
    src, dst = bytes(range(4)), bytes(range(100, 104))
    early = checksum.pseudo_header_sum(src, dst, 6, 24)
    assert checksum.pseudo_header_sum(src, b"", 6, 24) + checksum.words_sum(dst) == early
