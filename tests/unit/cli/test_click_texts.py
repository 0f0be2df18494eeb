"""Our table holds what the installed click can say."""

from __future__ import annotations

import ast
from pathlib import Path

import click

from hatoba.cli.click_texts import COUNTING_TEXTS, NOT_SAID, TEXTS

_OTHER_SYSTEMS = {"_winconsole.py"}


def _said_by_click() -> set[str]:
    said = set()
    for path in Path(click.__file__).parent.glob("*.py"):
        if path.name in _OTHER_SYSTEMS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_" | "ngettext"), args=[ast.Constant(value=str(text)), *_]):
                    said.add(text)
    return said


def test_every_text_of_click_is_known() -> None:
    known = {*TEXTS, *NOT_SAID, *(singular for singular, _plural in COUNTING_TEXTS)}
    assert _said_by_click() - known == set()


def test_no_text_is_both_said_and_not() -> None:
    assert not {*TEXTS} & {*NOT_SAID}
