from __future__ import annotations

from io import StringIO

import pytest

from hatoba.model import State
from hatoba.reports.colour import bold, by_state, faint, wants_colour


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(stream: StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert wants_colour(stream, environ) is wanted


def test_every_colour_is_taken_back() -> None:
    assert by_state("x", State.OPEN) == "\x1b[1;32mx\x1b[0m"
    assert by_state("x", State.UNFILTERED) == "x"
    assert bold("x").endswith("\x1b[0m")
    assert faint("x").endswith("\x1b[0m")
