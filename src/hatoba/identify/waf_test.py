"""Whether something in front of a web server refuses what looks like an attack, and whose it is (``--waf-test``).

::

    1  harmless      GET /?hatoba=harmless                                           what the server answers anybody
    2  suspicious    GET /?hatoba=<script>...&file=../../etc/passwd&id=1' OR '1'='1  the same, in a parameter that nobody reads
    3  harmless      again, only if 2 fared worse than 1: or it was too many questions, not what was asked
    4  host          Host: 192.0.2.1, a number                                      only if 3 was answered as 1
    5  agent         User-Agent: nothing
    6  host, agent   both

A connection each, six at most. The last three look like no attack. The OWASP Core Rule Set counts points against a request, and
refuses at 5: a number for a host is 3 (rule 920350), an empty user agent 2 (rule 920330). Whoever answers each of them and
refuses both counts as it does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from hatoba.identify.listening import Heard
from hatoba.identify.protocols import Question
from hatoba.identify.protocols.http import head_of, request
from hatoba.identify.protocols.http_shields import WAF, refused_by, shields_of
from hatoba.identify.protocols.text import first_line
from hatoba.service import Facts, WebShield

HARMLESS = "/?hatoba=harmless"
SUSPICIOUS = "/?" + "&".join(
    f"{name}={quote(value)}"
    for name, value in (
        ("hatoba", "<script>alert('hatoba')</script>"),
        ("file", "../../../../etc/passwd"),
        ("id", "1' OR '1'='1"),
    )
)
NUMBER = "192.0.2.1"
"""Of RFC 5737: nobody's address."""
NAME = "hatoba.invalid"
RULE_SET = "OWASP Core Rule Set"
_ENGINES = {"Caddy httpd": "Coraza", "Envoy": "Coraza", "Apache httpd": "ModSecurity"}
"""What carries out the rules inside these servers; nginx has modules of both."""

Ask = Callable[[Question], Awaitable[Heard | None]]
"""Asks on a connection of its own; None where none came about."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """0 where nothing was answered."""

    status: int
    line: bytes
    shields: tuple[WebShield, ...]
    refusing: tuple[WebShield, ...]

    def worse_than(self, other: _Answer) -> bool:
        """Refused where the *other* was not: an error or nothing instead of something else, or the page of a WAF."""
        known = {shield.name for shield in other.shields if shield.sign == "page"}
        page = any(shield.sign == "page" and shield.name not in known for shield in self.refusing)
        return page or (self.status != other.status and (not self.status or self.status >= 400))


def _answer(heard: Heard | None) -> _Answer:
    head = head_of(heard.data) if heard is not None else None
    if head is None or heard is None:
        return _Answer(0, b"", (), ())
    body = heard.data[head.size_bytes :]
    line = first_line(heard.data).encode()
    shields = shields_of(head.status, head.fields, body)
    return _Answer(head.status, line, shields, refused_by(head.status, head.fields, body))


async def waf_tested(facts: Facts, host: str, ask: Ask) -> Facts:
    """*facts* of a web server with what the test showed; *host*: as it is asked for."""
    name = NAME if host.startswith("[") or re.fullmatch(r"[\d.:]+", host) else host

    async def answered(path: str, host: str = host, **more: str) -> _Answer:
        return _answer(await ask(request(host, path=path, **more)))

    usual = await answered(HARMLESS)
    if not usual.status:
        return _noted(facts, "no-answer")
    suspicious = await answered(SUSPICIOUS)
    if not suspicious.worse_than(usual):
        return _noted(facts, "no-difference")
    if (await answered(HARMLESS)).worse_than(usual):
        return _noted(facts, "unsteady")
    alone = [await answered(HARMLESS, NUMBER), await answered(HARMLESS, name, agent="")]
    both = await answered(HARMLESS, NUMBER, agent="")
    counts = both.status == suspicious.status and not any(one.status == both.status for one in alone)
    return _noted(facts, "refused", _named(facts, suspicious, both if counts else None))


def _named(facts: Facts, refusal: _Answer, counted: _Answer | None) -> WebShield:
    """Who refused: by its own words, by the way in which it counts, by what the server shows anybody, or nobody knows."""
    if refusal.refusing:
        return refusal.refusing[0]
    if counted is not None:
        engine = _ENGINES.get(facts.product, "ModSecurity or Coraza")
        return WebShield(f"{RULE_SET} ({engine})", WAF, "scoring", counted.line)
    shown = next((shield.name for shield in facts.shields if "waf" in shield.kinds), "")
    return WebShield(shown, WAF, "refusal", refusal.line)


def _noted(facts: Facts, outcome: str, shield: WebShield | None = None) -> Facts:
    others = () if shield is None else (*(one for one in facts.shields if one.name != shield.name), shield)
    return replace(facts, details=(*facts.details, ("waf-test", outcome)), shields=others or facts.shields)
