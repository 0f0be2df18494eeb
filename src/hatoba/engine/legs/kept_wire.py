"""The packet wire of one leg, kept for the next: opening one takes longer than asking a few hosts (``wire.packet_ring``)."""

from __future__ import annotations

from typing import NamedTuple

from hatoba.errors import WireError
from hatoba.packets.frames import FrameTemplate
from hatoba.wire.base import PacketWire
from hatoba.wire.network import rx_slots
from hatoba.wire.routes import Route


class Use(NamedTuple):
    """What a wire is opened for."""

    route: Route
    template: FrameTemplate
    zone: str | None
    questions: int
    """How many are asked at a time."""

    def fits(self, later: Use) -> bool:
        """Whether a wire that was opened for this serves for *later*, too."""
        return self[:3] == later[:3] and rx_slots(later.questions) <= rx_slots(self.questions)


class KeptWire:
    """One at most, which nobody uses. What is taken is the taker's alone until it is kept again."""

    def __init__(self) -> None:
        self._kept: tuple[PacketWire, Use] | None = None
        self._closed = False

    def take(self, use: Use) -> tuple[PacketWire, Use] | None:
        """A wire that serves for *use*, with nothing on its way and nothing arrived, and what it was opened for. Raises
        WireError if its link is gone."""
        if self._kept is None or not self._kept[1].fits(use):
            return None
        (wire, opened_for), self._kept = self._kept, None
        try:
            wire.drain()
            for _run in range(2):  # what has arrived is one piece, or two where it goes over the ring's end
                wire.receive(0)
        except WireError:
            wire.close()
            raise
        return wire, opened_for

    def keep(self, wire: PacketWire, use: Use) -> None:
        """*wire* was opened for *use*, and is not used any more."""
        self._let_go()
        if self._closed:
            wire.close()
        else:
            self._kept = wire, use

    def close(self) -> None:
        """What is in use yet is closed when it would be kept."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        if self._kept is not None:
            (wire, _use), self._kept = self._kept, None
            wire.close()
