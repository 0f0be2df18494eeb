"""Rows of bytes and records as whole items, which NumPy copies many times as fast as bytes and fields one by one.

Of an array of records it copies field by field wherever it indexes, joins or plainly copies; ``take`` and ``compress`` copy
whole records.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bytes2D = npt.NDArray[np.uint8]


def items(rows: Bytes2D) -> npt.NDArray[np.void]:
    """The rows, (n, width), in place as (n,) items of *width* bytes; the bytes of a row follow each other."""
    return rows.view(np.dtype((np.void, rows.shape[1])))[:, 0]


def packed_rows(rows: Bytes2D) -> Bytes2D:
    """The same rows, one right behind the other, to be read: copied, unless they stand like that, as a single one does."""
    return np.ascontiguousarray(items(rows)).view(np.uint8).reshape(rows.shape)


def joined(pieces: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """Arrays of the same records, at least one, one after the other, copied."""
    record = pieces[0].dtype
    if any(piece.dtype != record for piece in pieces):
        raise TypeError(f"not all of these are records of {record}")
    return np.concatenate([piece.view(np.dtype((np.void, record.itemsize))) for piece in pieces]).view(record)
