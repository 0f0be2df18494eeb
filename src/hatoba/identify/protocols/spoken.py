"""Protocols that say in words what they are: a row for each in a table is enough.

The pattern is one of the whole answer's beginning, so what comes after it changes nothing; its named groups are facts as in
:mod:`~hatoba.identify.protocols.product`. Text that a stranger chose stands in patterns only up to a bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from hatoba.identify.protocols.product import Product, named, words_of
from hatoba.identify.protocols.protocol import Answers
from hatoba.identify.protocols.text import text
from hatoba.service import Facts

_MOST_EVIDENCE, _SEEN_BYTES = 160, 80


def spoken(
    name: str, pattern: bytes, products: Sequence[Product] = (), confidence: int = 8
) -> Callable[[Answers], Facts | None]:
    """A reader of answers that begin with *pattern*. What it matched names the program among *products*; with none of them,
    groups called ``extra``, ``hostname`` and ``version`` are told as they are."""
    begins = re.compile(pattern, re.DOTALL)

    def read(answers: Answers) -> Facts | None:
        found = begins.match(answers[0])
        if found is None:
            return None
        groups = {group: text(value) for group, value in found.groupdict().items() if value}
        facts = Facts(
            name,
            version=groups.get("version", ""),
            extra=groups.get("extra", ""),
            hostname=groups.get("hostname", ""),
            confidence=confidence,
            evidence=found[0].strip()[:_MOST_EVIDENCE],
        )
        told = named(facts, found[0], products)
        if told.version.encode() in facts.evidence[:_SEEN_BYTES]:
            return told
        return replace(told, evidence=words_of(found[0], products))

    return read


def more(read: Callable[[Answers], Facts | None], products: Sequence[Product]) -> Callable[[Answers], Facts | None]:
    """*read*, and what the answers to further questions say of the program."""

    def read_more(answers: Answers) -> Facts | None:
        facts = read(answers)
        if facts is None or len(answers) < 2:
            return facts
        told = named(facts, answers[1], products)
        return told if told is facts else replace(told, evidence=words_of(answers[1], products))

    return read_more
