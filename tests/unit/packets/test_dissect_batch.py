"""Batches are read row by row, each no further than its length."""

from __future__ import annotations

import numpy as np
import pytest

from hatoba.packets.dissect import dissect, dissect_ethernet
from hatoba.packets.dissect_batch import PacketBatch
from tests.unit.packets.dissecting import ETHERNET, V4


@pytest.mark.parametrize("link_bytes", [0, 14])
def test_rows_are_read(link_bytes: int) -> None:
    kinds = [bytes(packet) for packet in (ETHERNET if link_bytes else V4).values()]
    frames = np.full((len(kinds), 200), 0xEE, np.uint8)
    for row, data in zip(frames, kinds, strict=True):
        row[: len(data)] = np.frombuffer(data, np.uint8)
    at_s = np.arange(len(kinds)) / 2
    batch = PacketBatch(True, "eth0", 4, link_bytes, frames, np.array([len(data) for data in kinds], np.int64), at_s)
    reader = dissect_ethernet if link_bytes else lambda data: dissect(data, 4)
    assert list(batch.dissected()) == [(at / 2, reader(data)) for at, data in enumerate(kinds)]
    assert len(batch) == len(kinds)
