"""A keyed order of the numbers 0..size-1, computed in batches and never stored: consecutive positions give numbers all over.

A Feistel network over the smallest power of two that holds *size*, walked until it falls inside (Black and Rogaway,
"Ciphers with Arbitrary Finite Domains", 2002): a bijection of 2**bits restricted by cycle walking is a bijection of
0..size-1. The domain is below twice the size, so less than two steps are needed on average. The two halves may differ by a
bit; the rounds change them in turn.

Worked example: size 5, 3 bits, halves of 1 and 2 bits. The network maps 0..7 onto 0..7; a number that lands on 5, 6 or 7
goes through again, until it lands on 0..4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_ROUNDS = 4
_MASK64 = 0xFFFFFFFFFFFFFFFF


def _mix(value: int) -> int:
    """The finaliser of splitmix64 on a Python integer, for round keys."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK64
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK64
    return value ^ (value >> 31)


class Permutation:
    """``Permutation(size, key)(positions)`` gives for each position its number; the same key, the same order, and every key
    from 0 to 2**62 - 1 its own."""

    def __init__(self, size: int, key: int) -> None:
        if not 0 < size <= 1 << 62:
            raise ValueError(f"a permutation needs a size from 1 to 2**62, not {size}")
        if not 0 <= key < 1 << 62:
            raise ValueError(f"a permutation needs a key from 0 to 2**62 - 1, not {key}")
        self.size = size
        bits = max(2, (size - 1).bit_length())
        self._low_bits = np.uint64(bits // 2)
        self._low_mask = np.uint64((1 << bits // 2) - 1)
        self._high_mask = np.uint64((1 << (bits - bits // 2)) - 1)
        self._keys = [np.uint64(_mix(key * _ROUNDS + index)) for index in range(_ROUNDS)]

    def __call__(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Numbers for *positions*, shape (n,), each from 0 to size-1."""
        values = self._network(positions.astype(np.uint64))
        outside = np.flatnonzero(values >= self.size)
        while outside.size:
            values[outside] = self._network(values[outside])
            outside = outside[values[outside] >= self.size]
        return values.astype(np.int64)

    def _network(self, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        low = values & self._low_mask
        high = values >> self._low_bits
        with np.errstate(over="ignore"):
            for number, key in enumerate(self._keys):
                if number % 2:
                    low = (low ^ self._scramble(high, key)) & self._low_mask
                else:
                    high = (high ^ self._scramble(low, key)) & self._high_mask
        result: npt.NDArray[np.uint64] = (high << self._low_bits) | low
        return result

    @staticmethod
    def _scramble(half: npt.NDArray[np.uint64], key: np.uint64) -> npt.NDArray[np.uint64]:
        value = (half ^ key) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
        result: npt.NDArray[np.uint64] = value ^ (value >> np.uint64(29))
        return result
