"""SipHash-1-3 over arrays: one keyed 64-bit hash per row, all rows at once.

SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) mixes a 128-bit key with 64-bit words. Probes
carry part of it as a cookie: who does not know the key can't guess the number, so an answer that repeats it was caused by
a probe of ours. One compression and three finalisation rounds, the variant that hash tables use, are plenty for a number
that lives for one scan, and halve the cost of the 2-4 variant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_AT_ONCE = 4096
"""So many stay in the processor's cache."""


def _rotate(value: Words, bits: int, scratch: Words) -> None:
    np.right_shift(value, np.uint64(64 - bits), out=scratch)
    np.left_shift(value, np.uint64(bits), out=value)
    np.bitwise_or(value, scratch, out=value)


def _round(v0: Words, v1: Words, v2: Words, v3: Words, scratch: Words) -> None:
    """One SipRound, in place: the arrays stay in the processor's cache and nothing is allocated."""
    v0 += v1
    v2 += v3
    _rotate(v1, 13, scratch)
    _rotate(v3, 16, scratch)
    v1 ^= v0
    v3 ^= v2
    _rotate(v0, 32, scratch)
    v2 += v1
    v0 += v3
    _rotate(v1, 17, scratch)
    _rotate(v3, 21, scratch)
    v1 ^= v2
    v3 ^= v0
    _rotate(v2, 32, scratch)


def siphash13(key: tuple[int, int], words: Sequence[Words]) -> Words:
    """Hash of the message ``words[0][i], words[1][i], ...`` for each i, shape (n,).

    The message is the words in little-endian order, as the paper reads it; its last block holds the length alone, for whole
    words leave no rest.
    """
    k0, k1 = (np.uint64(part & 0xFFFFFFFFFFFFFFFF) for part in key)
    shape = words[0].shape
    v0 = np.full(shape, k0 ^ np.uint64(0x736F6D6570736575), dtype=np.uint64)
    v1 = np.full(shape, k1 ^ np.uint64(0x646F72616E646F6D), dtype=np.uint64)
    v2 = np.full(shape, k0 ^ np.uint64(0x6C7967656E657261), dtype=np.uint64)
    v3 = np.full(shape, k1 ^ np.uint64(0x7465646279746573), dtype=np.uint64)
    scratch = np.empty(shape, np.uint64)
    length = np.full(shape, (8 * len(words) & 0xFF) << 56, np.uint64)
    for word in (*words, length):
        v3 ^= word
        _round(v0, v1, v2, v3, scratch)
        v0 ^= word
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        _round(v0, v1, v2, v3, scratch)
    v0 ^= v1
    v0 ^= v2
    v0 ^= v3
    return v0


def cookies(key: tuple[int, int], count: int) -> npt.NDArray[np.uint32]:
    """A table of so many numbers, (count,), that nobody can tell without the key: each hash of 0, 1, 2, ... gives two."""
    hashes = np.empty(-(-count // 2), np.uint64)
    for start in range(0, len(hashes), _AT_ONCE):
        piece = hashes[start : start + _AT_ONCE]
        piece[:] = siphash13(key, [np.arange(start, start + len(piece), dtype=np.uint64)])
    return hashes.view(np.uint32)[:count]


def cookie(
    key: tuple[int, int], dst: npt.NDArray[np.uint8], sport: npt.NDArray[np.uint16], dport: npt.NDArray[np.uint16]
) -> npt.NDArray[np.uint32]:
    """The 32 bits that a probe to *dst* (n, 4|16) from *sport* to *dport* carries, and that its answer must repeat."""
    ports = (sport.astype(np.uint64) << np.uint64(16)) | dport.astype(np.uint64)
    if dst.shape[1] == 4:
        address = np.ascontiguousarray(dst).view(">u4")[:, 0].astype(np.uint64)
        words = [(address << np.uint64(32)) | ports]
    else:
        halves = np.ascontiguousarray(dst).view(">u8").astype(np.uint64)
        words = [halves[:, 0], halves[:, 1], ports]
    return (siphash13(key, words) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
