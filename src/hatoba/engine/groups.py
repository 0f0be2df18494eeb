"""Cuts a scan into groups of hosts: by the way packets go, by next hop, and by what fits into memory at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.engine.legs.leg import Indices
from hatoba.engine.neighbour_search import LinkSearch, Neighbours, NeighbourSearch, Searching
from hatoba.messages import _
from hatoba.model import Address
from hatoba.targets.target_set import Block
from hatoba.wire.network import Network
from hatoba.wire.routes import Route

NEIGHBOURS_AT_ONCE = 1 << 16
"""Addresses looked for on a link together: the wait for those that are nobody's is paid once for all of them."""
_WORTH_S = 0.5
"""How long a whole leg of hosts waits for those that may come yet, and a smaller one in proportion: each leg costs the waits at
its end, and two legs of hosts that are slow take twice as long as one."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Hosts that are looked for yet, while others are scanned already: most likely nobody is there."""

    block: Block
    offsets: Indices
    pinged: bool = False
    """By pings, and not on a link."""


Part = Group | Unreachable | Sought | Searching


def connect_groups(block: Block, network: Network, most: int) -> Iterator[Group | Unreachable]:
    """Groups of up to *most* hosts for connect(), whose packets the kernel routes and whose neighbours it finds."""
    for route, problem, offsets in _by_way(block, network, most):
        if route is None:
            yield _no_way(block, offsets, problem)
            continue
        for part in _cut(offsets, most):
            yield Group(block, part, route)


def packet_groups(block: Block, network: Network, most: int, search: NeighbourSearch) -> Iterator[Part]:
    """Groups of up to *most* hosts for packets of our own, each with the hardware addresses of its next hops.

    Hosts that leave the same way share groups, wherever in the block they are: each costs a wire and the waits at its end.
    Those of a link that answer at once come first, and the others are looked for while they are scanned; then come the other
    ways, then who has turned up meanwhile. While nothing is scanned there are signs of life. When a *search* is stopped, who
    was found comes yet, and nobody else: of the others nothing is known.
    """
    gateways = _Gateways(block, search)
    on_link: _OnLink | None = None
    try:
        for route, problem, offsets in _by_way(block, network, most):
            if search.stopped():
                break
            if route is None:
                yield _no_way(block, offsets, problem)
            elif not route.link.ethernet:
                for part in _cut(offsets, most):
                    yield Group(block, part, route)
            elif _on_link(route):
                if on_link is not None:
                    yield from on_link.rest()
                on_link = _OnLink(block, route, offsets, most, search)
                yield from on_link.first()
            else:
                yield from gateways.groups(route, offsets, most)
        if on_link is not None:
            yield from on_link.rest()
    finally:
        if on_link is not None:
            on_link.search.close()


def _no_way(block: Block, offsets: Indices, problem: str) -> Unreachable:
    return Unreachable(block, offsets, "no-route" if problem else "broadcast", problem)


