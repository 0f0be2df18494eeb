"""What the table says of a host's operating system, and of what stands in front of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hatoba.messages import _N, _, ngettext, translated
from hatoba.reports.text import safe
from hatoba.system import Known, Opinion, Ruling, Shield, ShieldKind, System, SystemsTold, Trait

_CANT_TELL = {
    Ruling.UNKNOWN: _N("System: can't tell, as what it shows fits no system that is known here."),
    Ruling.TOO_LITTLE: _N("System: can't tell, as too little came back."),
    Ruling.MASKED: _N("System: can't tell, as something answers in its stead and hides it."),
}

_KNOWN = {
    Known.PUBLISHED: _N(
        "Known from captures that others have published and from what is written of it; never run in hatoba's own labs."
    ),
    Known.READ: _N("Known from its source code or its maker's pages alone; never run in hatoba's own labs."),
}
"""Of a system that was never asked in a lab of this project."""

_SHIELDS = {
    ShieldKind.STATEFUL_FIREWALL: _N(
        "In front of it: a stateful firewall. It swallows packets that belong to no connection, on ports that answer others."
    ),
    ShieldKind.PACKET_FILTER: _N(
        "In front of it: a packet filter that looks at packets one by one. It holds SYN back, and lets through what only looks"
        " like part of a connection."
    ),
    ShieldKind.FILTER: _N(
        "In front of it: a filter, on it or on the way. Whether it keeps track of connections can't be told from here."
    ),
    ShieldKind.PORT_FORWARD: _N("Behind it: other hosts answer on {ports}, so it translates addresses (NAT)."),
    ShieldKind.GO_BETWEEN: _N("On the way to it: something refuses connections in its stead."),
    ShieldKind.LOAD_BALANCER: _N("In front of it: a load balancer. Different hosts take turns in answering on {ports}."),
}
"""A SYN proxy is told of already, where the trust in what the host answers is told of."""


def systems_lines(told: SystemsTold, explain: bool) -> Iterator[str]:
    """Sentences, without those that :func:`hatoba.reports.host_heading.cautions` has. With *explain* the evidence of each."""
    yield from _ruled(told, explain)
    for shield in told.shields:
        if shield.kind in _SHIELDS:
            yield translated(_SHIELDS[shield.kind]).format(ports=_ports(shield.ports))
            if explain:
                yield from _shield_evidence(shield)


def _ruled(told: SystemsTold, explain: bool) -> Iterator[str]:
    if told.ruling in _CANT_TELL:
        yield translated(_CANT_TELL[told.ruling])
        if explain and told.traits:
            yield _("It shows: {traits}").format(traits=_list(told.traits))
    elif told.ruling is Ruling.TOLD:
        yield from _one(told.systems[0], _("System: {system}"), explain)
    else:
        heading = {
            Ruling.SEVERAL: ngettext("{count} system answers here:", "{count} systems answer here:", len(told.systems)),
        }.get(told.ruling, _("System: can't tell for sure; it may be one of these:"))
        yield heading.format(count=len(told.systems))
        for system in told.systems:
            where = _ports(system.ports) if system.ports else ""
            yield from _one(system, f"  {where}: {{system}}" if where else "  {system}", explain)


def _one(system: System, words: str, explain: bool) -> Iterator[str]:
    named = _("{name} (sure: {confidence} of 10)").format(name=safe(system.name), confidence=system.confidence)
    yield words.format(system=named)
    differing = [trait for trait in system.evidence if trait.opinion is Opinion.DIFFERS]
    said_otherwise = [trait for trait in differing if trait.name == "service"]
    if said_otherwise and not explain:
        yield _("But a service says otherwise: {services}").format(services=_list(said_otherwise))
    if explain:
        fitting = [trait for trait in system.evidence if trait.opinion is Opinion.FITS]
        yield _("It fits: {traits}").format(traits=_list(fitting))
        if differing:
            yield _("It does not fit: {traits}").format(traits=_list(differing))
        for known, sentence in _KNOWN.items():
            if Trait("known", known.value) in system.evidence:
                yield translated(sentence)


def _shield_evidence(shield: Shield) -> Iterator[str]:
    for trait in shield.evidence:
        yield f"  {safe(trait.seen)}" if trait.name == "answers" else f"  {trait.name} {safe(trait.seen)}"


def _list(traits: Sequence[Trait]) -> str:
    """``ttl 64, options mss sack ts nop ws``"""
    return ", ".join(f"{trait.name} {safe(trait.seen)}" for trait in traits)


def _ports(ports: Sequence[int]) -> str:
    return ", ".join(f"{port}/tcp" for port in ports)
