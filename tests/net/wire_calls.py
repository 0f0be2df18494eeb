"""What the tests of the packet wires call on a lab's hosts, by ``host.call("tests.net.wire_calls:ring_scan", ...)``."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import numpy as np

from hatoba.engine.neighbour_search import NeighbourSearch
from hatoba.engine.pacing.pace import Pace
from hatoba.errors import WireError
from hatoba.packets.answers import ANSWER, TCP_SEGMENT, read_answers
from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.packets.layouts import ETHERNET_BYTES, FRAGMENT, RST, SYN, UDP
from hatoba.packets.segment import Segment
from hatoba.probes import METHODS, PINGS
from hatoba.probes.tcp_segment import segment
from hatoba.wire import packet_ring
from hatoba.wire.base import PacketWire
from hatoba.wire.network import KernelNetwork
from hatoba.wire.raw_ip import RawIpWire
from hatoba.wire.ring import RingWire
from hatoba.wire.routes import Route, find_ways
from hatoba.wire.source_ports import SourcePorts

FIRST_PORT = 61_440
SEQ = 0x01020304
QUIET_S = 5.0
"""How long to wait for one more answer that should come."""
_ETH_P_ALL = 3
_TUNSETIFF, _IFF_TUN, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 1, 2, 0x1000


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def ways(family: int, ranges: list[tuple[int, int]], zone: str | None = None) -> list[list[Any]]:
    """[first, last, device, source, gateway, local, problem] of each stretch."""
    told = []
    for way in find_ways(family, ranges, socket.if_nametoindex(zone) if zone else 0):
        route = way.route
        if route is None:
            told.append([way.first, way.last, None, None, None, None, way.problem])
            continue
        gateway = str(ip_address(route.gateway)) if route.gateway is not None else None
        told.append([way.first, way.last, route.link.name, str(ip_address(route.source)), gateway, route.local, ""])
    return told


def singly(addresses: list[str]) -> list[list[Any]]:
    """[device, source, gateway, local] of each address, as ``ip route get`` says; all None where it refuses."""
    told: list[list[Any]] = []
    for address in addresses:
        done = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True, check=False)
        words = done.stdout.split()
        kind = words[0] if words else ""
        if done.returncode or kind in ("broadcast", "multicast", "blackhole", "unreachable", "prohibit"):
            told.append([None] * 4)
            continue
        after = {name: words[words.index(name) + 1] if name in words else None for name in ("dev", "src", "via")}
        told.append([after["dev"], after["src"], after["via"], kind == "local"])
    return told


def neighbours(family: int, gateway_of: str, addresses: list[str]) -> dict[str, str]:
    """Hardware addresses of those who answer on the link that leads to *gateway_of*."""
    found = hardware_addresses(route_to(gateway_of), family, [ip_address(address).packed for address in addresses])
    return {str(ip_address(address)): mac.hex(":") for address, mac in found.items()}


def hardware_addresses(route: Route, family: int, addresses: list[bytes]) -> dict[bytes, bytes]:
    """Of those who answer on the link of *route*."""
    search = NeighbourSearch(KernelNetwork(time.monotonic), time.monotonic, Pace(time.monotonic()))
    ordered = sorted(addresses)
    packed = np.frombuffer(b"".join(ordered), np.uint8).reshape(len(ordered), -1)
    looking = search.find(route.link, family, route.source, packed)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            found = end.value
            break
    return {address: mac.tobytes() for address, mac, known in zip(ordered, found.macs, found.known, strict=True) if known}


def route_to(target: str) -> Route:
    address = ip_address(target)
    (way,) = find_ways(address.version, [(int(address), int(address))])
    assert way.route is not None, way.problem
    return way.route


@contextlib.contextmanager
def wire_to(
    target: str, rx_slots: int = 1 << 15, first_port: int = FIRST_PORT, segments: tuple[Segment, ...] = ()
) -> Iterator[tuple[PacketWire, bytes]]:
    """A wire that fits the route to *target*, and its next hop's hardware address. Without *segments* it asks with SYN."""
    route, family = route_to(target), ip_address(target).version
    hop = route.gateway or ip_address(target).packed
    mac = bytes(6)
    kind: type[RingWire | RawIpWire] = RawIpWire
    if route.link.ethernet:
        kind = RingWire
        mac = hardware_addresses(route, family, [hop])[hop]
    link_bytes = ETHERNET_BYTES if route.link.ethernet else 0
    template = FrameTemplate(family, link_bytes, route.link.mac, route.source, segments or (segment(family, SYN),))
    with contextlib.closing(kind(template, route.link.name, first_port, rx_slots, time.monotonic)) as wire:
        yield wire, mac