class _OnLink:
    """Hosts of one link, handed out as they are found."""

    def __init__(self, block: Block, route: Route, offsets: Indices, most: int, search: NeighbourSearch) -> None:
        self._block, self._route, self._offsets, self._most = block, route, offsets, most
        self._stopped, self._clock = search.stopped, search.clock
        self.search: LinkSearch = search.begin(route.link, block.family, route.source, block.packed(offsets))
        self._handed_out, self._all = np.zeros(len(offsets), bool), False

    def first(self) -> Iterator[Part]:
        """Whole legs while there are any; without one, those who answer at once. Everybody, if nobody is left to look for."""
        yield from self._whole_legs(self._enough_s)
        if self.search.over:
            yield from self.rest()
        elif not self._handed_out.any() and len(fresh := self._fresh()):
            yield from self._early(fresh)

    def rest(self) -> Iterator[Part]:
        """Everybody who was not handed out yet, once it is known who is there."""
        if self._all:
            return
        yield from self._whole_legs(lambda _fresh: math.inf)
        hops = self.search.found()
        self.search.close()
        self._all = True
        absent = np.flatnonzero(~hops.known if not self._stopped() else np.zeros(len(hops.known), bool))
        yield self._sought(absent[:0])
        if len(absent):
            yield Unreachable(self._block, self._offsets[absent], "no-neighbour")
        for kept in (False, True):
            for part in _cut(np.flatnonzero(hops.known & ~self._handed_out & (hops.kept == kept)), self._most):
                yield Group(self._block, self._offsets[part], self._route, hops.macs[part], None if kept else hops.rtt_s[part])

    def _whole_legs(self, enough_s: Callable[[int], float]) -> Iterator[Part]:
        """Look on, until it is over or *enough_s* says that for so many, who are no whole leg, no time is left."""
        while not self.search.over:
            fresh = self._fresh()
            if len(fresh) >= self._most:
                yield from self._early(fresh[: self._most])
            elif (wait_s := enough_s(len(fresh))) > 0:
                yield from self.search.listen(wait_s)
            else:
                return

    def _enough_s(self, fresh: int) -> float:
        if self._handed_out.any():
            return 0.0
        return max(self.search.lull_s, self.search.began_s + _WORTH_S * fresh / self._most - self._clock())

    def _fresh(self) -> Indices:
        return np.flatnonzero(self.search.known & ~self._handed_out)

    def _early(self, places: Indices) -> Iterator[Part]:
        """These, while the others are looked for."""
        self._handed_out[places] = True
        yield self._sought(np.flatnonzero(~self.search.known))
        yield Group(self._block, self._offsets[places], self._route, self.search.macs[places], self.search.rtt_s[places])

    def _sought(self, places: Indices) -> Sought:
        return Sought(self._block, self._offsets[places])


class _Gateways:
    """Groups of hosts behind gateways; the hardware address of each gateway is asked for once."""

    def __init__(self, block: Block, search: NeighbourSearch) -> None:
        self._block, self._search = block, search
        self._found: dict[Route, Neighbours] = {}

    def groups(self, route: Route, offsets: Indices, most: int) -> Iterator[Part]:
        """Of the hosts at *offsets*, whose *route* has a gateway."""
        assert route.gateway is not None
        if route not in self._found:
            packed = np.frombuffer(route.gateway, np.uint8)[None, :]
            found = yield from self._search.find(route.link, self._block.family, route.source, packed, gateway=True)
            self._found[route] = found
        found = self._found[route]
        if not found.known.all():
            silent = _("the gateway {gateway} does not answer").format(gateway=ip_address(route.gateway))
            yield Unreachable(self._block, offsets, "no-gateway", silent)
            return
        for part in _cut(offsets, most):
            yield Group(self._block, part, route, np.repeat(found.macs, len(part), axis=0))


def _by_way(block: Block, network: Network, most: int) -> Iterator[tuple[Route | None, str, Indices]]:
    """The block's offsets, ascending, with their route or the problem that there is instead: no more than fit a leg, or than
    are looked for on a link at once. Of those that are not so many, the ones on a link come first."""
    waiting: dict[tuple[Route | None, str], list[Indices]] = {}
    counts: dict[tuple[Route | None, str], int] = {}
    for way in network.ways(block.family, block.ranges(), block.zone):
        key = way.route, way.problem
        limit = NEIGHBOURS_AT_ONCE if _on_link(way.route) else most
        start, end = block.between(way.first, way.last)
        while start < end:
            step = min(end - start, limit - counts.get(key, 0))
            waiting.setdefault(key, []).append(np.arange(start, start + step))
            counts[key] = counts.get(key, 0) + step
            start += step
            if counts[key] >= limit:
                del counts[key]
                yield *key, np.concatenate(waiting.pop(key))
    for key in sorted(waiting, key=lambda key: not _on_link(key[0])):
        yield *key, np.concatenate(waiting[key])


def _on_link(route: Route | None) -> bool:
    """Whether its hosts have to be looked for."""
    return route is not None and route.link.ethernet and route.gateway is None


def _cut(hosts: Indices, most: int) -> Iterator[Indices]:
    for first in range(0, len(hosts), most):
        yield hosts[first : first + most]
