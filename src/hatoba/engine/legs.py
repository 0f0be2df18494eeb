"""Cuts a scan into legs: by the way packets go, by next hop, and by what fits into memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import MAX_QUESTIONS, Indices, Leg
from hatoba.messages import _
from hatoba.model import Protocol
from hatoba.packets.layouts import ADDRESS_BYTES
from hatoba.targets.target_set import Block
from hatoba.wire.network import Network
from hatoba.wire.routes import Route

NEIGHBOURS_AT_ONCE = 1 << 14
"""Addresses looked for on a link together: the wait for those that are nobody's is paid once for all of them."""
_NOBODY = bytes(6)


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


def connect_legs(block: Block, protocol: Protocol, network: Network) -> Iterator[Leg | Unreachable]:
    """Legs for connect(), whose packets the kernel routes and whose neighbours it finds."""
    ports = block.ports[protocol]
    most = _most_hosts(len(ports))
    for route, problem, offsets in _by_way(block, network, most):
        if route is None:
            yield _no_way(block, offsets, problem)
            continue
        for part in _cut(offsets, most):
            yield Leg(block, protocol, part, ports)


def packet_legs(block: Block, protocol: Protocol, network: Network) -> Iterator[RoutedLeg | Unreachable]:
    """Legs for packets of our own, each with its route and the hardware addresses of its next hops.

    Hosts that leave the same way share legs, wherever in the block they are: each leg costs a wire and the waits at its end.
    """
    ports = block.ports[protocol]
    most = _most_hosts(len(ports))
    next_hops = _NextHops(block, network)
    for route, problem, offsets in _by_way(block, network, most):
        if route is None:
            yield _no_way(block, offsets, problem)
            continue
        if not route.link.ethernet:
            yield RoutedLeg(Leg(block, protocol, offsets, ports), route)
            continue
        macs, known = next_hops.of(route, offsets)
        if not known.all() and route.gateway is not None:
            silent = _("the gateway {gateway} does not answer").format(gateway=ip_address(route.gateway))
            yield Unreachable(block, offsets, "no-gateway", silent)
        elif not known.all():
            yield Unreachable(block, offsets[~known], "no-neighbour")
        for part in _cut(np.flatnonzero(known), most):
            yield RoutedLeg(Leg(block, protocol, offsets[part], ports, macs[part]), route)


def _no_way(block: Block, offsets: Indices, problem: str) -> Unreachable:
    return Unreachable(block, offsets, "no-route" if problem else "broadcast", problem)


class _NextHops:
    """Hardware addresses for the hosts of a block; a gateway's is asked for once."""

    def __init__(self, block: Block, network: Network) -> None:
        self._block, self._network = block, network
        self._gateways: dict[Route, bytes | None] = {}

    def of(self, route: Route, offsets: Indices) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """One hardware address for each host, (hosts, 6), and whether it is known."""
        if route.gateway is not None:
            if route not in self._gateways:
                self._gateways[route] = self._find(route, [route.gateway]).get(route.gateway)
            mac = self._gateways[route]
            return np.tile(_mac(mac or _NOBODY), (len(offsets), 1)), np.full(len(offsets), mac is not None)
        keys = [row.tobytes() for row in self._block.packed(offsets)]
        found = self._find(route, keys)
        macs = _mac(b"".join(found.get(key, _NOBODY) for key in keys)).reshape(-1, 6)
        return macs, np.array([key in found for key in keys])

    def _find(self, route: Route, addresses: list[bytes]) -> dict[bytes, bytes]:
        return self._network.neighbours(route.link, self._block.family, route.source, addresses)


def _by_way(block: Block, network: Network, most: int) -> Iterator[tuple[Route | None, str, Indices]]:
    """The block's offsets, ascending, with their route or the problem that there is instead: no more than fit a leg, or than
    are looked for on a link at once."""
    waiting: dict[tuple[Route | None, str], list[Indices]] = {}
    counts: dict[tuple[Route | None, str], int] = {}
    width = ADDRESS_BYTES[block.family]
    for way in network.ways(block.family, block.ranges(), block.zone):
        key = way.route, way.problem
        on_link = way.route is not None and way.route.link.ethernet and way.route.gateway is None
        limit = NEIGHBOURS_AT_ONCE if on_link else most
        first = np.frombuffer(way.first.to_bytes(width, "big"), np.uint8)[None, :]
        start = int(block.find(first)[0])
        end = start + way.last - way.first + 1
        while start < end:
            step = min(end - start, limit - counts.get(key, 0))
            waiting.setdefault(key, []).append(np.arange(start, start + step))
            counts[key] = counts.get(key, 0) + step
            start += step
            if counts[key] >= limit:
                del counts[key]
                yield *key, np.concatenate(waiting.pop(key))
    for key, parts in waiting.items():
        yield *key, np.concatenate(parts)


def _mac(raw: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(raw, np.uint8)


def _most_hosts(ports: int) -> int:
    """How many hosts fit into one leg."""
    return max(1, MAX_QUESTIONS // max(1, ports))


def _cut(hosts: Indices, most: int) -> Iterator[Indices]:
    for first in range(0, len(hosts), most):
        yield hosts[first : first + most]
