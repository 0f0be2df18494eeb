"""Programs by what they say of themselves: a table of patterns for each protocol, one row a program.

A pattern's named groups are facts: ``version``, ``update`` (the second part of the version in CPE names), ``extra``, ``os``,
``hostname``, ``device``; ``cpe`` is the version in the CPE name where that is another. The rows are written from what the
programs themselves say, as the captures in ``tests/captures/identify`` hold it, or from their documentation. The first row that
is found in the text wins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hatoba.identify.protocols.text import text
from hatoba.registry.cpe import cpe23
from hatoba.service import Facts

_OS_CPE = {
    "Linux": ("linux", "linux_kernel"),
    "Windows": ("microsoft", "windows"),
    "FreeBSD": ("freebsd", "freebsd"),
    "OpenBSD": ("openbsd", "openbsd"),
    "NetBSD": ("netbsd", "netbsd"),
    "Mac OS X": ("apple", "mac_os_x"),
    "Cisco IOS": ("cisco", "ios"),
    "RouterOS": ("mikrotik", "routeros"),
}
_LINUXES = re.compile(
    rb"\b(?:Debian|Ubuntu|Raspbian|Fedora|CentOS|Red ?Hat|RHEL|Rocky|AlmaLinux|SUSE|Alpine|Gentoo|Amazon Linux|[Ll]inux)"
)


@dataclass(frozen=True, slots=True)
class Product:
    pattern: re.Pattern[bytes]
    name: str
    cpe: tuple[str, str] | None = None
    """Vendor and product, as NIST's dictionary has them; None where it has none."""
    os: str = ""
    device: str = ""


def product(pattern: bytes, name: str, cpe: tuple[str, str] | None = None, os: str = "", device: str = "") -> Product:
    return Product(re.compile(pattern, re.DOTALL), name, cpe, os, device)


def named(facts: Facts, said: bytes, products: Sequence[Product]) -> Facts:
    """*facts* with what the first product adds that *said* names; *facts* themselves where it names none."""
    for known in products:
        if (match := known.pattern.search(said)) is not None:
            return _with(facts, known, match)
    return facts


def words_of(said: bytes, products: Sequence[Product]) -> bytes:
    """The very words by which :func:`named` knows the first product; empty where it knows none."""
    found = next((match for known in products if (match := known.pattern.search(said)) is not None), None)
    return b"" if found is None else decisive(found)


def decisive(found: re.Match[bytes], most: int = 80) -> bytes:
    """What was *found*; of more than *most* bytes those that end with the version, or the first where there is none."""
    end = found.end("version") if "version" in found.re.groupindex and found["version"] else found.start() + most
    if found.end() - found.start() <= most:
        return found[0].strip()
    return found.string[max(found.start(), end - most) : end].strip()


def system_of(said: bytes) -> str:
    """``Linux`` where a distribution of it is named, else an empty text."""
    return "Linux" if _LINUXES.search(said) else ""


def os_cpe(os: str) -> tuple[str, ...]:
    """The CPE name of a system that *os* names; none where NIST's dictionary would need to know more."""
    return (cpe23("o", *_OS_CPE[os]),) if os in _OS_CPE else ()


def _with(facts: Facts, known: Product, match: re.Match[bytes]) -> Facts:
    groups = {name: text(value) for name, value in match.groupdict().items() if value}
    version, update = groups.get("version", ""), groups.get("update", "")
    os = groups.get("os", "") or known.os or facts.os
    names = () if known.cpe is None else (cpe23("a", *known.cpe, groups.get("cpe", version), update),)
    return replace(
        facts,
        product=known.name,
        version=version + update,
        extra=groups.get("extra", "") or facts.extra,
        os=os,
        device=groups.get("device", "") or known.device or facts.device,
        hostname=groups.get("hostname", "") or facts.hostname,
        cpe23=names + os_cpe(os),
        confidence=10,
    )
