"""Which system is it? All that a host showed and its services said, in one verdict with its evidence.

"Can't tell" is an answer, and so is "several": nothing is named that the evidence does not carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hatoba.identify.systems.bodies import Bodies, Body, apart, divided, echo_ttl
from hatoba.identify.systems.ranking import LEAST_WEIGHT, best, weight_of
from hatoba.identify.systems.shields import Fate, fates, firewall
from hatoba.identify.systems.table import Row, rows
from hatoba.identify.systems.traits import Heard, Traits, heard_from, host_traits, port_traits
from hatoba.identify.systems.words import Said, by_words, joined, said_by
from hatoba.model import Deception
from hatoba.probes.system import DATAGRAM, FULL
from hatoba.service import Service
from hatoba.system import Observation, Ruling, Shield, ShieldKind, System, SystemsTold, Trait


def judge(
    observations: Sequence[Observation],
    services: Sequence[Service] = (),
    deception: Deception | None = None,
    guess: bool = False,
    table: Sequence[Row] | None = None,
) -> SystemsTold:
    """The verdict on one host. *guess*: name what fits badly, too, where nothing fits well."""
    table = rows() if table is None else table
    heard, said = heard_from(observations), said_by(services)
    parts = _explained(heard, divided(heard), table)
    told = _ports_asked(heard)
    if deception is not None:
        proxy = [Shield(ShieldKind.SYN_PROXY)] if deception is Deception.SYN_PROXY else []
        return replace(told, ruling=Ruling.MASKED, traits=_trait_list(_whole(heard, parts)), shields=tuple(proxy))
    forwarding, wall = _forwarding(heard, parts), firewall(heard)
    told = replace(told, shields=tuple(shield for shield in (forwarding, wall) if shield is not None))
    if forwarding is not None and (several := _several(heard, parts, said, table)):
        return replace(told, ruling=Ruling.SEVERAL, systems=tuple(several))
    traits = _whole(heard, parts)
    systems = [joined(system, said) for system in best(traits, table, guess)]
    if not systems:
        return _without_packets(told, traits, said)
    systems.sort(key=lambda system: -system.confidence)
    sure = len(systems) == 1 or systems[0].confidence - systems[1].confidence > 1  # a service's word may settle it
    if sure and best(traits, table):
        return replace(told, ruling=Ruling.TOLD, systems=(systems[0],))
    return replace(told, ruling=Ruling.UNSURE, systems=tuple(systems))


def _explained(heard: Sequence[Heard], parts: Bodies, table: Sequence[Row]) -> Bodies:
    """Those hosts that there are: what is explained by nothing is noise, or a listener with options of its own, unless it comes
    from another distance than what is explained."""
    if len(parts.bodies) < 2:
        return parts
    known = [body for body in parts.bodies if best(_of_body(heard, body, is_host=False), table)]
    kept = [body for body in parts.bodies if known and (body in known or all(apart(body.ttl, one.ttl) for one in known))]
    if len(kept) > 1:
        return replace(parts, bodies=tuple(kept))
    return Bodies(tuple(kept), own_ttl=parts.own_ttl)


def _ports_asked(heard: Sequence[Heard]) -> SystemsTold:
    by_port = fates(heard)
    datagrams = [one for one in heard if one.observation.probe == DATAGRAM and one.answer is not None]
    return SystemsTold(
        Ruling.TOO_LITTLE,
        open_port=next((port for port, its in by_port.items() if its.get(FULL) is Fate.SYN_ACK), None),
        closed_port=next((port for port, its in by_port.items() if its.get(FULL) is Fate.RST), None),
        udp_port=next((one.observation.port for one in datagrams), None),
    )


def _whole(heard: Sequence[Heard], parts: Bodies) -> Traits:
    """All traits of what is taken for one host."""
    if not parts.bodies:
        return host_traits(heard)
    return _of_body(heard, parts.bodies[0], parts.own_ttl is None)


def _of_body(heard: Sequence[Heard], body: Body, is_host: bool) -> Traits:
    """What one of several hosts shows. *is_host*: what is no open port is its own, too."""
    traits = port_traits(body.heard, body.ports[0])
    return {**traits, **host_traits(heard)} if is_host else traits


def _several(heard: Sequence[Heard], parts: Bodies, said: Sequence[Said], table: Sequence[Row]) -> list[System]:
    """The systems of several hosts at one address, each with its ports; none where there is but one. What is none of the open
    ports may be a host's, too: the one that has the address."""
    found = []
    for body in parts.bodies:
        systems = best(_of_body(heard, body, is_host=False), table)[:1]
        found += [joined(replace(system, ports=tuple(body.ports)), said) for system in systems]
    if len(parts.bodies) > 1:
        return found
    return [*found, *own] if found and (own := best(host_traits(heard), table)[:1]) else []


def _forwarding(heard: Sequence[Heard], parts: Bodies) -> Shield | None:
    """What the distances of the answers say of who gives them."""
    if parts.shared_port is not None:
        return Shield(ShieldKind.LOAD_BALANCER, parts.evidence, (parts.shared_port,))
    if len(parts.bodies) > 1:
        others = sorted(port for body in parts.bodies[1:] for port in body.ports)
        return Shield(ShieldKind.PORT_FORWARD, parts.evidence, tuple(others))
    if parts.own_ttl is None or not parts.bodies:
        return None
    body, pinged = parts.bodies[0], echo_ttl(heard)
    evidence = [Trait("ttl", f"{port}/tcp: {body.ttl}") for port in body.ports] + [Trait("rst-ttl", str(parts.own_ttl))]
    evidence += [] if pinged is None else [Trait("echo-ttl", str(pinged))]
    if parts.own_ttl > body.ttl and pinged == parts.own_ttl:
        return Shield(ShieldKind.PORT_FORWARD, tuple(evidence), tuple(body.ports))
    return Shield(ShieldKind.GO_BETWEEN, tuple(evidence))


def _without_packets(told: SystemsTold, traits: Traits, said: Sequence[Said]) -> SystemsTold:
    """What services alone say, where packets tell nothing."""
    systems = by_words(said)
    told = replace(told, traits=_trait_list(traits))
    if not systems:
        return replace(told, ruling=Ruling.UNKNOWN if weight_of(traits) >= LEAST_WEIGHT else Ruling.TOO_LITTLE)
    if len(systems) == 1:
        return replace(told, ruling=Ruling.TOLD, systems=(replace(systems[0], ports=()),))
    return replace(told, ruling=Ruling.UNSURE, systems=tuple(systems))


def _trait_list(traits: Traits) -> tuple[Trait, ...]:
    return tuple(Trait(shown.name, shown.text) for shown in traits.values())
