"""The pages on signatures."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[4] / "docs"
PAGES = ("signatures.md", "signatures.ja.md")


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks in a language (empty: in none) of a page, in their order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [body for said, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if said == language]
