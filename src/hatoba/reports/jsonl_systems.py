"""What a JSON line says of a host's operating system and of what stands in front of it, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hatoba.reports.text import json_text
from hatoba.system import Opinion, Ruling, Shield, ShieldKind, System, SystemsTold, Trait


def systems_facts(told: SystemsTold) -> dict[str, Any]:
    """The value of a host's ``systems``; what is not known, or not so, is left out."""
    facts: dict[str, Any] = {"ruling": told.ruling.value, "found": [_system(system) for system in told.systems]}
    if told.traits:
        facts["shows"] = [_trait(trait) for trait in told.traits]
    if told.shields:
        facts["shields"] = [_shield(shield) for shield in told.shields]
    asked = {"open_port": told.open_port, "closed_port": told.closed_port, "udp_port": told.udp_port}
    return facts | {name: port for name, port in asked.items() if port is not None}


def systems_of(said: Mapping[str, Any]) -> SystemsTold:
    """As it was told. Raises KeyError, TypeError or ValueError for what is none."""
    ports = (None if said.get(name) is None else int(said[name]) for name in ("open_port", "closed_port", "udp_port"))
    return SystemsTold(
        Ruling(said["ruling"]),
        tuple(map(_system_of, said["found"])),
        _traits_of(said.get("shows", ())),
        tuple(
            Shield(ShieldKind(shield["kind"]), _traits_of(shield["evidence"]), tuple(map(int, shield.get("ports", ()))))
            for shield in said.get("shields", ())
        ),
        *ports,
    )


def _system(system: System) -> dict[str, Any]:
    texts = {
        "name": system.name,
        "vendor": system.vendor,
        "family": system.family,
        "generation": system.generation,
        "device": system.device,
    }
    facts: dict[str, Any] = {name: json_text(text) for name, text in texts.items() if text}
    facts["confidence"] = system.confidence
    if system.cpe23:
        facts["cpe23"] = list(system.cpe23)
    if system.ports:
        facts["ports"] = list(system.ports)
    return facts | {"evidence": [_trait(trait) for trait in system.evidence]}


def _system_of(said: Mapping[str, Any]) -> System:
    return System(
        str(said["name"]),
        str(said.get("vendor", "")),
        str(said["family"]),
        str(said.get("generation", "")),
        str(said.get("device", "")),
        int(said["confidence"]),
        tuple(map(str, said.get("cpe23", ()))),
        _traits_of(said["evidence"]),
        tuple(map(int, said.get("ports", ()))),
    )


def _shield(shield: Shield) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": shield.kind.value, "evidence": [_trait(trait) for trait in shield.evidence]}
    return facts | ({"ports": list(shield.ports)} if shield.ports else {})


def _trait(trait: Trait) -> dict[str, str]:
    facts = {"trait": trait.name, "seen": json_text(trait.seen)}
    return facts if trait.opinion is Opinion.SAYS_NOTHING else facts | {"opinion": trait.opinion.value}


def _traits_of(said: Sequence[Mapping[str, Any]]) -> tuple[Trait, ...]:
    return tuple(
        Trait(str(trait["trait"]), str(trait["seen"]), Opinion(trait.get("opinion", Opinion.SAYS_NOTHING))) for trait in said
    )
