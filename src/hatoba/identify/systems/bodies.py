"""How many hosts answer at one address? Ports that a router hands on, and those that a load balancer shares out, are answered
by stacks that differ in distance, in manners, in clocks.

A host's answers over one way arrive with one time to live, and its listeners put options in one order, as that is the kernel's.
Answers to other ports may come over another way, a station or two longer: over the internet that shows no other host, where a
peer on our own link shows one. Windows say nothing here: a program may choose its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hatoba.identify.systems.traits import Heard, initial_ttl
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.probes.system import ECHO, ECN, FULL, SMALL
from hatoba.system import Trait

_FULLY_ASKED = (FULL, SMALL, ECN)
"""Probes with every option, so that the answers' options compare."""
_MOST_TURNS = 3
"""More kinds of answers than this from one port are no hosts that take turns, but noise."""
_WAYS_DIFFER = 2
"""By so many stations equally good ways to one host may differ."""
_CLOCK_APART_S = 5.0
_NUMBER_APART = 2048
_CLOCK_HZ = 1000.0
_UNCERTAINTY_S = 0.05


@dataclass(slots=True)
class Body:
    """Some of the answers: those that one host may have given."""

    heard: list[Heard]
    ttl: int
    """As it arrived."""
    ports: list[int] = field(default_factory=list)
    """Open ports."""


@dataclass(frozen=True, slots=True)
class Bodies:
    bodies: tuple[Body, ...] = ()
    """The one that answers on most ports first."""
    shared_port: int | None = None
    """The port on which several of them take turns."""
    evidence: tuple[Trait, ...] = ()
    """Of there being several."""
    own_ttl: int | None = None
    """Time to live with which what is no open port answers, where that is another one."""


def open_ports(heard: Sequence[Heard]) -> list[int]:
    """Those that answered by SYN-ACK, in the order in which they were asked."""
    return list(dict.fromkeys(one.observation.port for one in heard if one.observation.probe == FULL and _is_syn_ack(one)))


def divided(heard: Sequence[Heard]) -> Bodies:
    """The hosts behind the open ports."""
    ports = open_ports(heard)
    if not ports:
        return Bodies()
    for port in ports:
        turns = _turns(heard, port)
        if len(turns) > _MOST_TURNS:
            return Bodies()
        if len(turns) > 1:
            sharing = [Body(its, _ttl(its[0]), [port]) for its in turns.values()]
            others = _by_manners(heard, [other for other in ports if other != port])
            sharing += [body for body in others if _alike(turns, body.heard[0]) is None]
            return Bodies(tuple(sharing), port, tuple(_difference(_list(body.ports), body.heard) for body in sharing))
    bodies = _by_manners(heard, ports)
    if len(bodies) == 1:
        bodies = _by_counters(heard, bodies[0])
    bodies.sort(key=lambda body: -len(body.ports))
    evidence = [_difference(_list(body.ports), body.heard) for body in bodies] if len(bodies) > 1 else []
    return Bodies(tuple(bodies), None, tuple(evidence), _own_ttl(heard, bodies))


def echo_ttl(heard: Sequence[Heard]) -> int | None:
    """Time to live with which the echo reply arrived."""
    return next((one.answer.ttl for one in heard if one.observation.probe == ECHO and one.answer is not None), None)


def _is_syn_ack(one: Heard) -> bool:
    return one.answer is not None and one.answer.flags is not None and one.answer.flags & (SYN | ACK | RST) == SYN | ACK


def _ttl(one: Heard) -> int:
    return 0 if one.answer is None else one.answer.ttl


def _order(one: Heard) -> str:
    return "" if one.answer is None or one.answer.options is None else one.answer.options.order


_Kind = tuple[int, str]
"""Time to live and order of options."""


def _kind(one: Heard) -> _Kind:
    return _ttl(one), _order(one)


def _alike(kinds: Iterable[_Kind], one: Heard) -> _Kind | None:
    """The one of these kinds that may be the same host's over another way."""
    ttl, order = _kind(one)
    return next((kind for kind in kinds if kind[1] == order and not apart(kind[0], ttl)), None)


def apart(ttl: int, other: int) -> bool:
    """Whether two hosts sent these, and not one over two ways: who is on our link has but one."""
    on_link = max(ttl, other) == initial_ttl(max(ttl, other))
    return abs(ttl - other) > (0 if on_link else _WAYS_DIFFER)


