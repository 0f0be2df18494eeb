"""Recog's fingerprints (Rapid7, BSD-2-Clause): patterns for the words of services, and what follows from them.

Its parameters have names such as ``service.product``, ``os.cpe23`` or ``hw.device``; one with position 0 is a constant, which
may refer to others in braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hatoba.identify.protocols import Answers
from hatoba.identify.protocols.text import text
from hatoba.identify.signatures.patterns import Pattern
from hatoba.identify.signatures.recog_texts import texts_of
from hatoba.registry.cpe import component, cpe_of_uri, is_cpe23
from hatoba.service import Facts

DETAIL = "recog"
"""Under this name the details tell which fingerprint it was."""
_REFERENCE = re.compile(r"\{([a-z0-9_.]{1,60})\}")
_CONFIDENCE = 9
_CPE_PARTS = len("cpe:2.3:a:")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    description: str
    pattern: Pattern
    parameters: tuple[tuple[str, int, str], ...]
    """Name, number of the group, constant where that is 0."""

    def told(self, said: bytes) -> dict[str, str] | None:
        """The parameters that follow from a text, by name; None where it does not match."""
        found = self.pattern.search(said)
        if found is None:
            return None
        groups = (b"", *found.groups)
        values: dict[str, str] = {}  # of parameters with the same name the last counts; one whose group there is not is empty
        for name, at, value in self.parameters:
            values[name] = value if at == 0 else text(groups[at]) if at < len(groups) else ""
        constants = {name for name, at, _value in self.parameters if at == 0}
        filled = {name: _filled(value, values) if name in constants else value for name, value in values.items()}
        return {name: value for name, value in filled.items() if value}


def _filled(written: str, values: Mapping[str, str]) -> str:
    """A constant with the parameters that it refers to; in a CPE name of version 2.3 they are quoted as that wants it."""
    spelt: Callable[[str], str] = component if written.startswith("cpe:2.3:") else str
    return _REFERENCE.sub(lambda found: spelt(values.get(found[1], "")), written)


@dataclass(frozen=True, slots=True)
class Recog:
    """All fingerprints that are used, by the name of their database, each with the file that it stands in."""

    databases: Mapping[str, tuple[tuple[str, Fingerprint], ...]]

    def filled(self, spoken: str, facts: Facts, answers: Answers) -> Facts:
        """*facts*, with what is empty in them filled from the first fingerprint of each text of the *answers*, which are in the
        protocol *spoken*."""
        for database, said in texts_of(spoken, facts, answers):
            for file, one in self.databases.get(database, ()):
                if (told := one.told(said)) is not None:
                    facts = _completed(facts, told, f"{file}: {one.description}")
                    break
        return facts


def _completed(facts: Facts, told: Mapping[str, str], source: str) -> Facts:
    product = told.get("service.product", "")
    fresh = bool(product) and not facts.product
    same = fresh or (bool(product) and product.casefold() in facts.product.casefold())
    wanted = {
        "product": product,
        "version": told.get("service.version", "") if same else "",
        "os": told.get("os.family") or told.get("os.product", ""),
        "device": (told.get("hw.device") or told.get("os.device", "")).lower(),
        "hostname": told.get("host.name", ""),
    }
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if value and not getattr(facts, name)}
    names = _cpe_names(facts, told, same)
    system = " ".join(dict.fromkeys(told[name] for name in ("os.vendor", "os.product", "os.version") if name in told))
    details = [("system", system)] if system and "system" not in dict(facts.details) else []
    if not changes and not names and not details:
        return facts
    return replace(
        replace(facts, **changes),
        cpe23=(*facts.cpe23, *names),
        confidence=max(facts.confidence, _CONFIDENCE) if fresh else facts.confidence,
        details=(*facts.details, *details, (DETAIL, text(source.encode()))),
    )


def _cpe_names(facts: Facts, told: Mapping[str, str], same_product: bool) -> list[str]:
    """Names of parts (application, system, hardware) that have none yet."""
    parts = {name[:_CPE_PARTS] for name in facts.cpe23}
    found = []
    for key in ("service.cpe23", "os.cpe23", "hw.cpe23"):
        written = told.get(key, "")
        name = written if is_cpe23(written) else cpe_of_uri(written)
        if name and name[:_CPE_PARTS] not in parts and (same_product or key != "service.cpe23"):
            found.append(name)
    return found
