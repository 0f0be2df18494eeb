"""For which release of a distribution a service was built, as far as its words tell: packages have marks of their own.

Debian's updates of a stable release end in ``+deb10u2`` (Developer's Reference, section 5.8.5.4), backports in ``~bpo10+1``;
Ubuntu's in ``ubuntu0.18.04.17`` (its security team's policy of version numbers). A release has one version of OpenSSH, whose
banner names the distribution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from hatoba.registry.cpe import components, cpe23
from hatoba.registry.releases import Releases, Supported
from hatoba.reports.text import shown_bytes
from hatoba.service import Facts, Release

_DEBIAN_UPDATE = re.compile(r"[+~](?:deb|bpo)(\d{1,2})(?:u|\+)\d{1,4}")
_DEBIAN_SERIES = re.compile(r"[+~](lenny|squeeze|wheezy|jessie|stretch|buster)\d")
_UBUNTU_UPDATE = re.compile(r"ubuntu\d{1,2}\.(\d\d\.(?:04|10))(?:\.\d{1,4})?\b")
_SYSTEM = re.compile(r"\b(Debian|Ubuntu)(?: GNU/Linux| Linux)? (\d{1,2}(?:\.\d\d)?)(?![\w.+~-])")
_CPE = {("debian", "debian_linux"): "Debian", ("canonical", "ubuntu_linux"): "Ubuntu"}
_OPENSSH = {
    "Debian": {"6.0p1": "7", "6.7p1": "8", "7.4p1": "9", "7.9p1": "10", "8.4p1": "11", "9.2p1": "12", "10.0p1": "13"},
    "Ubuntu": {
        "5.9p1": "12.04", "6.6.1p1": "14.04", "7.2p2": "16.04", "7.6p1": "18.04", "8.2p1": "20.04", "8.9p1": "22.04",
        "9.6p1": "24.04",
    },
}  # fmt: skip
"""Which release had which version of OpenSSH (packages.debian.org, packages.ubuntu.com)."""
_FOR_EVERYBODY = "LTS"
"""Of what goes on after the end of life; ELTS, ESM and legacy support are paid for."""
_SSH_COMMENT = re.compile(rb"OpenSSH_(\d[\w.]*) (Debian|Ubuntu)-")


class _Named(NamedTuple):
    distribution: str
    version: str
    series: str
    evidence: str


def release_of(facts: Facts, releases: Releases, now_s: float) -> Release | None:
    """The release that *facts* speak of, with its end of life as *releases* know it, at *now_s* (seconds since the epoch). None
    where they name none."""
    named = next(_named(facts), None)
    if named is None:
        return None
    known = releases.by_series(named.distribution, named.series) if named.series else releases.known.get(named[:2])
    if known is None:
        return Release(f"{named.distribution} {named.version or named.series}", named.evidence)
    today = datetime.fromtimestamp(now_s, UTC).date()
    ended = today > known.end_of_life
    return Release(
        f"{known.distribution} {known.version}" + (f" ({known.series})" if known.series else ""),
        named.evidence,
        known.end_of_life.isoformat(),
        tuple((word, day.isoformat()) for word, day in known.extended),
        ended,
        known.source,
        _cpe_of(known),
        ended and any(word == _FOR_EVERYBODY and today <= day for word, day in known.extended),
    )


def with_system(facts: Facts, release: Release) -> Facts:
    """*facts* with the CPE name of the release, unless a name of that distribution is there."""
    if not release.cpe23 or any(components(name)[2] == components(release.cpe23)[2] for name in facts.cpe23):
        return facts
    return replace(facts, cpe23=(*facts.cpe23, release.cpe23))


def _cpe_of(known: Supported) -> str:
    """As the dictionary has it: Debian's releases with a zero behind, Ubuntu's long-term ones as an edition."""
    if known.distribution == "Debian":
        return cpe23("o", "debian", "debian_linux", known.version if "." in known.version else f"{known.version}.0")
    return cpe23("o", "canonical", "ubuntu_linux", known.version, sw_edition="lts" if known.long_term else "")


def _named(facts: Facts) -> Iterator[_Named]:
    """The releases that are named, the surest first."""
    words = " ".join((shown_bytes(facts.evidence), facts.version, facts.extra, *(value for _name, value in facts.details)))
    for found in _UBUNTU_UPDATE.finditer(words):
        yield _Named("Ubuntu", found[1], "", found[0])
    for found in _DEBIAN_UPDATE.finditer(words):
        number = int(found[1])  # backports were numbered 60 and 70 once
        yield _Named("Debian", str(number // 10 if number >= 40 else number), "", found[0])
    for found in _DEBIAN_SERIES.finditer(words):
        yield _Named("Debian", "", found[1], found[0])
    for name in facts.cpe23:
        part, vendor, product, version, *_rest = components(name)
        if part == "o" and (vendor, product) in _CPE and version[:1].isdecimal():
            distribution = _CPE[vendor, product]
            yield _Named(distribution, version.removesuffix(".0") if distribution == "Debian" else version, "", name)
    for said in (facts.os, dict(facts.details).get("system", "")):
        if (system := _SYSTEM.search(said)) is not None:
            yield _Named(system[1], system[2], "", system[0])
    if (banner := _SSH_COMMENT.search(facts.evidence)) is not None:
        distribution = banner[2].decode()
        if (release := _OPENSSH[distribution].get(banner[1].decode())) is not None:
            yield _Named(distribution, release, "", shown_bytes(banner[0]))
