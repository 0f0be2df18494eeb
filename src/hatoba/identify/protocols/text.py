"""Bytes of strangers as text, bounded."""

from __future__ import annotations

MOST_CHARACTERS = 160
"""Of one fact: a name or a title is shorter, and what is longer is no name."""


def text(raw: bytes, most: int = MOST_CHARACTERS) -> str:
    """*raw* as UTF-8, what is none of it replaced, white space drawn together. It may still hold characters that act: reports
    show them through ``reports.text``."""
    return " ".join(raw[: 4 * most].decode("utf-8", "replace").split())[:most]


def first_line(raw: bytes, most: int = MOST_CHARACTERS) -> str:
    """The first line that has anything on it."""
    return text(raw.lstrip(b"\r\n").split(b"\n", 1)[0], most)