def _turns(heard: Sequence[Heard], port: int) -> dict[_Kind, list[Heard]]:
    """The SYN-ACKs of one port by distance and order of options: exactly, for the questions that go one way."""
    asked = [
        one for one in heard if one.observation.port == port and one.observation.probe in _FULLY_ASKED and _is_syn_ack(one)
    ]
    found: dict[_Kind, list[Heard]] = {_kind(one): [] for one in asked if one.observation.probe == FULL}
    for one in asked:
        same = _kind(one) if _kind(one) in found else _alike(found, one)
        found.setdefault(same or _kind(one), []).append(one)
    return found


def _by_manners(heard: Sequence[Heard], ports: Sequence[int]) -> list[Body]:
    found: dict[_Kind, Body] = {}
    for port in ports:
        its = [one for one in heard if one.observation.port == port and _is_syn_ack(one)]
        first = next(one for one in its if one.observation.probe == FULL)
        body = found.setdefault(_alike(found, first) or _kind(first), Body([], _ttl(first)))
        body.heard += its
        body.ports.append(port)
    return list(found.values())


def _by_counters(heard: Sequence[Heard], body: Body) -> list[Body]:
    """The same body, divided by clocks and identifications that a single host would not have."""
    if len(body.ports) < 2:
        return [body]
    marks: dict[int, float] = {}
    clock = _offsets(heard, body.ports[0], (FULL, SMALL))
    if clock is not None and max(clock) - min(clock) < _UNCERTAINTY_S:  # one clock for all connections to this port
        for port in body.ports:
            offsets = _offsets(heard, port, (FULL,))
            if offsets is None or max(offsets) - min(offsets) > _UNCERTAINTY_S:
                return [body]
            marks[port] = offsets[0]
        return _grouped(body, marks, _CLOCK_APART_S)
    for port in body.ports:
        numbers = [one.answer.identification for one in _handshakes(heard, port) if one.answer is not None]
        known = [number for number in numbers if number is not None]
        if len(known) < 2 or not any(known) or not all(0 < b - a < _NUMBER_APART for a, b in pairwise(known)):
            return [body]
        marks[port] = known[0]
    return _grouped(body, marks, _NUMBER_APART)


def _handshakes(heard: Sequence[Heard], port: int, probes: Sequence[str] = (FULL,)) -> list[Heard]:
    return [one for one in heard if one.observation.port == port and one.observation.probe in probes and _is_syn_ack(one)]


def _offsets(heard: Sequence[Heard], port: int, probes: Sequence[str]) -> list[float] | None:
    """When the clock in the time stamps of each SYN-ACK was zero, if it goes in milliseconds; None where there is none."""
    found = []
    for one in _handshakes(heard, port, probes):
        assert one.answer is not None
        assert one.answer.options is not None
        stamp = one.answer.options.stamp
        if not stamp or one.observation.at_s is None:
            return None
        found.append(one.observation.at_s - stamp / _CLOCK_HZ)
    return found if len(found) > 1 else None


def _grouped(body: Body, marks: dict[int, float], least: float) -> list[Body]:
    """Ports whose marks are near each other belong together."""
    groups: list[list[int]] = []
    for port in sorted(marks, key=lambda port: marks[port]):
        if groups and marks[port] - marks[groups[-1][-1]] < least:
            groups[-1].append(port)
        else:
            groups.append([port])
    if len(groups) == 1:
        return [body]
    return [Body([one for one in body.heard if one.observation.port in its], body.ttl, sorted(its)) for its in groups]


def _own_ttl(heard: Sequence[Heard], bodies: Sequence[Body]) -> int | None:
    """RSTs that arrive from another distance than every open port, from a sender that began alike."""
    resets = {
        one.answer.ttl
        for one in heard
        if one.observation.probe == FULL and one.answer is not None and one.answer.flags is not None and one.answer.flags & RST
    }
    if len(resets) != 1:
        return None
    ttl = resets.pop()
    others = [body.ttl for body in bodies]
    return ttl if all(apart(other, ttl) and initial_ttl(other) == initial_ttl(ttl) for other in others) else None


def _difference(where: str, heard: Sequence[Heard]) -> Trait:
    """What the answers from there show that others show otherwise."""
    first = heard[0].answer
    assert first is not None
    parts = [f"ttl {first.ttl}", f"options {_order(heard[0])}"]
    stamp = None if first.options is None else first.options.stamp
    parts += [] if stamp is None else [f"time stamp {stamp}"]
    parts += [f"id {first.identification}"] if first.identification else []
    return Trait("answers", f"{where}: {', '.join(parts)}")


def _list(ports: Sequence[int]) -> str:
    return ", ".join(f"{port}/tcp" for port in ports)
