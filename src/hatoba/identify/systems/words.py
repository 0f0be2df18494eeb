"""What services say of the system that they run on: beside what packets show it makes a system surer, or is told as a
contradiction.

A service knows no more than its own machine: behind a forwarded port that is another one than the address's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hatoba.registry.cpe import cpe23
from hatoba.service import Service
from hatoba.system import Opinion, System, Trait

_SURER, _LESS_SURE = 1, 3
_LEAST_TOLD_BY_WORDS, _MOST_TOLD_BY_WORDS = 3, 7
"""Confidence in a system that services alone speak of."""
_UNIX = "Unix"


@dataclass(frozen=True, slots=True)
class _Word:
    """What a word means."""

    families: tuple[str, ...]
    """Families of the table that it agrees with."""
    name: str
    vendor: str
    device: str = "general purpose"
    cpe: tuple[str, str] | None = None
    closer: bool = False
    """It names a system that is made from such a family, and so says more."""


_WORDS = {
    "Linux": _Word(("Linux",), "Linux", "Linux", cpe=("linux", "linux_kernel")),
    "Windows": _Word(("Windows",), "Windows", "Microsoft", cpe=("microsoft", "windows")),
    "FreeBSD": _Word(("FreeBSD",), "FreeBSD", "FreeBSD", cpe=("freebsd", "freebsd")),
    "OpenBSD": _Word(("OpenBSD",), "OpenBSD", "OpenBSD", cpe=("openbsd", "openbsd")),
    "NetBSD": _Word(("NetBSD",), "NetBSD", "NetBSD", cpe=("netbsd", "netbsd")),
    "Mac OS X": _Word(("macOS",), "macOS", "Apple", cpe=("apple", "macos")),
    "macOS": _Word(("macOS",), "macOS", "Apple", cpe=("apple", "macos")),
    "Darwin": _Word(("macOS",), "macOS", "Apple", cpe=("apple", "macos")),
    "Cisco IOS": _Word(("Cisco IOS",), "Cisco IOS", "Cisco", "router", ("cisco", "ios")),
    "RouterOS": _Word(("Linux",), "MikroTik RouterOS", "MikroTik", "router", ("mikrotik", "routeros"), closer=True),
    "Android": _Word(("Linux",), "Android", "Google", "phone", ("google", "android"), closer=True),
    "JUNOS": _Word(("FreeBSD",), "Juniper Junos", "Juniper", "router", ("juniper", "junos"), closer=True),
    "Junos": _Word(("FreeBSD",), "Juniper Junos", "Juniper", "router", ("juniper", "junos"), closer=True),
    "VxWorks": _Word(("VxWorks",), "VxWorks", "Wind River", "specialized", ("windriver", "vxworks")),
    _UNIX: _Word(("Linux", "FreeBSD", "OpenBSD", "NetBSD", "macOS"), _UNIX, ""),
}
"""By what the protocols' readers call a system (``Facts.os``)."""


@dataclass(frozen=True, slots=True)
class Said:
    """One service's word."""

    word: str
    where: str
    """``ssh on 22/tcp``"""
    port: int
    device: str
    confidence: int


def said_by(services: Sequence[Service]) -> list[Said]:
    """Every service that names a system, by port."""
    return [
        Said(
            service.facts.os,
            f"{service.facts.name} on {service.port}/{service.protocol.word}",
            service.port,
            service.facts.device,
            service.facts.confidence,
        )
        for service in sorted(services, key=lambda service: (service.protocol, service.port))
        if service.facts is not None and service.facts.os
    ]


def joined(system: System, said: Sequence[Said]) -> System:
    """*system*, which packets show, with what services on its ports *said* of it."""
    own = [one for one in said if not system.ports or one.port in system.ports]
    agree = [one for one in own if system.family in _families(one.word)]
    differ = [one for one in own if _families(one.word) and one not in agree]
    evidence = [Trait("service", f"{one.where}: {one.word}", Opinion.FITS) for one in agree]
    evidence += [Trait("service", f"{one.where}: {one.word}", Opinion.DIFFERS) for one in differ]
    change = (_SURER if agree else 0) - (_LESS_SURE if differ else 0)
    confidence = max(1, min(10, system.confidence + change))
    system = replace(system, confidence=confidence, evidence=(*system.evidence, *evidence))
    closer = {one.word: one for one in agree if _WORDS[one.word].closer}
    return _closer(system, _WORDS[next(iter(closer))]) if len(closer) == 1 and not differ else system


def by_words(said: Sequence[Said]) -> list[System]:
    """Systems that services alone speak of, each with the ports that do, the surest first."""
    words: dict[str, list[Said]] = {}
    for one in said:
        words.setdefault(one.word, []).append(one)
    unix = words.pop(_UNIX, [])
    found = []
    for word, its in words.items():
        backing = [*its, *unix] if set(_families(word)) & set(_WORDS[_UNIX].families) else its
        found.append(_by_word(word, its, backing))
    return sorted(found, key=lambda system: -system.confidence)


def _by_word(word: str, its: Sequence[Said], backing: Sequence[Said]) -> System:
    known = _WORDS.get(word)
    device = next((one.device for one in its if one.device), "")
    most = max(one.confidence for one in its) - 2 + len(backing) - 1
    return System(
        name=known.name if known else word,
        vendor=known.vendor if known else "",
        family=known.families[0] if known and not known.closer else known.name if known else word,
        generation="",
        device=device or (known.device if known else ""),
        confidence=max(_LEAST_TOLD_BY_WORDS, min(most, _MOST_TOLD_BY_WORDS)),
        cpe23=(cpe23("o", *known.cpe),) if known and known.cpe else (),
        evidence=tuple(Trait("service", f"{one.where}: {one.word}", Opinion.FITS) for one in backing),
        ports=tuple(sorted({one.port for one in its})),
    )


def _families(word: str) -> tuple[str, ...]:
    known: Mapping[str, _Word] = _WORDS
    return known[word].families if word in known else ()


def _closer(system: System, word: _Word) -> System:
    """The same with the name that says more."""
    return replace(
        system,
        name=f"{word.name} ({system.name})",
        vendor=word.vendor,
        family=word.name,
        generation="",
        device=word.device,
        cpe23=((cpe23("o", *word.cpe),) if word.cpe else ()) + system.cpe23,
    )
