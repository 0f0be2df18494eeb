"""Interfaces that go away in mid-scan, and may come back: a cable, a radio link, somebody who sets it up anew."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import LinkDown
from hatoba.packets.frames import FrameTemplate
from hatoba.wire.base import Arrived, Times, nothing_arrived
from hatoba.wire.gate import GatedPackets

AWAY_S = 5.0
"""How long an interface that went away is waited for: a cable that is plugged in again, or a station that looks for another
access point, takes a few seconds."""
_LOOK_S = 0.1


class Outages:
    """Of one scan."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds: dict[str, float] = {}
        """By the interface's name, how long it was away, where it came back."""
        self._since_s: dict[str, float] = {}

    @property
    def under_way(self) -> bool:
        return bool(self._since_s)

    def began(self, interface: str, now_s: float) -> None:
        self.count += 1
        self._since_s.setdefault(interface, now_s)

    def ended(self, interface: str, now_s: float) -> None:
        if (since_s := self._since_s.pop(interface, None)) is not None:
            self.seconds[interface] = self.seconds.get(interface, 0.0) + now_s - since_s

    def left(self, interface: str) -> None:
        """Nobody waits for it any more."""
        self._since_s.pop(interface, None)


class MendedWire:
    """A ``wire.base.PacketWire`` that is opened anew when its interface has come back. What was on its way is lost, as on a bad
    link; while it is away there is no room for anything."""

    def __init__(
        self,
        reopen: Callable[[], GatedPackets],
        interface: str,
        is_back: Callable[[], bool],
        outages: Outages,
        clock: Callable[[], float],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reopen, self._interface, self._is_back = reopen, interface, is_back
        self._outages, self._clock, self._sleep = outages, clock, wait
        self._wire = reopen()
        self.template: FrameTemplate = self._wire.template
        self._fault: LinkDown | None = None
        self._since_s = self._looked_s = 0.0
        self._mended_s = -math.inf
        self._drops_before = 0

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        if self._fault is None:
            try:
                return self._wire.reserve(count)
            except LinkDown as fault:
                self._gone(fault)
        return np.zeros((0, self.template.frame_bytes), np.uint8)

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        if self._fault is None and count:
            try:
                self._wire.commit(count, lengths, left_s)
            except LinkDown as fault:
                self._gone(fault)

    def drain(self) -> None:
        if self._fault is None:
            try:
                self._wire.drain()
            except LinkDown as fault:
                self._gone(fault)

    def receive(self, timeout_s: float) -> Arrived:
        """As ``PacketWire.receive``. Raises LinkDown once the interface has been away for too long."""
        if self._fault is None:
            try:
                return self._wire.receive(timeout_s)
            except LinkDown as fault:
                self._gone(fault)
        else:
            self._mend(timeout_s)
        return nothing_arrived()

    def _gone(self, fault: LinkDown) -> None:
        now_s = self._clock()
        self._fault = fault
        if now_s - self._mended_s >= AWAY_S:  # else it has not come back in truth
            self._since_s = now_s
        self._outages.began(self._interface, now_s)

    def _mend(self, timeout_s: float) -> None:
        assert self._fault is not None
        now_s = self._clock()
        if now_s - self._since_s >= AWAY_S:
            self._outages.seconds.pop(self._interface, None)  # it may have seemed to come back; that it has not is told now
            raise self._fault
        if now_s - self._looked_s < _LOOK_S:
            self._sleep(min(timeout_s, _LOOK_S))
            return
        self._looked_s = now_s
        if not self._is_back():
            return
        try:
            fresh = self._reopen()
        except LinkDown:  # it has gone once more
            return
        self._drops_before += self._wire.drops
        self._wire.discard()
        self._wire, self._fault, self._mended_s = fresh, None, self._clock()
        self._outages.ended(self._interface, self._mended_s)

    @property
    def drops(self) -> int:
        return self._drops_before + self._wire.drops

    def close(self) -> None:
        if self._fault is None:
            self._wire.close()
        else:
            self._outages.left(self._interface)
            self._wire.discard()
