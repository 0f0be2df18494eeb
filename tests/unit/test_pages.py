"""The pages of docs and beside them: every link leads somewhere, and both languages tell the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *(ROOT / "benchmarks").glob("*.md")])
ENGLISH = sorted(page.name for page in DOCS.glob("*.md") if not page.name.endswith(".ja.md"))
TABLES_IN_ENGLISH_ONLY = {"agreement.md", "matrix.md"}
"""A program writes their figures, into the English page; the other one tells what they mean."""

_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


def prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """As the forges make them: small letters, hyphens for spaces, without marks."""
    titles = (title.strip().lower() for _level, title in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def commands(page: Path) -> list[str]:
    """The command lines of its code blocks, whatever language they ask for and whatever stands behind them as a comment."""
    lines = "\n".join(_BLOCK.findall(page.read_text(encoding="utf-8"))).splitlines()
    typed = [match[1] for line in lines if (match := re.match(r"(?:\S*[$#] +)?(hatoba .*)", line))]
    typed = [line for line in typed if not line.startswith("hatoba has ")]  # what it says, not what is said to it
    return [re.split(r"\s{2,}", line.replace("hatoba --lang ja ", "hatoba "))[0].strip() for line in typed]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _hash, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", ENGLISH)
def test_a_page_is_there_in_both_languages_and_says_so(name: str) -> None:
    english, japanese = DOCS / name, DOCS / name.replace(".md", ".ja.md")
    assert f"]({japanese.name})" in english.read_text(encoding="utf-8")
    assert f"]({english.name})" in japanese.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_show_the_same_commands_and_as_many_chapters(name: str) -> None:
    english, japanese = DOCS / name, DOCS / name.replace(".md", ".ja.md")
    assert commands(japanese) == commands(english)
    if name not in TABLES_IN_ENGLISH_ONLY:
        levels = [[level for level, _title in _HEADING.findall(prose(page))] for page in (english, japanese)]
        assert levels[0] == levels[1]
        rows = [len(re.findall(r"^\|", prose(page), re.MULTILINE)) for page in (english, japanese)]
        assert rows[0] == rows[1]
