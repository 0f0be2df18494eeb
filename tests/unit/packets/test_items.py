from __future__ import annotations

import numpy as np
import pytest

from hatoba.packets.items import items, packed_rows


@pytest.mark.parametrize("width", [4, 6, 16])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_columns_of_frames_are_written_and_read_as_items(width: int, count: int) -> None:
    frames = np.arange(count * 64, dtype=np.uint8).reshape(count, 64)
    addresses = 255 - np.arange(count * width, dtype=np.uint8).reshape(count, width)
    before = frames.copy()
    items(frames[:, 30 : 30 + width])[:] = items(addresses)
    assert (frames[:, 30 : 30 + width] == addresses).all()
    assert (frames[:, :30] == before[:, :30]).all()
    assert (frames[:, 30 + width :] == before[:, 30 + width :]).all()
    found = packed_rows(frames[:, 30 : 30 + width])
    assert found.flags.c_contiguous
    assert (found == addresses).all()
    assert found.shape == (count, width)


def test_a_copy_is_no_view_of_the_frames() -> None:
    frames = np.zeros((3, 20), np.uint8)
    found = packed_rows(frames[:, 4:8])
    frames[:] = 1
    assert not found.any()
