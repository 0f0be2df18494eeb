"""Everything the engine needs of the network in one place, so that a test can put another in its stead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hatoba.packets.frames import FrameTemplate
from hatoba.probes.connect import Handshake
from hatoba.wire.base import PacketWire
from hatoba.wire.faults import Refusals
from hatoba.wire.neighbour_frames import Told
from hatoba.wire.neighbour_table import Entries
from hatoba.wire.neighbours import NeighbourWire, Observe
from hatoba.wire.raw_ip import RawIpWire
from hatoba.wire.ring import RingWire
from hatoba.wire.routes import Link, Route, Way, find_ways, link_index, usable
from hatoba.wire.source_ports import SourcePorts

_RX_SLOTS = 1 << 14
"""The most that may arrive between two looks; a scan with fewer questions needs room for as many only."""
_LEAST_RX_SLOTS = 1 << 8


def rx_slots(questions: int) -> int:
    """Room for the answers to so many questions at a time."""
    return min(_RX_SLOTS, max(_LEAST_RX_SLOTS, 2 * questions))


class Connects(Protocol):
    """A way to ask by connect(); :class:`hatoba.wire.connect.ConnectWire` says what each does."""

    @property
    def room(self) -> int: ...

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int: ...

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]: ...

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]: ...

    def close(self) -> None: ...


class Holds(Protocol):
    """Completes connections and holds them; :class:`hatoba.wire.handshakes.Handshakes` says what each does."""

    @property
    def room(self) -> int: ...

    def start(
        self, tokens: npt.NDArray[np.int64], packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16], zone_index: int = 0
    ) -> int: ...

    def poll(self, timeout_s: float) -> list[tuple[int, Handshake]]: ...

    def close(self) -> None: ...


class Asker(Protocol):
    """Asks a link who has which address; :class:`hatoba.wire.neighbours.NeighbourWire` says what each does."""

    observe: Observe | None

    def ask(self, packed: npt.NDArray[np.uint8]) -> int: ...

    def hear(self, timeout_s: float) -> Told: ...

    def kept(self) -> Entries: ...

    @property
    def drops(self) -> int: ...

    def close(self) -> None: ...


class HeldPorts(Protocol):
    """Source ports that belong to one scan; :class:`hatoba.wire.source_ports.SourcePorts`."""

    @property
    def first(self) -> int: ...

    def hold_datagrams(self) -> None: ...

    def close(self) -> None: ...


class Network(Protocol):
    """Routes, neighbours, wires."""

    @property
    def refusals(self) -> Refusals:
        """What was refused on wires for packets of one's own."""

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        """Stretches of *ranges* with their routes."""

    def table_ways(self, family: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Way]:
        """As :meth:`ways`, by the routing table alone, whatever interface was named."""

    def usable(self, route: Route) -> bool:
        """Whether packets of one's own can leave along *route* still."""

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> Asker:
        """A way to ask so many addresses on *link* for their hardware addresses."""

    def source_ports(self, seed: int) -> HeldPorts:
        """Source ports that nobody else uses, until closed."""

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        """A wire for packets of one's own along *route*, to ask so many questions at a time."""

    def open_connects(self) -> Connects:
        """A wire for connect()."""

    def handshakes(self) -> Holds:
        """A way to complete connections and hold them."""


_SYSTEMS_OWN = Route(Link(0, "", b"", ethernet=False, up=True), b"", None, local=False)
"""Where we can't ask for routes there are no packets of our own either; connect() goes the system's way."""


def _ways_by(interface: str | None, family: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Way]:
    if sys.platform != "linux":
        return iter([Way(first, last, _SYSTEMS_OWN) for first, last in ranges])
    return find_ways(family, ranges, link_index(interface) if interface else 0)


class KernelNetwork:
    """The real one."""

    def __init__(self, clock: Callable[[], float], interface: str | None = None, source_port: int | None = None) -> None:
        self._clock = clock
        self._source_port = source_port
        self._interface = interface
        self.refusals = Refusals()

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        return _ways_by(zone or self._interface, family, ranges)

    def table_ways(self, family: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Way]:
        return _ways_by(None, family, ranges)

    def usable(self, route: Route) -> bool:
        return usable(route)

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> Asker:
        return NeighbourWire(link, family, source, questions, self._clock)

    def source_ports(self, seed: int) -> HeldPorts:
        return SourcePorts(seed, self._source_port)

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        slots = rx_slots(questions)
        if template.link_bytes:
            return RingWire(template, route.link.name, first_port, slots, self._clock)
        zone_index = link_index(zone) if zone else 0
        bound = self._interface is not None and not route.local
        return RawIpWire(template, route.link.name, first_port, slots, self._clock, zone_index, bound, self.refusals)

    def open_connects(self) -> Connects:
        from hatoba.wire.connect import ConnectWire

        return ConnectWire(clock=self._clock, interface=self._interface)

    def handshakes(self) -> Holds:
        from hatoba.wire.handshakes import Handshakes

        return Handshakes(self._clock, self._interface)
