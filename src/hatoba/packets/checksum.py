"""The Internet checksum (RFC 1071), vectorised: one's complement sums that are split into a constant and a varying part.

A batch of probes differs in a few fields only, so the sum of everything else is taken once per template and the varying
fields are added per packet. One's complement addition is commutative and independent of byte order (RFC 1071 section 2),
which is what allows the split.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def words_sum(data: bytes | npt.NDArray[np.uint8]) -> int:
    """Sum of the big-endian 16-bit words of *data*, padded with a zero byte; not folded."""
    raw = bytes(data)
    if len(raw) % 2:
        raw += b"\0"
    return int(np.frombuffer(raw, dtype=">u2").sum(dtype=np.uint64))


def rows_sum(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """The same for each row of *rows*, shape (n, even), as (n,) unfolded sums."""
    words = rows.view(">u2")
    total = words[:, 0].astype(np.uint32)
    for column in range(1, words.shape[1]):  # many rows of few words: column by column takes a tenth of the time
        total += words[:, column]
    return total


def fold(total: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    """Complement of the folded sums: what goes into the checksum field. *total* is below 2**32 / 2, so two folds do."""
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).astype(np.uint16)


def checksum(data: bytes) -> int:
    """The checksum of one message."""
    return int(fold(np.array([words_sum(data)], dtype=np.uint32))[0])


def pseudo_header_sum(src: bytes, dst: bytes, protocol: int, length_bytes: int) -> int:
    """Sum of the pseudo header (RFC 9293 section 3.1; RFC 8200 section 8.1). Give an empty *dst* to add it later per packet."""
    return words_sum(src) + words_sum(dst) + protocol + length_bytes
