"""Packets on their way past an observer: many at a time, as arrays, with all that is needed to read or to store them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.packets.dissect import Packet, dissect, dissect_ethernet


@dataclass(frozen=True, slots=True)
class PacketBatch:
    """Packets that left or arrived together over one interface. The arrays are the observer's to keep, not to change."""

    outbound: bool
    interface: str
    family: int
    link_bytes: int
    """14 where each row begins with an Ethernet header, 0 where it begins with the IP header."""
    frames: npt.NDArray[np.uint8]
    """(n, width)"""
    lengths: npt.NDArray[np.int64]
    """How many bytes of each row are the frame's."""
    at_s: npt.NDArray[np.float64]
    """When, on the scan's clock."""

    def __len__(self) -> int:
        return len(self.frames)

    def dissected(self) -> Iterator[tuple[float, Packet]]:
        """Each with its time, read. Slow: for people."""
        for at_s, length, row in zip(self.at_s.tolist(), self.lengths.tolist(), self.frames, strict=True):
            data = row[:length].tobytes()
            yield at_s, dissect_ethernet(data) if self.link_bytes else dissect(data, self.family)
