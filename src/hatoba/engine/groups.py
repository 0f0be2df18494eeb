"""Cuts a scan into groups of hosts: by the way packets go, by next hop, and by what fits into memory at once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.leg import Indices
from hatoba.engine.neighbour_search import Neighbours, NeighbourSearch, Searching
from hatoba.messages import _
from hatoba.model import Address
from hatoba.targets.target_set import Block
from hatoba.wire.network import Network
from hatoba.wire.routes import Route

NEIGHBOURS_AT_ONCE = 1 << 16
"""Addresses looked for on a link together: the wait for those that are nobody's is paid once for all of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Hosts of one block that leave the same way."""

    block: Block
    offsets: Indices
    """Sorted offsets of the hosts in the block, (hosts,)."""
    route: Route
    macs: npt.NDArray[np.uint8] | None = None
    """Hardware address of each host's next hop, (hosts, 6); None where the link has none."""
    rtt_s: npt.NDArray[np.float32] | None = None
    """How long each host took to tell its own, (hosts,), NaN where that is not known; None where none did."""

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def neighbours(self) -> bool:
        """Whether each host has told its hardware address, which shows that it is there."""
        return self.rtt_s is not None

    def places(self, indices: npt.NDArray[np.integer]) -> Indices:
        """Places of the hosts with these indices in the whole target set."""
        return np.searchsorted(self.offsets, self.block.offsets(indices))

    def part(self, places: Indices) -> Group:
        """The hosts at these places, ascending."""
        macs = None if self.macs is None else self.macs[places]
        return Group(self.block, self.offsets[places], self.route, macs, None if self.rtt_s is None else self.rtt_s[places])


@dataclass(frozen=True, slots=True, eq=False)
class Unreachable:
    """Hosts that no packet can be sent to, or that answered none: *reason* is the word for their report, *problem* a system's
    sentence or nothing."""

    block: Block
    offsets: Indices
    reason: str
    problem: str = ""
    responder: Address | None = None
    """Who gave the reason, if a router did."""


def connect_groups(block: Block, network: Network, most: int) -> Iterator[Group | Unreachable]:
    """Groups of up to *most* hosts for connect(), whose packets the kernel routes and whose neighbours it finds."""
    for route, problem, offsets in _by_way(block, network, most):
        if route is None:
            yield _no_way(block, offsets, problem)
            continue
        for part in _cut(offsets, most):
            yield Group(block, part, route)


def packet_groups(
    block: Block, network: Network, most: int, search: NeighbourSearch
) -> Iterator[Group | Unreachable | Searching]:
    """Groups of up to *most* hosts for packets of our own, each with the hardware addresses of its next hops.

    Hosts that leave the same way share groups, wherever in the block they are: each costs a wire and the waits at its end.
    While next hops are looked for there are signs of life. Of a *search* that was stopped, what is unreachable is not known.
    """
    next_hops = _NextHops(block, search)
    for route, problem, offsets in _by_way(block, network, most):
        if route is None:
            yield _no_way(block, offsets, problem)
            continue
        if not route.link.ethernet:
            for part in _cut(offsets, most):
                yield Group(block, part, route)
            continue
        hops = yield from next_hops.of(route, offsets)
        if not hops.known.all() and route.gateway is not None:
            silent = _("the gateway {gateway} does not answer").format(gateway=ip_address(route.gateway))
            yield Unreachable(block, offsets, "no-gateway", silent)
        elif not hops.known.all():
            yield Unreachable(block, offsets[~hops.known], "no-neighbour")
        for kept in (False, True):
            for part in _cut(np.flatnonzero(hops.known & (hops.kept == kept)), most):
                rtt_s = None if kept or route.gateway is not None else hops.rtt_s[part]
                yield Group(block, offsets[part], route, hops.macs[part], rtt_s)


def _no_way(block: Block, offsets: Indices, problem: str) -> Unreachable:
    return Unreachable(block, offsets, "no-route" if problem else "broadcast", problem)


class _NextHops:
    """Hardware addresses for the hosts of a block; a gateway's is asked for once."""

    def __init__(self, block: Block, search: NeighbourSearch) -> None:
        self._block, self._search = block, search
        self._gateways: dict[Route, Neighbours] = {}

    def of(self, route: Route, offsets: Indices) -> Generator[Searching, None, Neighbours]:
        """One for each host."""
        family = self._block.family
        if route.gateway is None:
            return (yield from self._search.find(route.link, family, route.source, self._block.packed(offsets)))
        if route not in self._gateways:
            packed = np.frombuffer(route.gateway, np.uint8)[None, :]
            self._gateways[route] = yield from self._search.find(route.link, family, route.source, packed, gateway=True)
        found, all_of_them = self._gateways[route], np.zeros(len(offsets), np.intp)
        return Neighbours(found.macs[all_of_them], found.known[all_of_them], found.kept[all_of_them], found.rtt_s[all_of_them])


def _by_way(block: Block, network: Network, most: int) -> Iterator[tuple[Route | None, str, Indices]]:
    """The block's offsets, ascending, with their route or the problem that there is instead: no more than fit a leg, or than
    are looked for on a link at once."""
    waiting: dict[tuple[Route | None, str], list[Indices]] = {}
    counts: dict[tuple[Route | None, str], int] = {}
    for way in network.ways(block.family, block.ranges(), block.zone):
        key = way.route, way.problem
        on_link = way.route is not None and way.route.link.ethernet and way.route.gateway is None
        limit = NEIGHBOURS_AT_ONCE if on_link else most
        start, end = block.between(way.first, way.last)
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


def _cut(hosts: Indices, most: int) -> Iterator[Indices]:
    for first in range(0, len(hosts), most):
        yield hosts[first : first + most]
