"""The way to each host of a group: all at once, what they share asked once.

A host's distance is guessed from the time to live that its answer had left, and probed there; from the host back towards us,
one station after the other, until a station is met that is known already at that distance: from there on the way is known.
Routers ration their errors as hosts do. So where the last station before a host is silent, the way of a host of the same
network at the same distance is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from hatoba.engine.groups import Group
from hatoba.engine.rations.rationing import RATION_S
from hatoba.engine.setting import Setting
from hatoba.engine.stages.hop_probes import MAX_TTL, Aim, HopProbes, Question, Told
from hatoba.model import Hop, Trace, Vanishing
from hatoba.probes.method import Method

_INITIAL_TTLS = (32, 64, 128, 255)
"""What systems begin with (RFC 1700 recommended 64; Windows takes 128, routers often 255)."""
_UNKNOWN_DISTANCE = 8
_LEISURELY_ROUNDS = 3
"""How often a station that nobody has told of is asked for again, a second later each time."""
_LOST_AFTER = 3
"""So many silent stations in a row beyond the last known one: the probes don't arrive."""
_NETWORK_BYTES = {4: 3, 16: 8}  # by the length of an address: a /24, a /64

Station = tuple[bytes, float] | None
"""Address and round trip in seconds; None where nobody told."""
Below = dict[tuple[int, bytes], dict[int, Station]]
"""Stations nearer than one that is known, by its distance and address."""


@dataclass
class Way:
    """What is known of the way to one host."""

    aim: Aim
    packed: bytes
    guess: int
    stations: dict[int, Station] = field(default_factory=dict)
    distance: int | None = None
    """Where the host itself answered."""
    rtt_s: float | None = None
    """Of the host itself."""
    next_ttls: Sequence[int] = ()
    done: bool = False

    def __post_init__(self) -> None:
        self.next_ttls = (self.guess,)

    @property
    def network(self) -> tuple[bytes, int]:
        """What hosts that are taken to lie on one way share."""
        return self.packed[: _NETWORK_BYTES[len(self.packed)]], self.guess

    def trace(self) -> Trace:
        last = self.distance or max((ttl for ttl, station in self.stations.items() if station), default=0)
        hops = []
        for ttl in range(1, last + 1):
            there = ttl == self.distance
            station = (self.packed, self.rtt_s) if there else self.stations.get(ttl)
            hops.append(Hop(ttl, *((ip_address(station[0]), station[1]) if station else (None, None))))
        return Trace(self.aim.method.name, self.aim.port, tuple(hops))


def guessed_distance(ttl: int) -> int:
    """How far away somebody is whose answer arrived with this time to live; 0 is unknown."""
    if not ttl:
        return _UNKNOWN_DISTANCE
    initial = next(first for first in _INITIAL_TTLS if first >= ttl)
    return min(initial - ttl + 1, MAX_TTL)


def trace(
    group: Group, aims: Sequence[tuple[Aim, int]], setting: Setting, deadline_s: float = math.inf
) -> Iterator[dict[int, Trace] | None]:
    """Traces by the place of the host in its group. *aims* come with the time to live of an answer of the host, 0 where there
    was none. None is a sign of life; the last value is what was found, by *deadline_s* of the clock."""
    packed = group.block.packed(group.offsets)
    ways = [Way(aim, packed[aim.place].tobytes(), guessed_distance(ttl)) for aim, ttl in aims]
    if group.route.local or group.neighbours or not ways:
        yield {way.aim.place: Trace(way.aim.method.name, way.aim.port, (Hop(1, ip_address(way.packed)),)) for way in ways}
        return
    probes = HopProbes(group, [way.aim for way in ways], setting, deadline_s)
    try:
        yield from _follow(ways, probes)
    finally:
        probes.close()
    yield {way.aim.place: way.trace() for way in ways}


def vanish(
    group: Group, aims: Sequence[tuple[Aim, int]], setting: Setting, deadline_s: float = math.inf
) -> Iterator[dict[int, Vanishing] | None]:
    """How far the probes for a silent port of each host get: *aims* name the port, with the distance of the host (0: unknown).

    Hosts of one network at one distance are taken to be alike: only the first of them is asked.
    """
    if group.route.local or group.neighbours or not aims:
        yield {}
        return
    packed = group.block.packed(group.offsets)
    alike: dict[tuple[bytes, int, tuple[Method, int, int]], list[Aim]] = {}
    for aim, distance in aims:
        raw = packed[aim.place].tobytes()
        alike.setdefault((raw[: _NETWORK_BYTES[len(raw)]], distance, aim.probe), []).append(aim)
    distances = [distance or _UNKNOWN_DISTANCE for _network, distance, _probe in alike]
    probes = HopProbes(group, [members[0] for members in alike.values()], setting, deadline_s)
    told: dict[Question, Told] = {}
    try:
        for back in range(1, MAX_TTL):
            heard_of = {number for number, _ttl in told}
            questions = [
                (number, distance - back)
                for number, distance in enumerate(distances)
                if distance > back and number not in heard_of
            ]
            if not questions or probes.stopped():
                break
            yield from probes.ask(questions, told)
    finally:
        probes.close()
    hops = {number: Hop(ttl, ip_address(answer.address), answer.rtt_s) for (number, ttl), answer in sorted(told.items())}
    yield {
        aim.place: Vanishing(aim.method.protocol, aim.port, hops.get(number))
        for number, members in enumerate(alike.values())
        for aim in members
    }