def send(
    wire: PacketWire,
    target: str,
    ports: list[int],
    mac: bytes = bytes(6),
    first_port: int = FIRST_PORT,
    variant: int | None = None,
) -> None:
    """One probe to each port, of those that the wire has."""
    filler = wire.template.filler()
    raw = np.frombuffer(ip_address(target).packed, np.uint8)
    left = np.array(ports, np.uint16)
    while len(left):
        frames = wire.reserve(min(len(left), 1024))
        count = len(frames)
        varying = Varying(
            np.tile(raw, (count, 1)),
            np.full(count, first_port, np.uint16),
            left[:count],
            np.full(count, SEQ, np.uint32),
            np.tile(np.frombuffer(mac, np.uint8), (count, 1)),
        )
        wire.commit(count, filler.fill(frames, varying, None if variant is None else np.full(count, variant)))
        left = left[count:]
    wire.drain()


def listen(wire: PacketWire, wanted: int, timeout_s: float = QUIET_S) -> np.ndarray:
    """Answers, until there are *wanted* of them or none comes for *timeout_s*."""
    heard = []
    count = 0
    while count < wanted:
        arrived = wire.receive(timeout_s)
        if not len(arrived):
            break
        rows = read_answers(wire.template.family, arrived.frames, arrived.lengths, arrived.at_s)
        count += len(rows)
        heard.append(rows)
    return np.concatenate(heard) if heard else np.zeros(0, ANSWER)


def summed_up(answers: np.ndarray, target: str, began_s: float) -> dict[str, Any]:
    """Ports by the flags of their answer, and whether sources, numbers and times are what they must be."""
    raw = np.frombuffer(ip_address(target).packed, np.uint8)
    segments = answers[answers["kind"] == TCP_SEGMENT]
    took_s = segments["at_s"] - began_s
    return {
        "syn_ack": np.unique(segments["dport"][segments["flags"] == 0x12]).tolist(),
        "rst": int(np.unique(segments["dport"][segments["flags"] == 0x14]).size),
        "from_target": bool((segments["source"][:, : len(raw)] == raw).all()),
        "acknowledged": bool((segments["ack"] == SEQ + 1).all()),
        "to_us": bool((segments["sport"] == FIRST_PORT).all()),
        "times": bool(((took_s >= 0) & (took_s < time.monotonic() - began_s + 0.001)).all()),
        "ttl": np.unique(segments["ttl"]).tolist(),
    }


def scan(target: str, first: int, last: int, step: int = 1024) -> dict[str, Any]:
    """A SYN to each port from *first* to *last*, with a look at what came after each *step*."""
    with wire_to(target) as (wire, mac):
        began_s = time.monotonic()
        heard = []
        for start in range(first, last + 1, step):
            send(wire, target, list(range(start, min(start + step, last + 1))), mac)
            heard.append(listen(wire, 1 << 30, 0))
        missing = last - first + 1 - sum(map(len, heard))
        heard.append(listen(wire, missing))
        return {**summed_up(np.concatenate(heard), target, began_s), "drops": wire.drops, "wire": type(wire).__name__}


def every_kind(target: str, open_port: int, closed_port: int, turns: int) -> dict[str, list[list[int]]]:
    """What the target's kernel answers to each kind of probe: [kind, type or flags, code] of every answer. The probes leave by
    one wire, one kind after the other, *turns* times over."""
    family = ip_address(target).version
    ports = {"syn": open_port, "ack": open_port, "udp": closed_port, "long udp": 443, "icmp-echo": 0}
    if not route_to(target).local:  # there the probe itself comes back, and nothing tells it from an answer
        ports["ip-protocol"] = 253
    if family == 4:
        ports["icmp-timestamp"] = 0
    methods = {**METHODS, **PINGS, "long udp": METHODS["udp"]}
    segments = [methods[name].wording(family, np.array([port], np.uint16)).segments[0] for name, port in ports.items()]
    told: dict[str, list[list[int]]] = {name: [] for name in ports}
    with wire_to(target, segments=tuple(segments)) as (wire, mac):
        for _turn in range(turns):
            for variant, (name, port) in enumerate(ports.items()):
                send(wire, target, [port], mac, variant=variant)
                for row in listen(wire, 1):
                    kind = int(row["icmp_type"] or row["flags"])
                    told[name].append([int(row["kind"]), kind, int(row["icmp_code"]), int(row["protocol"]), int(row["seq"])])
    return told


