"""Colours for terminals, and only there (https://no-color.org)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from hatoba.model import State

_STATES = {State.OPEN: "1;32", State.OPEN_FILTERED: "33", State.FILTERED: "33", State.CLOSED: "2"}
_RESET = "\x1b[0m"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether *stream* is a terminal that shows colours and its owner has not refused them."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "") != "dumb"


def by_state(text: str, state: State) -> str:
    """*text* in the colour of a state."""
    code = _STATES.get(state)
    return f"\x1b[{code}m{text}{_RESET}" if code else text


def bold(text: str) -> str:
    return f"\x1b[1m{text}{_RESET}"


def faint(text: str) -> str:
    return f"\x1b[2m{text}{_RESET}"