def _follow(ways: Sequence[Way], probes: HopProbes) -> Iterator[None]:
    told: dict[Question, Told] = {}
    below: Below = {}
    first_of: dict[tuple[bytes, int], int] = {}
    for number, way in enumerate(ways):
        first_of.setdefault(way.network, number)
    pioneers = list(first_of.values())  # ascending
    followers = sorted(set(range(len(ways))).difference(pioneers))
    for wave in (pioneers[:1], pioneers[1:], followers):
        following = wave
        while following and not probes.stopped():
            yield from probes.ask([(number, ttl) for number in following for ttl in ways[number].next_ttls], told)
            for number in following:
                _step(ways[number], {ttl: told.get((number, ttl)) for ttl in ways[number].next_ttls}, below)
                _borrow(ways[number], ways[first_of[ways[number].network]])
            following = [number for number in following if not ways[number].done]
    for _round in range(_LEISURELY_ROUNDS):
        missing = _gaps(ways, pioneers)
        if not missing or probes.stopped():
            break
        yield from probes.rest(RATION_S)
        yield from probes.ask(missing, told)
        for number, ttl in missing:
            answer = told.get((number, ttl))
            if answer is not None and not answer.there:
                ways[number].stations[ttl] = answer.address, answer.rtt_s
    _fill(ways)


def _alike(ways: Sequence[Way]) -> dict[tuple[bytes, int | None], list[Way]]:
    """Ways to hosts of one network at one distance, which are taken to pass the same stations."""
    found: dict[tuple[bytes, int | None], list[Way]] = {}
    for way in ways:
        found.setdefault((way.network[0], way.distance), []).append(way)
    return found


def _gaps(ways: Sequence[Way], pioneers: Sequence[int]) -> list[Question]:
    """Stations before hosts that answered which nobody has told of, each to be asked for on one way only."""
    alike = _alike(ways)
    gaps: list[Question] = []
    for number in pioneers:
        way = ways[number]
        others = alike[way.network[0], way.distance]
        ttls = range(1, way.distance or 1)
        gaps += [(number, ttl) for ttl in ttls if not any(other.stations.get(ttl) for other in others)]
    return gaps


def _fill(ways: Sequence[Way]) -> None:
    """Where a station was silent on one way and told on all others alike that it is the same one, it is that."""
    for others in _alike(ways).values():
        for ttl in range(1, others[0].distance or 1):
            told = [station for way in others if (station := way.stations.get(ttl)) is not None]
            if len({address for address, _rtt_s in told}) == 1:
                for way in others:
                    way.stations[ttl] = way.stations.get(ttl) or told[0]


def _step(way: Way, answers: Mapping[int, Told | None], below: Below) -> None:
    """Enter what was told at ``way.next_ttls``, and where to look next."""
    for ttl, answer in answers.items():
        if answer is not None and answer.there:
            way.distance = ttl if way.distance is None else min(ttl, way.distance)
            way.rtt_s = answer.rtt_s
        else:
            way.stations[ttl] = None if answer is None else (answer.address, answer.rtt_s)
            if answer is not None and _known_from(way, ttl, below):
                way.done = way.distance is not None
    way.next_ttls = _next(way)
    way.done |= not way.next_ttls
    if way.done:
        _remember(way, below)


def _known_from(way: Way, ttl: int, below: Below) -> bool:
    """Whether the stations nearer than the one at *ttl* are known from another way, and were taken over."""
    station = way.stations[ttl]
    nearer = below.get((ttl, station[0])) if station else None
    if nearer is None:
        return False
    way.stations = nearer | way.stations
    return True


def _next(way: Way) -> Sequence[int]:
    """The next times to live to ask; none when all that can be known is. One by one, since an answer may spare the others;
    where there was silence, which costs a time-out each, all at once."""
    if way.distance is not None:
        return [ttl for ttl in range(way.distance - 1, 0, -1) if ttl not in way.stations][:1]
    known = max((ttl for ttl, station in way.stations.items() if station), default=0)
    furthest = max(way.stations, default=way.guess - 1)
    reach = min(max(known + _LOST_AFTER, way.guess), MAX_TTL)
    if furthest < reach:
        return range(furthest + 1, furthest + 2 if furthest == known else reach + 1)
    return [ttl for ttl in range(furthest, 0, -1) if ttl not in way.stations]


def _borrow(way: Way, pioneer: Way) -> None:
    """Take the way of the first host of the same network where the last station before this host was silent, or all were."""
    if way is pioneer or not pioneer.done or pioneer.distance != way.distance:
        return
    before = 0 if way.distance is None else way.distance - 1
    if before in way.stations and way.stations[before] is None:
        way.stations = {ttl: pioneer.stations.get(ttl) for ttl in range(1, before + 1)}
        way.done = True
    elif way.distance is None and not any(way.stations.values()):
        way.stations, way.done = dict(pioneer.stations), True


def _remember(way: Way, below: Below) -> None:
    for ttl, station in way.stations.items():
        if station is not None:
            below.setdefault((ttl, station[0]), {nearer: found for nearer, found in way.stations.items() if nearer < ttl})