def unread(target: str, probes: int, rx_slots: int) -> list[int]:
    """[answers read, drops counted] where nobody read while *probes* closed ports answered."""
    with wire_to(target, rx_slots) as (wire, mac):
        send(wire, target, list(range(1, probes + 1)), mac)
        # Answers to what went before have arrived when the answer to this one has: a veth pair keeps the order.
        read = len(listen(wire, probes, 0.2))
        drops = wire.drops
        send(wire, target, [65_000], mac)
        after = len(listen(wire, 1))
        assert after == 1, "the ring does not go on after drops"
        return [read, drops]


def long_answer(target: str, port: int) -> list[list[int]]:
    """[whether a fragment, kind, asked port, our port] of what comes first after a datagram of 1400 bytes."""
    family = ip_address(target).version
    question = Segment(UDP, struct.pack(">HHHH", 0, 0, 1408, 0) + bytes(1400), sum_at=6)
    with wire_to(target, segments=(question,)) as (wire, mac):
        send(wire, target, [port], mac)
        while len(arrived := wire.receive(QUIET_S)):  # neighbours speak of multicast groups behind hop-by-hop options
            rows = read_answers(family, arrived.frames, arrived.lengths, arrived.at_s)
            if len(rows):
                packets = arrived.frames[rows["row"]]
                parts = packets[:, 6] & 0x20 > 0 if family == 4 else packets[:, 6] == FRAGMENT
                return [
                    [int(part), *(int(row[name]) for name in ("kind", "dport", "sport"))]
                    for part, row in zip(parts, rows, strict=True)
                ]
        return []


def icmp_error(target: str, port: int) -> dict[str, Any]:
    """The ICMP error that a probe meets."""
    with wire_to(target) as (wire, mac):
        began_s = time.monotonic()
        send(wire, target, [port], mac)
        (answer,) = listen(wire, 1)
        width = len(ip_address(target).packed)
        return {
            "answer": [int(answer["icmp_type"]), int(answer["icmp_code"])],
            "source": str(ip_address(answer["source"][:width].tobytes())),
            "target": str(ip_address(answer["target"][:width].tobytes())),
            "ports": [int(answer["sport"]), int(answer["dport"])],
            "seq": int(answer["seq"]),
            "time": bool(0 <= answer["at_s"] - began_s < QUIET_S),
        }


def goes_down(target: str, what: str) -> str:
    """The sentence that *what* (send, receive) ends in when the link has gone down under it."""
    with wire_to(target) as (wire, mac):
        send(wire, target, [1, 2, 3], mac)
        assert len(listen(wire, 3)) == 3
        ip("link", "set", route_to(target).link.name, "down")
        try:
            if what == "send":
                send(wire, target, [4], mac)
            else:
                wire.receive(QUIET_S)
        except WireError as error:
            return str(error)
    return ""


def loses_carrier() -> str:
    """The sentence for a link whose other end went down: the kernel then refuses each frame, and says 'no buffers'."""
    ip("link", "add", "near", "type", "veth", "peer", "name", "far")
    for name in ("near", "far"):
        ip("link", "set", name, "up")
    ip("address", "add", "198.18.200.1/24", "dev", "near")
    template = FrameTemplate(4, ETHERNET_BYTES, bytes(6), ip_address("198.18.200.1").packed, (segment(4, SYN),))
    with contextlib.closing(RingWire(template, "near", FIRST_PORT, 1024, time.monotonic)) as wire:
        send(wire, "198.18.200.2", [1], bytes.fromhex("020000000009"))
        ip("link", "set", "far", "down")
        try:
            send(wire, "198.18.200.2", list(range(2, 50)), bytes.fromhex("020000000009"))
        except WireError as error:
            return str(error)
    return ""


