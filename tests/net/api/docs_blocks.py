"""The examples of a Markdown page: each block of Python, and the text that it is said to print."""

from __future__ import annotations

import re
from typing import NamedTuple

_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    line: int
    code: str
    printed: str | None
    """None where the page does not tell."""


def examples(page: str) -> list[Example]:
    return [Example(page.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in _BLOCK.finditer(page)]
