"""docs/nc.md and docs/nc.ja.md: their command lines are taken, and both have the same tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hatoba.cli.nc import command

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / "nc.md", DOCS / "nc.ja.md"]
MORE_PAGES = [DOCS / "nc-tls.md", DOCS / "nc-tls.ja.md"]


def rows(page: Path) -> list[list[str]]:
    """The first two columns of every row of the tables of letters."""
    letters = page.read_text().partition("\n`--compat openbsd`")[2]
    found = re.findall(r"^\| (`-[^|]*?) \| ([^|]*?) \|", letters, re.MULTILINE)
    return [[first, second] for first, second in found]


@pytest.mark.parametrize("page", [*PAGES, *MORE_PAGES], ids=lambda page: page.name)
def test_every_command_line_is_taken(page: Path) -> None:
    lines = re.findall(r"^\$ hatoba nc (.*?)(?:   .*)?$", page.read_text(), re.MULTILINE)
    assert len(lines) >= 10
    for line in lines:
        words = shlex.split(re.split(r" [<>] ", line)[0])
        assert command.make_context("nc", words).params["words"]


def test_both_pages_have_the_same_letters() -> None:
    letters = [[(first, second if second.startswith("`") else "") for first, second in rows(page)] for page in PAGES]
    assert letters[0] == letters[1]
    assert len(letters[0]) > 80
