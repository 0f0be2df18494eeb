"""A wire over one Ethernet interface: a receiver, and as many TX rings as there are threads to send from them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import HatobaError
from hatoba.packets.frames import FrameTemplate
from hatoba.wire.base import Arrived, Times
from hatoba.wire.lanes import SLOTS, Lane, lanes_here
from hatoba.wire.receiver import Receiver

_LARGE = 2 * SLOTS
"""So much room for answers has a scan that asks more than one lane holds (``network.rx_slots``)."""


class RingWire:
    """Frames are filled in the ring of one lane at a time; which one, says who has the least to send."""

    def __init__(
        self,
        template: FrameTemplate,
        interface: str,
        first_port: int,
        rx_slots: int,
        clock: Callable[[], float],
        lanes: int | None = None,
    ) -> None:
        """*lanes*: how many threads may send; by default as many as help here."""
        self.template = template
        self._changed = threading.Condition()
        self._interface, self._clock = interface, clock
        self._most_lanes = lanes or lanes_here()
        self._lanes: list[Lane] = []
        receivers: list[Receiver] = []
        faults: list[HatobaError | MemoryError] = []

        def receiver() -> None:
            receivers.append(Receiver(template.family, template.protocols, interface, first_port, rx_slots, clock))

        def tried(make: Callable[[], object]) -> None:
            try:
                make()
            except (HatobaError, MemoryError) as fault:  # it is raised where the threads are joined
                faults.append(fault)

        # A scan that has more to ask than one lane holds will want a second one.
        sure = 2 if rx_slots >= _LARGE and self._most_lanes > 1 else 1
        beside = []
        for make in (receiver, *[self._another] * (sure - 1)):  # the kernel waits for each ring
            thread = threading.Thread(target=tried, args=(make,), name=f"ring {interface}")
            try:
                thread.start()
                beside.append(thread)
            except RuntimeError:  # no thread can be had
                tried(make)
        tried(self._another)
        for thread in beside:
            thread.join()
        if faults:
            for opened in receivers:
                opened.close()
            for lane in self._lanes:
                lane.close()
            raise faults[0]
        self._receiver, self._lane = receivers[0], self._lanes[0]

    def _another(self) -> Lane:
        self._lanes.append(Lane(self.template, self._interface, self._clock, self._changed))
        return self._lanes[-1]

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        self._lane = self._idlest()
        return self._lane.reserve(count)

    def _idlest(self) -> Lane:
        """The lane that takes the next frames; waits until one has room."""
        for lane in self._lanes:
            lane.check()
        idlest = min(self._lanes, key=lambda lane: lane.waiting)
        if idlest.waiting and len(self._lanes) < self._most_lanes:
            return self._another()
        with self._changed:
            self._changed.wait_for(lambda: any(lane.room or lane.failure for lane in self._lanes))
        return min((lane for lane in self._lanes if lane.room or lane.failure), key=lambda lane: lane.waiting)

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        self._lane.commit(count, lengths, np.zeros(count) if left_s is None else left_s)

    def drain(self) -> None:
        for lane in self._lanes:
            lane.drain()

    def receive(self, timeout_s: float) -> Arrived:
        return self._receiver.receive(timeout_s)

    @property
    def drops(self) -> int:
        return self._receiver.drops

    def close(self) -> None:
        self._receiver.close()
        for lane in self._lanes:
            lane.close()
