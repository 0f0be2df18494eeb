"""Cuts a scan into legs: by the way packets go, by next hop, and by what fits into memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import MAX_QUESTIONS, Indices, Leg
from hatoba.model import Protocol
from hatoba.targets.target_set import Block
from hatoba.wire.network import Network
from hatoba.wire.routes import Route

_ADDRESS_BYTES = {4: 4, 6: 16}


@dataclass(frozen=True, slots=True, eq=False)
class RoutedLeg:
    """A leg with its route."""

    leg: Leg
    route: Route


@dataclass(frozen=True, slots=True, eq=False)
class Unreachable:
    """Hosts that no packet can be sent to: *reason* is the word for their report, *problem* a system's sentence or nothing."""

    block: Block
    offsets: Indices
    reason: str
    problem: str = ""


def connect_legs(block: Block, protocol: Protocol) -> Iterator[Leg]:
    """Legs for connect(), whose packets the kernel routes."""
    for offsets in _parts(0, block.count, len(block.ports[protocol])):
        yield Leg(block, protocol, offsets, block.ports[protocol])


def packet_legs(block: Block, protocol: Protocol, network: Network) -> Iterator[RoutedLeg | Unreachable]:
    """Legs for packets of our own, each with its route and the hardware addresses of its next hops."""
    ports = block.ports[protocol]
    for way in network.ways(block.family, block.ranges(), block.zone):
        width = _ADDRESS_BYTES[block.family]
        first = np.frombuffer(way.first.to_bytes(width, "big"), np.uint8)[None, :]
        start = int(block.find(first)[0])
        for offsets in _parts(start, way.last - way.first + 1, len(ports)):
            if way.route is None:
                yield Unreachable(block, offsets, "no-route", way.problem)
            elif not way.route.link.ethernet:
                yield RoutedLeg(Leg(block, protocol, offsets, ports), way.route)
            else:
                yield from _ethernet_legs(block, protocol, offsets, way.route, network)


def _ethernet_legs(
    block: Block, protocol: Protocol, offsets: Indices, route: Route, network: Network
) -> Iterator[RoutedLeg | Unreachable]:
    packed = block.packed(offsets)
    if route.gateway is not None:
        found = network.neighbours(route.link, block.family, route.source, [route.gateway])
        known = np.full(len(offsets), bool(found))
        macs = np.tile(_mac(found.get(route.gateway, bytes(6))), (len(offsets), 1))
    else:
        keys = [row.tobytes() for row in packed]
        found = network.neighbours(route.link, block.family, route.source, keys)
        known = np.array([key in found for key in keys])
        macs = np.array([_mac(found.get(key, bytes(6))) for key in keys], np.uint8)
    if not known.all():
        reason = "no-neighbour" if route.gateway is None else "no-gateway"
        yield Unreachable(block, offsets[~known], reason)
    if known.any():
        yield RoutedLeg(Leg(block, protocol, offsets[known], block.ports[protocol], macs[known]), route)


def _mac(raw: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(raw, np.uint8)


def _parts(start: int, count: int, ports: int) -> Iterator[Indices]:
    """Offsets from *start*, cut so that no part has more than MAX_QUESTIONS questions."""
    step = max(1, MAX_QUESTIONS // max(1, ports))
    for first in range(start, start + count, step):
        yield np.arange(first, min(first + step, start + count))
