"""The stored tables, read when first asked and kept.

``data/*.tsv`` begin with one line of head (``# format=1 source=... body-sha256=...``). ``ports.tsv`` and ``today.tsv`` then
hold ``ports <tab> letters <tab> name <tab> description``, where *ports* is a number or a range and *letters* say for which
protocols it holds; in ``today.tsv`` the description is a number in :data:`hatoba.registry.products.PRODUCTS`. ``ranking.tsv``
and ``hints.tsv`` hold ``letter <tab> ports <tab> number of a text`` (in ``reasons.py`` and ``hints.py``), the first in the
order of the ranking.
``tools/registry/generate.py`` writes all of these; reading plain lines is quicker here than unpacking something smaller.

``protocols.tsv`` holds ``number <tab> keyword <tab> description``: the protocols above IP, which an IP protocol scan asks for.
It is kept by hand: IANA's "Assigned Internet Protocol Numbers" with all records up to 147, BIT-EMU (RFC 9801, June 2025).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hatoba.model import Protocol

LETTERS = {"t": Protocol.TCP, "u": Protocol.UDP, "s": Protocol.SCTP, "d": Protocol.DCCP}
WITH_PORTS = tuple(LETTERS.values())
"""The protocols that have ports."""

Records = dict[int, tuple[str, str]]
"""Name and description by port."""

_FOLDER = Path(__file__).parent / "data"


def _lines(name: str) -> list[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()[1:]


def head(name: str) -> dict[str, str]:
    """The head of a table: ``format``, ``source``, ``index-sha256``, ``body-sha256``."""
    with (_FOLDER / name).open(encoding="utf-8") as lines:
        first = next(lines)
    return dict(word.split("=", 1) for word in first.split() if "=" in word)


@cache
def _records(name: str) -> dict[Protocol, Records]:
    tables: dict[str, Records] = {letter: {} for letter in LETTERS}
    for line in _lines(name):
        ports, letters, word, description = line.split("\t")
        value = (word, description)
        if "-" in ports:
            first, last = ports.split("-")
            values = dict.fromkeys(range(int(first), int(last) + 1), value)
            for letter in letters:
                tables[letter].update(values)
        else:
            port = int(ports)
            for letter in letters:
                tables[letter][port] = value
    return {protocol: tables[letter] for letter, protocol in LETTERS.items()}


def assigned(protocol: Protocol) -> Records:
    """IANA's records that say something: names, and ports that are reserved; of IP the protocols above it. Not to be
    changed."""
    return _protocols() if protocol is Protocol.IP else _records("ports.tsv").get(protocol, {})


@cache
def _protocols() -> Records:
    """Keywords in small letters, as reports write them."""
    fields = (line.split("\t") for line in _lines("protocols.tsv"))
    return {int(number): (keyword.lower(), description) for number, keyword, description in fields}


@cache
def today(protocol: Protocol) -> Records:
    """Our overlay."""
    from hatoba.registry.products import PRODUCTS

    records = _records("today.tsv").get(protocol, {})
    return {port: (name, PRODUCTS[int(number)]) for port, (name, number) in records.items()}


@cache
def services(protocol: Protocol) -> dict[int, str]:
    """The word that reports show, by port; a port without any is missing."""
    words = {port: name for port, (name, _description) in assigned(protocol).items() if name}
    words.update((port, name) for port, (name, _number) in _records("today.tsv").get(protocol, {}).items())
    return words


@cache
def _numbered(name: str, protocol: Protocol) -> dict[int, int]:
    wanted = next((letter for letter, of in LETTERS.items() if of is protocol), None)
    numbers: dict[int, int] = {}
    for line in _lines(name):
        letter, ports, number = line.split("\t")
        if letter == wanted:
            for part in ports.split(","):
                first, _, last = part.partition("-")
                numbers.update(dict.fromkeys(range(int(first), int(last or first) + 1), int(number)))
    return numbers


def ranked(protocol: Protocol) -> dict[int, int]:
    """The ports of the ranking's table in their order, each with the number of its reason. Not to be changed."""
    return _numbered("ranking.tsv", protocol)


def hint(port: int, protocol: Protocol) -> str:
    """What an open port means and what to do about it; empty for most ports."""
    from hatoba.registry.hints import HINTS

    number = _numbered("hints.tsv", protocol).get(port)
    return "" if number is None else HINTS[number]