def open_tun(kind: int, *addresses: str) -> int:
    """A TUN or TAP device ``tun0`` that is up, with addresses; its descriptor, at which packets appear and are put in."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", b"tun0", kind | _IFF_NO_PI))
    for address in addresses:
        ip("address", "add", address, "dev", "tun0", *(["nodad"] if ":" in address else []))
    ip("link", "set", "tun0", "up")
    return descriptor


def next_packet(descriptor: int, target: str) -> bytes:
    """The next packet to *target*; what the kernel says for itself on a new link is passed over."""
    wanted = ip_address(target).packed
    while True:
        packet = os.read(descriptor, 4096)
        if (packet[16:20] if packet[0] >> 4 == 4 else packet[24:40]) == wanted:
            return packet


def over_tun(family: int, target: str, replies: list[str]) -> dict[str, Any]:
    """Send one SYN over a link without Ethernet; return it, and what is read of *replies* (hex), put in at the other end."""
    descriptor = open_tun(_IFF_TUN, "198.18.0.1/24" if family == 4 else "fd00:18::1/64")
    try:
        with wire_to(target) as (wire, _mac):
            send(wire, target, [80])
            packet = next_packet(descriptor, target)
            for reply in replies:
                os.write(descriptor, bytes.fromhex(reply))
            answers = listen(wire, len(replies))
            return {
                "wire": type(wire).__name__,
                "packet": packet.hex(),
                "answers": [
                    [int(row[name]) for name in ("kind", "dport", "flags", "ack", "icmp_type", "icmp_code", "ttl")]
                    for row in answers
                ],
            }
    finally:
        os.close(descriptor)


def full_queue(reads: bool) -> dict[str, Any]:
    """Send 3,000 frames into a TAP device, whose queue holds fewer, while somebody *reads* at its end, or nobody does."""
    descriptor = open_tun(_IFF_TAP, "198.18.0.1/24")
    mac = bytes.fromhex("020000000009")
    template = FrameTemplate(4, ETHERNET_BYTES, bytes(6), ip_address("198.18.0.1").packed, (segment(4, SYN),))
    came: list[int] = []

    def read() -> None:
        while not came or came[-1] != 3000:
            frame = os.read(descriptor, 4096)
            if frame[12:14] == b"\x08\x00" and frame[:6] == mac:
                came.append(int.from_bytes(frame[36:38], "big"))

    reader = threading.Thread(target=read, daemon=True)
    sentence = ""
    with contextlib.closing(RingWire(template, "tun0", FIRST_PORT, 1024, time.monotonic, lanes=1)) as wire:
        if reads:
            reader.start()
        try:
            send(wire, "198.18.0.2", list(range(1, 3001)), mac)
        except WireError as error:
            sentence = str(error)
        if reads:
            reader.join(60)
    return {"sentence": sentence, "in_order": came == list(range(1, 3001)), "came": len(came)}


def held_port_answers_rst(target: str, port: int) -> list[int] | None:
    """[destination port, seq] of the RST that our kernel sends for a held source port to a SYN-ACK."""
    with (
        contextlib.closing(SourcePorts(seed=1)) as held,
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL)) as tap,
        wire_to(target, first_port=held.first) as (wire, mac),
    ):
        tap.settimeout(QUIET_S)
        send(wire, target, [port], mac, held.first)
        start = 20 if wire.template.family == 4 else 40
        while True:
            try:
                packet, (_name, _protocol, direction, *_rest) = tap.recvfrom(4096)
            except TimeoutError:
                return None
            segment = packet[start:]
            if direction == socket.PACKET_OUTGOING and len(segment) >= 20 and segment[13] & RST:
                sport, dport, seq = struct.unpack_from(">HHI", segment)
                return [dport, seq] if sport == held.first else None


def own_addresses(target: str, open_port: int, closed_port: int) -> dict[str, Any]:
    """A scan of an address of this host itself."""
    family = socket.AF_INET if ip_address(target).version == 4 else socket.AF_INET6
    with socket.create_server((target, open_port), family=family), wire_to(target) as (wire, mac):
        began_s = time.monotonic()
        send(wire, target, [open_port, closed_port], mac)
        return {**summed_up(listen(wire, 2), target, began_s), "wire": type(wire).__name__}


def another_thread_runs_while_a_ring_is_made() -> bool:
    """Whether in one of many tries a thread that was let go before the kernel was asked had run when the kernel was done. No
    thread is interrupted meanwhile: it has to give way."""
    before_s, request = sys.getswitchinterval(), struct.pack("=IIII", 1 << 16, 1, 128, 512)
    for _try in range(50):
        go, went = threading.Event(), threading.Event()
        other = threading.Thread(target=_follow, args=(go, went))
        other.start()
        with packet_ring.packet_socket(socket.SOCK_RAW) as ringed:
            ringed.setsockopt(packet_ring.SOL_PACKET, 10, 1)  # PACKET_VERSION, TPACKET_V2
            sys.setswitchinterval(QUIET_S)
            go.set()
            packet_ring.make_ring(ringed, packet_ring.TX_RING, request)
            ran = went.is_set()
            sys.setswitchinterval(before_s)
        other.join()
        if ran:
            return True
    return False


def _follow(go: threading.Event, went: threading.Event) -> None:
    if go.wait(QUIET_S):
        went.set()
