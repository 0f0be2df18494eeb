"""A network that exists only in memory, for forcing faults: it records what was sent and plays back answers, losses and delays.

Time is its own: :class:`FakeClock` moves only while somebody waits, so a scan that takes minutes there takes none here.
"""

from __future__ import annotations

import heapq
import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.packets import checksum, layouts
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ADDRESS_BYTES, IP_BYTES
from hatoba.wire.base import WIDTH_BYTES, Arrived, Times, nothing_arrived
from hatoba.wire.faults import Refusals
from hatoba.wire.neighbour_frames import Told
from hatoba.wire.neighbour_table import Entries
from hatoba.wire.neighbours import Observe
from hatoba.wire.network import Connects, Holds
from hatoba.wire.routes import Link, Route, Way

_STEP_S = 1e-4
"""How much time passes by itself whenever the clock is read: nothing real is instantaneous, and no loop can stand still."""


class FakeClock:
    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        self.now_s += _STEP_S
        return self.now_s


@dataclass(frozen=True, slots=True)
class Probe:
    """A frame that was sent, read back."""

    family: int
    protocol: int
    """IANA's number."""
    src: bytes
    dst: bytes
    sport: int
    """The identifier, of ICMP."""
    dport: int
    seq: int
    ack: int
    flags: int
    at_s: float
    packet: bytes
    """The bytes from the IP header on."""

    @property
    def payload(self) -> bytes:
        """What the datagram carries, of a UDP probe."""
        return self.packet[IP_BYTES[self.family] + 8 :]


Reply = tuple[float, bytes]
"""After how many seconds which packet comes, from its IP header on."""
World = Callable[[Probe], Iterable[Reply]]
"""What the network does with a probe: nothing, an answer, several."""


