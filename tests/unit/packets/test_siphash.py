"""SipHash-1-3 is Python's own, and a cookie depends on everything that it is made of."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.packets.siphash import cookie, siphash13

MASK = 0xFFFFFFFFFFFFFFFF
MESSAGES = [bytes(range(n, n + 8 * words)) for words in (1, 2, 3, 5) for n in (0, 100, 200)]
KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)


def hash_of(key: tuple[int, int], *words: int) -> int:
    return int(siphash13(key, [np.array([word], np.uint64) for word in words])[0])


def words_of(message: bytes) -> list[int]:
    return [int.from_bytes(message[at : at + 8], "little") for at in range(0, len(message), 8)]


def plain(key: tuple[int, int], message: bytes, compressions: int = 1, finalisations: int = 3) -> int:
    """The paper's section 2, one message of any length, in Python's integers."""
    blocks = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) & 0xFF])
    v0, v1 = key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D
    v2, v3 = key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573

    def rotate(value: int, bits: int) -> int:
        return (value << bits | value >> (64 - bits)) & MASK

    def round_() -> None:
        nonlocal v0, v1, v2, v3
        v0, v2 = (v0 + v1) & MASK, (v2 + v3) & MASK
        v1, v3 = rotate(v1, 13) ^ v0, rotate(v3, 16) ^ v2
        v0 = rotate(v0, 32)
        v2, v0 = (v2 + v1) & MASK, (v0 + v3) & MASK
        v1, v3 = rotate(v1, 17) ^ v2, rotate(v3, 21) ^ v0
        v2 = rotate(v2, 32)

    for word in words_of(blocks):
        v3 ^= word
        for _ in range(compressions):
            round_()
        v0 ^= word
    v2 ^= 0xFF
    for _ in range(finalisations):
        round_()
    return v0 ^ v1 ^ v2 ^ v3


@pytest.mark.parametrize(
    ("length", "digest"),
    [
        (0, 0x726FDB47DD0E0E31),
        (1, 0x74F839C593DC67FD),
        (8, 0x93F5F5799A932462),
        (15, 0xA129CA6149BE45E5),
    ],
)
def test_the_plain_one_gives_the_vectors_of_siphash_2_4(length: int, digest: int) -> None:
    """Of the paper's appendix A, where the message has 15 bytes, and of its authors' reference program. Key and message count
    up from 0; with more rounds it is the same function that ours is held against."""
    assert plain(KEY, bytes(range(length)), 2, 4) == digest


@pytest.mark.skipif(sys.hash_info.algorithm != "siphash13", reason="this Python hashes otherwise")
def test_with_a_zero_key_it_is_pythons_hash_of_bytes() -> None:
    code = f"print(*(hash(m) & {MASK} for m in {MESSAGES!r}))"
    # PYTHONHASHSEED=0 sets Python's key to zero.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    assert [hash_of((0, 0), *words_of(message)) for message in MESSAGES] == [int(word) for word in told.split()]


u64 = st.integers(0, MASK)


@settings(deadline=None)
@given(st.tuples(u64, u64), st.lists(u64, min_size=1, max_size=40))
def test_every_key_gives_what_the_paper_says(key: tuple[int, int], words: list[int]) -> None:
    assert hash_of(key, *words) == plain(key, b"".join(word.to_bytes(8, "little") for word in words))


@settings(deadline=None)
@given(st.lists(st.tuples(u64, u64), min_size=1, max_size=50))
def test_a_batch_is_its_rows(rows: list[tuple[int, int]]) -> None:
    columns = [np.array(column, np.uint64) for column in zip(*rows, strict=True)]
    before = [column.copy() for column in columns]
    assert siphash13(KEY, columns).tolist() == [hash_of(KEY, *row) for row in rows]
    assert all((column == kept).all() for column, kept in zip(columns, before, strict=True)), "the message was changed"


def cookie_of(key: tuple[int, int], dst: bytes, sport: int, dport: int) -> int:
    dst_row = np.frombuffer(dst, np.uint8)[None, :]
    return int(cookie(key, dst_row, np.array([sport], np.uint16), np.array([dport], np.uint16))[0])


@pytest.mark.parametrize("width", [4, 16])
def test_a_cookie_depends_on_each_bit_of_every_input(width: int) -> None:
    dst, sport, dport = bytes(range(10, 10 + width)), 61440, 443
    seen = [cookie_of(KEY, dst, sport, dport)]
    for bit in range(8 * width):
        other = (int.from_bytes(dst, "big") ^ 1 << bit).to_bytes(width, "big")
        seen.append(cookie_of(KEY, other, sport, dport))
    seen += [cookie_of(KEY, dst, sport ^ 1 << bit, dport) for bit in range(16)]
    seen += [cookie_of(KEY, dst, sport, dport ^ 1 << bit) for bit in range(16)]
    seen += [cookie_of((KEY[0] ^ 1 << bit, KEY[1]), dst, sport, dport) for bit in range(64)]
    seen += [cookie_of((KEY[0], KEY[1] ^ 1 << bit), dst, sport, dport) for bit in range(64)]
    seen.append(cookie_of(KEY, dst, dport, sport))
    assert len(set(seen)) == len(seen)


def test_cookies_are_spread_over_all_their_bits() -> None:
    ports = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    dst = np.tile(np.array([198, 18, 0, 2], np.uint8), (len(ports), 1))
    cookies = cookie(KEY, dst, np.full(len(ports), 61440, np.uint16), ports)
    assert cookies.dtype == np.uint32
    for bit in range(32):
        ones = int((cookies >> np.uint32(bit) & np.uint32(1)).sum())
        assert abs(ones - 32768) < 6 * 128, f"bit {bit}"  # six standard deviations of 65,536 fair coins


@pytest.mark.parametrize("width", [4, 16])
def test_a_batch_of_cookies_is_its_rows(width: int) -> None:
    draw = np.random.default_rng(5)
    wide = draw.integers(0, 256, (100, 32), np.uint8)
    dst = wide[:, 3 : 3 + width]  # not contiguous, as a field of a frame is not
    sport, dport = (draw.integers(0, 65536, 100).astype(np.uint16) for _ in range(2))
    together = cookie(KEY, dst, sport, dport)
    assert together.tolist() == [
        cookie_of(KEY, row.tobytes(), int(s), int(d)) for row, s, d in zip(dst, sport, dport, strict=True)
    ]
