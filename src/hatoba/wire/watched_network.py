"""A network whose packets are shown to observers: for ``--packet-trace``, ``--pcap``; and ``--dry-run``, where none leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ADDRESS_BYTES, ETHERNET_BYTES
from hatoba.probes.connect import OUTCOME, End, Handshake, Kind
from hatoba.wire.base import PacketWire
from hatoba.wire.faults import Refusals
from hatoba.wire.neighbour_frames import Told, questions
from hatoba.wire.neighbour_table import Entries
from hatoba.wire.neighbours import Observe
from hatoba.wire.network import Asker, Connects, HeldPorts, Holds, Network
from hatoba.wire.routes import Link, Route, Way
from hatoba.wire.traced import (
    ConnectObserver,
    HoldObserver,
    PacketObserver,
    SilentWire,
    TracedConnects,
    TracedHandshakes,
    TracedPackets,
)


@dataclass(frozen=True, slots=True)
class WatchedNetwork:
    """*network*, looked at. *dry*: packets are shown and never leave, nobody is asked for a hardware address;
    *neighbours_shown*: the questions that would ask for one are shown then, too."""

    network: Network
    clock: Callable[[], float]
    packets: Sequence[PacketObserver] = ()
    connects: Sequence[ConnectObserver] = ()
    holds: Sequence[HoldObserver] = ()
    dry: bool = False
    neighbours_shown: bool = False

    @property
    def refusals(self) -> Refusals:
        return self.network.refusals

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        return self.network.ways(family, ranges, zone)

    def table_ways(self, family: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Way]:
        return self.network.table_ways(family, ranges)

    def usable(self, route: Route) -> bool:
        return self.dry or self.network.usable(route)

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> Asker:
        asker: Asker = _EverybodyThere(link, family, source, self.clock)
        if not self.dry:
            asker = self.network.open_neighbours(link, family, source, questions)
        if not self.dry or self.neighbours_shown:
            asker.observe = partial(self._show, link.name, family)
        return asker

    def _show(
        self,
        interface: str,
        family: int,
        outbound: bool,
        frames: npt.NDArray[np.uint8],
        lengths: npt.NDArray[np.int64],
        at_s: npt.NDArray[np.float64],
    ) -> None:
        """Frames of a neighbour search."""
        for observer in self.packets:
            observer.packets(PacketBatch(outbound, interface, family, ETHERNET_BYTES, frames, lengths, at_s))

    def source_ports(self, seed: int) -> HeldPorts:
        return self.network.source_ports(seed)

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        wire: PacketWire = SilentWire(template)
        if not self.dry:
            wire = self.network.open_packets(route, template, first_port, zone, questions)
        return TracedPackets(wire, route.link.name, self.packets, self.clock)

    def open_connects(self) -> Connects:
        return TracedConnects(_GivenUp(self.clock) if self.dry else self.network.open_connects(), self.connects)

    def handshakes(self) -> Holds:
        return _NobodyHeld() if self.dry else TracedHandshakes(self.network.handshakes(), self.holds, self.clock)


class _EverybodyThere:
    """Of a dry run: every address has a neighbour, whose hardware address is zero."""

    def __init__(self, link: Link, family: int, source: bytes, clock: Callable[[], float]) -> None:
        self._link, self._family, self._source, self._clock = link, family, source, clock
        self.observe: Observe | None = None
        self._nobody = self._asked = np.zeros((0, ADDRESS_BYTES[family]), np.uint8)

    def ask(self, packed: npt.NDArray[np.uint8]) -> int:
        self._asked = np.concatenate([self._asked, packed])
        if self.observe is not None:
            frames = questions(self._family, self._link, self._source, packed)
            raw = frames.view(np.uint8).reshape(len(frames), frames.itemsize)
            self.observe(True, raw, np.full(len(raw), frames.itemsize), np.full(len(raw), self._clock()))
        return len(packed)

    def hear(self, timeout_s: float) -> Told:
        asked, self._asked = self._asked, self._nobody
        return Told(asked, np.zeros((len(asked), 6), np.uint8), np.full(len(asked), self._clock()))

    def kept(self) -> Entries:
        return Entries(self._nobody, np.zeros((0, 6), np.uint8), np.zeros(0, bool))

    @property
    def drops(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""


class _NobodyHeld:
    """Of a dry run: no connection is ever completed."""

    @property
    def room(self) -> int:
        return 4096

    def __init__(self) -> None:
        self._failed: list[tuple[int, Handshake]] = []

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        self._failed += [(token, Handshake(End.FAILED)) for token in tokens.tolist()]
        return len(tokens)

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]:
        failed, self._failed = self._failed, []
        return failed

    def close(self) -> None:
        """Nothing is open."""


class _GivenUp:
    """Of a dry run: connections that are never begun, and given up at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._outcomes = np.zeros(0, OUTCOME)

    @property
    def room(self) -> int:
        return 4096

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int:
        outcomes = np.zeros(len(tokens), OUTCOME)
        outcomes["token"], outcomes["kind"] = tokens, Kind.EXPIRED
        outcomes["started_s"] = outcomes["at_s"] = self._clock()
        self._outcomes = np.concatenate([self._outcomes, outcomes])
        return len(tokens)

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        outcomes, self._outcomes = self._outcomes, self._outcomes[:0]
        return outcomes

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        return self._outcomes[:0]

    def close(self) -> None:
        """Nothing is open."""