class FakeWire:
    """A ``wire.base.PacketWire`` in front of a *world*."""

    def __init__(self, template: FrameTemplate, world: World, clock: FakeClock) -> None:
        self.template = template
        self.sent: list[Probe] = []
        self.closed = False
        self._world, self._clock = world, clock
        frame = template.frame()
        self._bytes = template.frame_bytes
        self._frames = np.zeros((256, self._bytes + 8), np.uint8)
        self._frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
        self._due: list[tuple[float, int, bytes]] = []
        self._count = 0

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._frames[:count]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        started_s = self._clock() if left_s is not None else math.nan
        sizes = [self._bytes] * count if lengths is None else lengths.tolist()
        for row, size in zip(self._frames[:count], sizes, strict=True):
            probe = self._read(row[:size].tobytes())
            self.sent.append(probe)
            for delay_s, packet in self._world(probe):
                self.deliver(probe.at_s + delay_s, packet)
        if left_s is not None:
            left_s[:] = np.linspace(started_s, self._clock(), count, endpoint=False)

    def drain(self) -> None:
        """Nothing is left: what is committed leaves at once."""

    def deliver(self, at_s: float, packet: bytes) -> None:
        """Let a packet arrive at a time of the clock, asked for or not."""
        self._count += 1
        heapq.heappush(self._due, (at_s, self._count, packet))

    def receive(self, timeout_s: float) -> Arrived:
        now_s = self._clock.now_s
        if not self._due or self._due[0][0] > now_s + timeout_s:
            self._clock.now_s += max(0.0, timeout_s)
            return nothing_arrived()
        self._clock.now_s = max(now_s, self._due[0][0])
        came: list[tuple[float, bytes]] = []
        while self._due and self._due[0][0] <= self._clock.now_s:
            at_s, _order, packet = heapq.heappop(self._due)
            came.append((at_s, packet[:WIDTH_BYTES]))
        frames = np.zeros((len(came), WIDTH_BYTES), np.uint8)
        for row, (_at_s, packet) in zip(frames, came, strict=True):
            row[: len(packet)] = np.frombuffer(packet, np.uint8)
        lengths = np.array([len(packet) for _at_s, packet in came], np.uint32)
        return Arrived(frames, lengths, np.array([at_s for at_s, _packet in came]))

    @property
    def drops(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    def _read(self, frame: bytes) -> Probe:
        return read_probe(self.template.family, frame[self.template.link_bytes :], self._clock.now_s)


def read_probe(family: int, packet: bytes, at_s: float) -> Probe:
    """A packet of ours, from its IP header on."""
    start, width = IP_BYTES[family], ADDRESS_BYTES[family]
    protocol = packet[9 if family == 4 else 6]
    transport = packet[start:]
    ported = protocol in (layouts.TCP, layouts.UDP, layouts.SCTP)
    sport, dport = struct.unpack_from(">HH", transport) if ported else (struct.unpack_from(">H", transport, 4)[0], 0)
    seq, ack, flags = 0, 0, 0
    if protocol == layouts.TCP:
        seq, ack, _offset, flags = struct.unpack_from(">IIBB", transport, 4)
    return Probe(
        family,
        protocol,
        packet[start - 2 * width : start - width],
        packet[start - width : start],
        sport,
        dport,
        seq,
        ack,
        flags,
        at_s,
        packet,
    )


Owner = Callable[[bytes], bytes | None]
"""The hardware address of whoever has an address, or who nobody answers for."""


class FakeNeighbours:
    """A ``wire.network.Asker`` in front of *owner*, which is asked for each question and may lose it."""

    def __init__(self, owner: Owner, clock: FakeClock, delay_s: float = 0.001) -> None:
        self.asked: list[bytes] = []
        self.observe: Observe | None = None
        self.drops = 0
        self.closed = False
        self.table: Mapping[bytes, tuple[bytes, bool]] = {}
        """What the kernel keeps: hardware addresses by address, and whether for good."""
        self._owner, self._clock, self._delay_s = owner, clock, delay_s
        self._due: list[tuple[float, int, bytes, bytes]] = []

    def ask(self, packed: npt.NDArray[np.uint8]) -> int:
        for address in map(bytes, packed):
            self.asked.append(address)
            mac = self._owner(address)
            if mac is not None:
                self.deliver(self._clock.now_s + self._delay_s, address, mac)
        return len(packed)

    def deliver(self, at_s: float, address: bytes, mac: bytes) -> None:
        """Let an answer arrive at a time of the clock, asked for or not."""
        heapq.heappush(self._due, (at_s, len(self.asked) + len(self._due), address, mac))

    def hear(self, timeout_s: float) -> Told:
        now_s = self._clock.now_s
        if not self._due or self._due[0][0] > now_s + timeout_s:
            self._clock.now_s += max(0.0, timeout_s)
        else:
            self._clock.now_s = max(now_s, self._due[0][0])
        came = []
        while self._due and self._due[0][0] <= self._clock.now_s:
            came.append(heapq.heappop(self._due))
        width = len(came[0][2]) if came else 4
        addresses = np.frombuffer(b"".join(address for _at, _order, address, _mac in came), np.uint8).reshape(-1, width)
        macs = np.frombuffer(b"".join(mac for _at, _order, _address, mac in came), np.uint8).reshape(-1, 6)
        return Told(addresses, macs, np.array([at_s for at_s, *_rest in came], np.float64))

    def kept(self) -> Entries:
        width = len(self.asked[0])
        table = {address: entry for address, entry in self.table.items() if len(address) == width}
        addresses = np.frombuffer(b"".join(table), np.uint8).reshape(-1, width)
        macs = np.frombuffer(b"".join(mac for mac, _permanent in table.values()), np.uint8).reshape(-1, 6)
        return Entries(addresses, macs, np.array([permanent for _mac, permanent in table.values()], bool))

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeNetwork:
    """A ``wire.network.Network``: one link, everything on it, answers from *world*. *absent* addresses have no neighbour."""

    world: World
    clock: FakeClock
    absent: frozenset[str] = frozenset()
    local: bool = False
    wires: list[FakeWire] = field(default_factory=list)
    askers: list[FakeNeighbours] = field(default_factory=list)
    table: Mapping[bytes, tuple[bytes, bool]] = field(default_factory=dict)
    """The kernel's table of neighbours, as ``FakeNeighbours.table``."""
    refusals: Refusals = field(default_factory=Refusals)
    is_usable: Callable[[], bool] = lambda: True

    def ways(self, family: int, ranges: Iterable[tuple[int, int]], zone: str | None) -> Iterator[Way]:
        source = ip_address("198.18.0.1" if family == 4 else "fd00:18::1").packed
        link = Link(1, zone or "fake0", bytes.fromhex("020000000001"), ethernet=not self.local, up=True)
        for first, last in ranges:
            yield Way(first, last, Route(link, source, None, self.local))

    def table_ways(self, family: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Way]:
        return self.ways(family, ranges, None)

    def usable(self, route: Route) -> bool:
        return self.is_usable()

    def open_neighbours(self, link: Link, family: int, source: bytes, questions: int) -> FakeNeighbours:
        self.askers.append(FakeNeighbours(self.hardware_address, self.clock))
        self.askers[-1].table = self.table
        return self.askers[-1]

    def hardware_address(self, address: bytes) -> bytes | None:
        """Who has an address; nobody, if it is absent."""
        return None if str(ip_address(address)) in self.absent else bytes.fromhex("020000000002")

    def source_ports(self, seed: int) -> FakeSourcePorts:
        return FakeSourcePorts()

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> FakeWire:
        wire = FakeWire(template, self.world, self.clock)
        self.wires.append(wire)
        return wire

    def open_connects(self) -> Connects:
        raise NotImplementedError("the fake network carries packets only")

    def handshakes(self) -> Holds:
        raise NotImplementedError("the fake network carries packets only")

    @property
    def sent(self) -> list[Probe]:
        """Everything that was sent, over all wires."""
        return [probe for wire in self.wires for probe in wire.sent]


@dataclass(frozen=True)
class FakeSourcePorts:
    first: int = 61_440

    def hold_datagrams(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""


def tcp_reply(
    probe: Probe, flags: int, ack: int | None = None, source: bytes | None = None, seq: int = 0, ttl: int = 64
) -> bytes:
    """A segment that answers *probe*; by default with the acknowledgement number of a true answer, from the asked address."""
    acknowledged = (probe.seq + 1 if ack is None else ack) & 0xFFFFFFFF
    segment = struct.pack(">HHIIBBHHH", probe.dport, probe.sport, seq, acknowledged, 5 << 4, flags, 64240, 0, 0)
    src = source or probe.dst
    total = checksum.pseudo_header_sum(src, probe.src, 6, len(segment)) + checksum.words_sum(segment)
    filled = int(checksum.fold(np.array([total], np.uint32))[0])
    segment = segment[:16] + filled.to_bytes(2, "big") + segment[18:]
    return ip_packet(probe.family, 6, src, probe.src, segment, ttl)


def icmp_error(probe: Probe, icmp_type: int, icmp_code: int, source: bytes, quoted: bytes | None = None) -> bytes:
    """An ICMP error about *probe* from *source*; *quoted* stands in for the probe's packet."""
    body = quoted if quoted is not None else probe.packet
    message = struct.pack(">BBHI", icmp_type, icmp_code, 0, 0) + body
    pseudo = checksum.pseudo_header_sum(source, probe.src, 58, len(message)) if probe.family == 6 else 0
    total = int(checksum.fold(np.array([pseudo + checksum.words_sum(message)], np.uint32))[0])
    message = message[:2] + total.to_bytes(2, "big") + message[4:]
    return ip_packet(probe.family, layouts.ICMP_OF[probe.family], source, probe.src, message)


def ip_packet(family: int, protocol: int, src: bytes, dst: bytes, payload: bytes, ttl: int = 64) -> bytes:
    """A packet around *payload*."""
    width = ADDRESS_BYTES[family]
    if family == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, ttl) + src[:width] + dst[:width] + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, ttl, protocol, 0) + src[:width] + dst[:width]
    return header[:10] + checksum.checksum(header).to_bytes(2, "big") + header[12:] + payload


def answers_of(open_ports: Iterable[int], delay_s: float = 0.001) -> World:
    """A world in which all hosts have these ports open and the others closed."""
    listening = frozenset(open_ports)

    def world(probe: Probe) -> Iterator[Reply]:
        flags = layouts.SYN | layouts.ACK if probe.dport in listening else layouts.RST | layouts.ACK
        yield delay_s, tcp_reply(probe, flags)

    return world


def udp_reply(probe: Probe, payload: bytes, source: bytes | None = None, sport: int | None = None) -> bytes:
    """A datagram that answers *probe*; by default from the asked port of the asked address."""
    src = source or probe.dst
    header = struct.pack(">HHHH", probe.dport if sport is None else sport, probe.sport, 8 + len(payload), 0)
    return ip_packet(probe.family, layouts.UDP, src, probe.src, header + payload)


def icmp_reply(probe: Probe, icmp_type: int) -> bytes:
    """The reply to a ping, which repeats all that follows the checksum."""
    asked = probe.packet[IP_BYTES[probe.family] :]
    message = bytes([icmp_type, 0, 0, 0]) + asked[4:]
    number = layouts.ICMP_OF[probe.family]
    return ip_packet(probe.family, number, probe.dst, probe.src, message)
