"""CRC-32C (Castagnoli), which protects SCTP packets (RFC 9260 section 6.8 and appendix A), for packets that differ in a few
bytes only.

A CRC is linear: the CRC of two messages of one length, added without carry, is the sum of theirs. So that of the constant
part is taken once, and each varying byte adds what a table says for its value at its place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_POLYNOMIAL = 0x82F63B78  # reflected


def _byte_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _bit in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _byte_table()


def crc32c(data: bytes) -> int:
    """The CRC of one message as a number; SCTP sends it lowest byte first."""
    return _register(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _register(data: bytes, value: int) -> int:
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value


class VaryingCrc:
    """CRCs of messages that are *constant* but for the bytes at *places*, which are zero in it."""

    def __init__(self, constant: bytes, places: list[int]) -> None:
        self._constant = np.uint32(crc32c(constant))
        self._tables = np.array(
            [[_register(bytes([value]) + bytes(len(constant) - place - 1), 0) for value in range(256)] for place in places],
            np.uint32,
        )

    def of(self, varying: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
        """One CRC for each row of *varying*, (n, places)."""
        total = np.full(len(varying), self._constant, np.uint32)
        for column, table in enumerate(self._tables):
            total ^= table[varying[:, column]]
        return total
