"""One of Recog's databases as XML: read by expat, as elements come, in bounded size.

A document type could declare entities, which could grow without end or fetch what a stranger wants: a file with one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from hatoba.messages import _, system_words

MOST_BYTES = 1 << 24


class NoDatabase(Exception):
    """What is wrong with a file, for people."""


@dataclass(slots=True)
class Raw:
    """A fingerprint as it stands in a file."""

    pattern: str
    flags: str
    line: int
    description: str = ""
    parameters: list[tuple[str, int, str]] = field(default_factory=list)
    examples: list[tuple[Mapping[str, str], str]] = field(default_factory=list)


def parsed(path: Path) -> tuple[str, list[Raw]]:
    """The name of the database (empty where the file has none), and its fingerprints. Raises NoDatabase."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NoDatabase(system_words(error)) from error
    if len(data) > MOST_BYTES:
        raise NoDatabase(_("it has more than 16 MB"))
    document = _Document()
    try:
        document.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NoDatabase(_("it is no XML at line {line}").format(line=error.lineno)) from error
    if not document.is_database:
        raise NoDatabase(_("its outermost element is not fingerprints"))
    return document.matches, document.fingerprints


class _Document:
    """Takes the elements."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.is_database = False
        self.matches = ""
        self.fingerprints: list[Raw] = []
        self._depth = 0
        self._words: list[str] | None = None
        self._attributes: dict[str, str] = {}

    def _refuse(self, *_declared: object) -> None:
        raise NoDatabase(_("it declares a document type, which none of them does"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_database, self.matches = name == "fingerprints", attributes.get("matches", "")
        elif self._depth == 2 and name == "fingerprint":
            raw = Raw(attributes.get("pattern", ""), attributes.get("flags", ""), self.parser.CurrentLineNumber)
            self.fingerprints.append(raw)
        elif self._depth == 3 and self.fingerprints:
            self._words, self._attributes = [], attributes
            position = attributes.get("pos", "0")
            if name == "param" and position.isdecimal() and len(position) < 4:
                self.fingerprints[-1].parameters.append(
                    (attributes.get("name", ""), int(position), attributes.get("value", ""))
                )

    def _text(self, words: str) -> None:
        if self._words is not None:
            self._words.append(words)

    def _end(self, name: str) -> None:
        if self._depth == 3 and self._words is not None and self.fingerprints:
            if name == "description":
                self.fingerprints[-1].description = "".join(self._words)
            elif name == "example":
                self.fingerprints[-1].examples.append((self._attributes, "".join(self._words)))
            self._words = None
        self._depth -= 1
