"""The pages on systems name every system, trait, shield and ruling that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hatoba.identify.systems.table import rows
from hatoba.identify.systems.traits import heard_from, host_traits, port_traits
from hatoba.system import Ruling, ShieldKind
from tests.personalities import PERSONALITIES, personality
from tests.systems_seen import seen

DOCS = Path(__file__).parents[2] / "docs"


def first_column(page: str) -> set[str]:
    """What stands in the first column of any of its tables, without marks."""
    cells = re.findall(r"^\| (.+?) \|", page, re.MULTILINE)
    return {word.strip("`") for cell in cells for word in ([cell] if "`" not in cell else cell.split(", "))}


@pytest.mark.parametrize("name", ["systems.md", "systems.ja.md"])
def test_everything_is_on_the_page(name: str) -> None:
    told = first_column((DOCS / name).read_text(encoding="utf-8"))
    assert {row.name for row in rows()} <= told
    assert set(Ruling) <= told
    assert set(ShieldKind) <= told
    heard = [heard_from(seen(personality(which))) for which in PERSONALITIES]
    traits = {trait for one in heard for trait in (*port_traits(one, 22), *host_traits(one))}
    assert {*traits, "service", "answers", "known"} <= told
