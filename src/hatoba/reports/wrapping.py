"""Lines of text broken to the width of a terminal.

A Japanese character takes two columns and needs no space to break at.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from hatoba.reports.text import width

NARROWEST = 20
"""Text is not squeezed below so many columns: the terminal breaks it then."""

_NOT_FIRST = frozenset("、。，．・：；？！）」』】〉》ー々ゃゅょっャュョッ…,.)]};:!?")
"""Characters that do not begin a line (JIS X 4051)."""
_NOT_LAST = frozenset("（「『【〈《([{")
"""Characters that do not end one."""


def indented(text: str, indent: str, columns: int | None) -> list[str]:
    """*text* behind *indent* and, where a screen has so many *columns*, in as many lines as it takes; None: in one line."""
    if columns is None:
        return [f"{indent}{text}"]
    return [f"{indent}{line}" for line in wrapped(text, max(columns - width(indent), NARROWEST))]


def wrapped(text: str, columns: int) -> list[str]:
    """*text* as lines of at most *columns* columns, but for pieces that can't be broken. Runs of spaces count as one."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(" ".join(text.split())):
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line else lines


def _pieces(text: str) -> Iterator[str]:
    """What must stay together: words with the space behind them, and wide characters with what may not leave them."""
    piece = ""
    for character in text:
        if piece and _may_break(piece[-1], character):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if before == " ":
        return True
    if after == " " or after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
