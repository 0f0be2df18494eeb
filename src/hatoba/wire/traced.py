"""Wires that are looked at: everything that leaves and arrives is shown to observers as well, as it was on the wire.

Put them behind the gate, next to the wire itself: what the gate refuses never left, and is not to be told. A wire that
sends nothing, for dry runs, is the same to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.frames import FrameTemplate
from hatoba.probes.connect import Handshake
from hatoba.wire.base import Arrived, PacketWire, Times, nothing_arrived
from hatoba.wire.network import Connects, Holds

_SILENT_SLOTS = 256


class PacketObserver(Protocol):
    """Is shown packets, those that left only once the wire has taken them."""

    def packets(self, batch: PacketBatch) -> None: ...


class ConnectObserver(Protocol):
    """Is shown how connections ended."""

    def connects(self, outcomes: npt.NDArray[np.void], asked: Sequence[tuple[bytes, int]]) -> None:
        """*outcomes*: rows of ``probes.connect.OUTCOME``; *asked*: the address, 4 or 16 bytes, and port of each."""


class HoldObserver(Protocol):
    """Is shown how connections ended that were completed to be held."""

    def holds(self, ended: Sequence[Handshake], asked: Sequence[tuple[bytes, int]], at_s: float) -> None:
        """*asked*: the address, 4 or 16 bytes, and port of each."""


class TracedPackets:
    """A packet wire that is looked at. *interface* is what observers call it; *clock* is the scan's."""

    def __init__(
        self, wire: PacketWire, interface: str, observers: Sequence[PacketObserver], clock: Callable[[], float]
    ) -> None:
        self.template: FrameTemplate = wire.template
        self._wire, self._interface, self._observers, self._clock = wire, interface, tuple(observers), clock
        self._reserved = np.zeros((0, 0), np.uint8)

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        self._reserved = self._wire.reserve(count)
        return self._reserved

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        """They are shown once they have left, all of them. The frames belong to the kernel as soon as they are committed, so
        the copy is taken before; so is the time, for an answer may be here before the call is back."""
        sizes = np.full(count, self.template.frame_bytes) if lengths is None else lengths[:count].copy()
        frames = self._reserved[:count, : int(sizes.max(initial=0))].copy()
        at_s = np.full(count, self._clock())
        self._wire.commit(count, lengths, left_s)
        self._wire.drain()
        self._reserved = self._reserved[:0].copy()  # no array over a ring outlives its use
        self._show(True, self.template.link_bytes, frames, sizes, at_s)

    def drain(self) -> None:
        self._wire.drain()

    def receive(self, timeout_s: float) -> Arrived:
        arrived = self._wire.receive(timeout_s)
        real = np.flatnonzero(arrived.lengths)  # without bytes: the wire could not read it
        self._show(False, 0, arrived.frames[real], arrived.lengths[real].astype(np.int64), arrived.at_s[real])
        return arrived

    @property
    def drops(self) -> int:
        return self._wire.drops

    def close(self) -> None:
        self._wire.close()

    def _show(
        self,
        outbound: bool,
        link_bytes: int,
        frames: npt.NDArray[np.uint8],
        lengths: npt.NDArray[np.int64],
        at_s: npt.NDArray[np.float64],
    ) -> None:
        if not len(frames):
            return
        batch = PacketBatch(outbound, self._interface, self.template.family, link_bytes, frames, lengths, at_s)
        for observer in self._observers:
            observer.packets(batch)


class TracedConnects:
    """A connect wire that is looked at. The outcomes carry tokens, so it remembers what each was asked for."""

    def __init__(self, wire: Connects, observers: Sequence[ConnectObserver]) -> None:
        self._wire, self._observers = wire, tuple(observers)
        self._asked: dict[int, tuple[bytes, int]] = {}

    @property
    def room(self) -> int:
        return self._wire.room

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        started = self._wire.start(tokens, packed, ports, zone_index)
        self._asked.update(_whom(tokens, packed, ports, started))
        return started

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        return self._shown(self._wire.poll(timeout_s))

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        return self._shown(self._wire.expire(started_before_s))

    def close(self) -> None:
        self._asked.clear()
        self._wire.close()

    def _shown(self, outcomes: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        if len(outcomes):
            asked = [self._asked.pop(token) for token in outcomes["token"].tolist()]
            for observer in self._observers:
                observer.connects(outcomes, asked)
        return outcomes


class TracedHandshakes:
    """Connections that are held, and looked at when they end. *clock* is the scan's."""

    def __init__(self, wire: Holds, observers: Sequence[HoldObserver], clock: Callable[[], float]) -> None:
        self._wire, self._observers, self._clock = wire, tuple(observers), clock
        self._asked: dict[int, tuple[bytes, int]] = {}

    @property
    def room(self) -> int:
        return self._wire.room

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        started = self._wire.start(tokens, packed, ports, zone_index)
        self._asked.update(_whom(tokens, packed, ports, started))
        return started

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:
        ended = self._wire.poll(timeout_s)
        if ended:
            asked = [self._asked.pop(token) for token, _handshake in ended]
            for observer in self._observers:
                observer.holds([handshake for _token, handshake in ended], asked, self._clock())
        return ended

    def close(self) -> None:
        self._asked.clear()
        self._wire.close()


def _whom(
    tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], started: int
) -> dict[int, tuple[bytes, int]]:
    """Address and port by token, of the first that were *started*."""
    asked = zip(tokens[:started].tolist(), packed[:started], ports[:started].tolist(), strict=True)
    return {token: (row.tobytes(), port) for token, row, port in asked}


class SilentWire:
    """A packet wire that sends nothing and hears nothing, at once: behind :class:`TracedPackets`, a dry run."""

    def __init__(self, template: FrameTemplate) -> None:
        self.template = template
        frame = np.frombuffer(template.frame(), np.uint8)
        self._frames = np.zeros((_SILENT_SLOTS, template.frame_bytes), np.uint8)
        self._template_row = np.zeros(template.frame_bytes, np.uint8)
        self._template_row[: len(frame)] = frame

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        self._frames[:count] = self._template_row
        return self._frames[:count]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        """Nothing leaves."""

    def drain(self) -> None:
        """Nothing is left."""

    def receive(self, timeout_s: float) -> Arrived:
        return nothing_arrived()

    @property
    def drops(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""
