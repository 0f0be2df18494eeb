"""What ``hatoba ports`` was asked for: words turned into entries of the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hatoba.errors import HatobaError, UsageError
from hatoba.messages import _
from hatoba.model import Protocol
from hatoba.registry import by_name, lookup, near_names, search
from hatoba.registry.entry import HIGHEST, PortEntry
from hatoba.registry.store import WITH_PORTS

_NUMBERS = re.compile(r"[\d-]+(/.*)?", re.ASCII)
"""What can only be meant as a port or a range, well written or not. No service name is without a letter."""


@dataclass(frozen=True, slots=True)
class Asked:
    entries: list[PortEntry]
    """In order of port within what each word found."""
    from_ranges: frozenset[int] = frozenset()
    """Ports that only a range asked for: a table leaves out those that have no name."""

    @property
    def one_port(self) -> bool:
        return not self.from_ranges and len({entry.port for entry in self.entries}) == 1


def ask(words: Sequence[str], protocol: Protocol | None) -> Asked:
    """The entries that *words* ask for, each once. Raises UsageError for what is malformed, HatobaError for a name that
    nothing goes by."""
    parts = [part.strip() for word in words for part in word.split(",")]
    if not all(parts):
        raise UsageError(_("there is nothing between two commas, or before or after one; type for example 22,80,443"))
    found: dict[tuple[int, Protocol], PortEntry] = {}
    single: set[int] = set()
    ranged: set[int] = set()
    for part in parts:
        if _NUMBERS.fullmatch(part):
            ports, of = _span(part, protocol)
            (single if len(ports) == 1 else ranged).update(ports)
            entries = [entry for port in ports for entry in _of_port(port, of)]
        else:
            entries = by_name(part, protocol)
            single.update(entry.port for entry in entries)
            if not entries:
                return Asked(_by_words(words, parts, part, protocol))
        found.update(((entry.port, entry.protocol), entry) for entry in entries)
    return Asked(list(found.values()), frozenset(ranged - single))


def _of_port(port: int, protocol: Protocol | None) -> Iterator[PortEntry]:
    """TCP and UDP always; SCTP and DCCP where they have a word to say."""
    if protocol is not None:
        yield lookup(port, protocol)
        return
    for of in WITH_PORTS:
        entry = lookup(port, of)
        if of in (Protocol.TCP, Protocol.UDP) or entry.known:
            yield entry


def _span(part: str, protocol: Protocol | None) -> tuple[range, Protocol | None]:
    numbers, slash, word = part.partition("/")
    if slash:
        named = next((of for of in WITH_PORTS if of.word == word.lower()), None)
        if named is None or (protocol is not None and named is not protocol):
            raise UsageError(_("{text!r} names no protocol that is asked for; type for example 53/udp").format(text=part))
        protocol = named
    bounds = re.fullmatch(r"(\d+)(?:(-)(\d*))?", numbers, re.ASCII)
    if bounds is None:
        raise UsageError(_("{text!r} is no port and no range; type for example 443 or 8000-8100").format(text=part))
    first, last = (_port(text) if text else HIGHEST for text in (bounds[1], bounds[3] if bounds[2] else bounds[1]))
    if first > last:
        raise UsageError(_("the range {text} counts down; type {last}-{first}").format(text=part, first=first, last=last))
    return range(first, last + 1), protocol


def _port(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    if len(digits) > 5 or int(digits) > HIGHEST:
        raise UsageError(_("there is no port {number}; ports go from 0 to 65535").format(number=digits))
    return int(digits)


def _by_words(words: Sequence[str], parts: Sequence[str], missing: str, protocol: Protocol | None) -> list[PortEntry]:
    """What holds the words somewhere, where no number and no pattern is among them."""
    if not any(_NUMBERS.fullmatch(part) or "*" in part or "?" in part for part in parts):
        found = search(" ".join(words).replace(",", " "), protocol)
        if found:
            return found
    near = near_names(missing)
    if near:
        raise HatobaError(
            _("no port goes by the name {name!r}; did you mean {near}?").format(name=missing, near=", ".join(near))
        )
    raise HatobaError(_("no port goes by the name {name!r}; try a word of its description").format(name=missing))
