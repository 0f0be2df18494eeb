"""What answers in a host's stead? Whole connections tell (``wire.handshakes``).

First to random ports, which nobody would listen on: behind a SYN proxy they are cut, a tarpit holds them and takes no data.
Then to ports that were found open, to learn which of them somebody stands behind: the likeliest, for there may be thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from hatoba.engine.doubts import Doubts
from hatoba.engine.groups import Group
from hatoba.engine.legs.leg import Indices
from hatoba.engine.setting import Setting
from hatoba.engine.stages.holding import hold
from hatoba.model import Deception, Protocol
from hatoba.packets.distinct import one_of
from hatoba.probes.connect import End, Handshake
from hatoba.registry.ranking import top_ports

_TINY_WINDOW_BYTES = 64
"""A tarpit's window; LaBrea's was 10, and 0 once the connection stood."""
_MOST_TRIED, _LEAST_TRIED = 32, 8
"""Open ports of one host on which a connection is tried: fewer where there are many such hosts."""
_ALL_TRIED = 8192
"""Of all hosts together, but for the least."""

Ports = npt.NDArray[np.uint16]


def unmask(
    group: Group, places: Indices, strange: Ports, found: tuple[Indices, Ports], setting: Setting, deadline_s: float
) -> Iterator[Doubts | None]:
    """Tell what answers at the hosts of *group* at *places* (n,), where the random ports *strange* are open; *found* are open
    ports, places of their hosts and numbers. Hosts take turns. None is a sign of life; the last value is what was learnt. Of a
    host that was not tried to the end no more is said than that it answers everything."""
    doubts = Doubts(dict.fromkeys(places.tolist(), Deception.ANSWERS_EVERYTHING))
    ended = yield from hold(group, np.tile(places, len(strange)), np.repeat(strange, len(places)), setting, deadline_s)
    tried: dict[int, list[int]] = {}
    for number, place in enumerate(places.tolist()):
        handshakes = [handshake for handshake in ended[number :: len(places)] if handshake is not None]
        if len(handshakes) == len(strange):
            doubts.deceptions[place] = _kind(handshakes)
            tried[place] = strange.tolist()
    masked = [place for place in tried if doubts.deceptions[place] is not Deception.ANSWERS_EVERYTHING]
    most = max(_LEAST_TRIED, min(_MOST_TRIED, _ALL_TRIED // max(1, len(masked))))
    hosts, ports = _likeliest(*found, np.array(masked, np.int64), most)
    ended = yield from hold(group, hosts, ports, setting, deadline_s)
    held: dict[int, list[int]] = {}
    for place, port, handshake in zip(hosts.tolist(), ports.tolist(), ended, strict=True):
        if handshake is not None:
            tried[place].append(port)
            held.setdefault(place, []).extend([port] if _holds(handshake) else [])
    doubts.tried = {place: tuple(sorted(set(its))) for place, its in tried.items()}
    doubts.held = {place: tuple(sorted(its)) for place, its in held.items()}
    yield doubts


def _likeliest(places: Indices, ports: Ports, masked: Indices, most: int) -> tuple[Indices, Ports]:
    """Of the ports at the *masked* hosts the *most* likely to be used of each, the likeliest of all hosts first."""
    chosen = one_of(places, masked)
    places, ports = places[chosen], ports[chosen]
    order = np.lexsort((_ranks()[ports], places))
    places, ports = places[order], ports[order]
    turn = np.arange(len(places)) - np.searchsorted(places, places)
    first = np.flatnonzero(turn < most)
    first = first[np.argsort(turn[first], kind="stable")]
    return places[first], ports[first]


@cache
def _ranks() -> npt.NDArray[np.int64]:
    """The place of each TCP port in the ranking."""
    ranks = np.empty(1 << 16, np.int64)
    ranks[list(top_ports(1 << 16, Protocol.TCP))] = np.arange(1 << 16)
    return ranks


def _kind(tried: list[Handshake]) -> Deception:
    most = len(tried) / 2
    if sum(handshake.end is End.CUT for handshake in tried) > most:
        return Deception.SYN_PROXY
    if sum(handshake.end is End.HELD and not _holds(handshake) for handshake in tried) > most:
        return Deception.TARPIT
    return Deception.ANSWERS_EVERYTHING


def _holds(handshake: Handshake) -> bool:
    """Whether somebody is there who would take data."""
    window_bytes = handshake.window_bytes
    roomy = window_bytes is None or window_bytes > _TINY_WINDOW_BYTES
    return handshake.end is End.HELD and (handshake.spoke or roomy)
