"""A wire outlives its leg: the next one often asks the same way, and a ring costs tens of milliseconds to lay and to take away.

What is left in it of the leg before is no answer to the next (``engine.packet_transport``), as if it had come late.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.packets.frames import FrameTemplate
from hatoba.wire.base import Arrived, PacketWire, Times
from hatoba.wire.routes import Route

Way = tuple[Route, str | None, FrameTemplate]
"""Route, zone and template: what makes one wire as good as another."""


class KeptWires:
    """The wire that was in use last, of a scan that uses one at a time mostly."""

    def __init__(self) -> None:
        self._idle: tuple[Way, int, PacketWire] | None = None
        self._closed = False

    def lend(self, way: Way, questions: int, new: Callable[[], PacketWire]) -> LentWire:
        """A wire of that *way* for so many *questions* at a time: the kept one if it will do, else a *new* one."""
        idle, self._idle = self._idle, None
        if idle is not None and idle[0] == way and idle[1] >= questions:
            return LentWire(self, *idle)
        if idle is not None:
            idle[2].close()
        return LentWire(self, way, questions, new())

    def take_back(self, way: Way, questions: int, wire: PacketWire) -> None:
        if self._closed:
            wire.close()
            return
        if self._idle is not None:
            self._idle[2].close()
        self._idle = way, questions, wire

    def close(self) -> None:
        """What is lent yet is closed when it comes back."""
        self._closed = True
        if self._idle is not None:
            self._idle[2].close()
            self._idle = None


class LentWire:
    """A ``wire.base.PacketWire`` for the time of one leg. Closed, it is given back, unless something was left on the way out or
    it has failed."""

    def __init__(self, owner: KeptWires, way: Way, questions: int, wire: PacketWire) -> None:
        self.template = wire.template
        self._owner, self._way, self._questions, self._wire = owner, way, questions, wire
        self._dropped_before = wire.drops
        self._dropped = 0
        self._closed = self._failed = self._leaving = False

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._wire.reserve(count)

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        self._leaving = True
        self._wire.commit(count, lengths, left_s)

    def drain(self) -> None:
        self._wire.drain()
        self._leaving = False

    def receive(self, timeout_s: float) -> Arrived:
        try:
            return self._wire.receive(timeout_s)
        except WireError:
            self._failed = True
            raise

    @property
    def drops(self) -> int:
        """Of this leg."""
        if not self._closed:
            self._dropped = self._wire.drops - self._dropped_before
        return self._dropped

    def close(self) -> None:
        """Closing it once more does nothing."""
        if self._closed:
            return
        self._dropped, self._closed = self.drops, True
        if self._failed or self._leaving:
            self._wire.close()
        else:
            self._owner.take_back(self._way, self._questions, self._wire)
