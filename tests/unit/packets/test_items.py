from __future__ import annotations

import numpy as np
import pytest

from hatoba.packets.items import items, joined, packed_rows


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


RECORD = np.dtype([("host", "u4"), ("port", "u2"), ("word", "u1"), ("rtt_s", "f4")])


def test_records_are_joined_whole_also_from_views_with_gaps() -> None:
    records = np.zeros(10, RECORD)
    records["host"], records["rtt_s"] = np.arange(10), np.nan
    found = joined([records[::2], records[:0], records[7:]])
    assert found.dtype == RECORD
    assert found["host"].tolist() == [0, 2, 4, 6, 8, 7, 8, 9]
    records["host"] = 99
    assert found["host"].max() == 9, "it is a copy"


def test_other_records_are_refused() -> None:
    with pytest.raises(TypeError, match="not all of these are records"):
        joined([np.zeros(1, RECORD), np.zeros(1, [("seen", "u8"), ("other", "u1"), ("more", "u2")])])
