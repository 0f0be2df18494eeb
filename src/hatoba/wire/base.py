"""The one seam for packets: what a wire is. Behind it stand the packet ring, raw IP, and a fake that records.

The engine asks for room, fills frames in place and commits them; what arrives comes back in bulk. No wire judges anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hatoba.packets.frames import FrameTemplate

WIDTH_BYTES = 192
"""How much of an arriving packet is kept, from its IP header on: the outer header, an ICMP error and what it quotes, with
options, fit for both families."""

SOURCE_PORTS = 16
"""How many consecutive source ports one scan uses. Which one a probe leaves from tells which repeat it was."""

STUCK_S = 2.0
"""How long a link may take not one packet before it counts as broken."""


Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Packets as they came in, each from its IP header on."""

    frames: npt.NDArray[np.uint8]
    """(n, WIDTH_BYTES)"""
    lengths: npt.NDArray[np.uint32]
    """How many bytes of each row are the packet's."""
    at_s: npt.NDArray[np.float64]
    """When each arrived, on the scan's clock."""

    def __len__(self) -> int:
        return len(self.frames)


def nothing_arrived() -> Arrived:
    return Arrived(np.zeros((0, WIDTH_BYTES), np.uint8), np.zeros(0, np.uint32), np.zeros(0, np.float64))


class PacketWire(Protocol):
    """A way out and in for whole packets over one interface."""

    template: FrameTemplate

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        """Up to *count* writable frames, (n, ``template.frame_bytes`` or more); n is 0 only if *count* is. They hold the
        template, if it is uniform."""

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        """Send the first *count* reserved frames, of *lengths*, link header included (None: ``template.frame_bytes`` each).

        They may still be leaving when this is back. Into *left_s* is written when each left, on the scan's clock: before an
        answer can be here, more exactly once it is known. Raises WireError if the link is gone, also for earlier frames."""

    def drain(self) -> None:
        """Back when all that was committed has left. Raises WireError if the link is gone."""

    def receive(self, timeout_s: float) -> Arrived:
        """What has arrived; waits up to *timeout_s* if nothing has."""

    @property
    def drops(self) -> int:
        """Frames lost on this side so far because nobody took them out in time."""

    def close(self) -> None: ...
