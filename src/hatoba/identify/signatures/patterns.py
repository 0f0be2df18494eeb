"""Patterns from files that others wrote, held against bytes that strangers said: in time that grows with the bytes alone.

A backtracking matcher takes ages for some patterns (``(a+)+b``) as soon as a stranger knows what to say. RE2 builds an
automaton instead: no text takes it longer than in proportion to its length and the pattern's size, and the size is bounded
here. What can't be matched so (look-around, back-references, possessive forms) it refuses. It is an extra,
``hatoba[signatures]``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from hatoba.errors import UsageError
from hatoba.messages import _N, _, translated
from hatoba.targets.quoting import shown

MOST_BYTES = 1 << 13
"""Of an answer: what stands behind is not looked at."""
_MOST_MEMORY_BYTES = 1 << 18
"""Of one pattern's automaton: with so much text a search takes some tenths of a second at the very worst, and a few
microseconds as a rule."""

_LETTER_AS_ONE = re.compile(r"[^\x00-\x7f][*+?{]|\[[^\]]*[^\x00-\x7f]")
_HIGH_BYTE = re.compile(r"\\x(?:[89A-Fa-f][0-9A-Fa-f]|\{)")

_NO_LOOKING_AROUND = _N(
    "{what} looks ahead, looks behind or never goes back, which can't be matched in bounded time: leave it out"
)
_REASONS = (
    ("invalid perl operator", _NO_LOOKING_AROUND),
    (
        r"invalid escape sequence: \\[1-9]",
        _N("{what} refers back to a group, which can't be matched in bounded time: leave it out"),
    ),
    ("invalid escape sequence", _N("there is no escape {what}: write the character itself")),
    (r"missing \)", _N("a bracket ( has no end: close it, or write \\( for the character")),
    (r"unexpected \)", _N("a bracket ) has no beginning: open it, or write \\) for the character")),
    (r"missing \]", _N("a bracket [ has no end: close it, or write \\[ for the character")),
    ("no argument for repetition", _N("there is nothing before {what} to repeat: write \\{what} for the character")),
    ("bad repetition operator", _N("{what} repeats a repetition: leave one of them")),
    ("invalid repetition size", _N("{what} repeats more than 1,000 times, or backwards: write less")),
    ("invalid character class range", _N("{what} is no range of characters: the smaller one comes first")),
    (r"trailing \\", _N("it ends with a backslash: write two for the character")),
    ("invalid named capture group", _N("{what} is no name for a group: take letters, digits and _, each name once")),
    ("duplicate capture group", _N("{what} is no name for a group: take letters, digits and _, each name once")),
    ("pattern too large", _N("it is too large: shorten it, or what it repeats")),
)


class BadPattern(Exception):
    """A pattern that can't be taken; the message says why, and what to write instead."""


class Found(NamedTuple):
    """Where a pattern was found."""

    whole: bytes
    groups: tuple[bytes, ...]
    """Group 1 and the rest; empty where one took no part."""
    named: Mapping[str, bytes]


class Pattern:
    """A pattern on bytes. Text in it stands for its bytes in UTF-8."""

    def __init__(self, written: str, *, ignore_case: bool = False, dot_all: bool = False, multiline: bool = False) -> None:
        """*dot_all*: a dot is any byte; *multiline*: ``^`` and ``$`` are the ends of lines, too. Raises BadPattern, and
        UsageError where RE2 is not installed."""
        self.written = written
        flags = "".join(letter for letter, wanted in (("i", ignore_case), ("s", dot_all), ("m", multiline)) if wanted)
        self._re2 = _compiled(f"(?{flags}:{written})" if flags else written, written)
        self.names: dict[str, int] = {name.decode(): number for name, number in self._re2.groupindex.items()}
        """Groups by their names."""
        self.groups: int = self._re2.groups

    def search(self, said: bytes) -> Found | None:
        """Where it is found first, in the first :data:`MOST_BYTES`."""
        found = self._re2.search(said[:MOST_BYTES])
        if found is None:
            return None
        groups = tuple(group or b"" for group in found.groups())
        return Found(found.group(0), groups, {name: groups[number - 1] for name, number in self.names.items()})


def _compiled(whole: str, written: str) -> Any:
    re2 = _library()
    options = re2.Options()
    # Bytes are bytes, whatever they would mean as text; but a letter of several bytes counts as one where it is repeated or
    # stands in a class. All of that pattern is held against text in UTF-8 then, which is the price.
    letters = bool(_LETTER_AS_ONE.search(written)) and not _HIGH_BYTE.search(written)
    options.encoding = re2.Options.Encoding.UTF8 if letters else re2.Options.Encoding.LATIN1
    options.max_mem = _MOST_MEMORY_BYTES
    options.log_errors = False
    try:
        return re2.compile(whole.encode("utf-8"), options)
    except UnicodeEncodeError as error:
        raise BadPattern(_("it holds half a character: write \\x and two digits for a byte")) from error
    except re2.error as error:
        raise BadPattern(_reason(error.args[0], written)) from error


def _reason(said: bytes | str, written: str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    what = shown(words.partition(": ")[2] or written)
    for beginning, reason in _REASONS:
        if re.match(beginning, words):
            return translated(reason).format(what=what)
    return shown(words)


@cache
def _library() -> Any:
    try:
        import re2
    except ImportError:
        raise UsageError(
            _("signatures are matched by RE2, which is not installed: pip install 'hatoba[signatures]' brings it")
        ) from None
    return re2
