"""Every example of docs/api.md, run as it stands on a host of the lab beside the practice hosts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.lab import Lab
from hatoba.lab.topologies.practice import Practice, practice
from tests import needs
from tests.net.api.docs_blocks import Example, examples

DOCS = Path(__file__).resolve().parents[3] / "docs"
ENGLISH = examples((DOCS / "api.md").read_text(encoding="utf-8"))
JAPANESE = examples((DOCS / "api.ja.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hosts() -> Iterator[Practice]:
    needs.require_lab()
    needs.require_program("nft")
    with Lab("docs") as lab:
        yield practice(lab)


def test_the_page_has_examples() -> None:
    assert len(ENGLISH) >= 8


def test_both_languages_show_the_same_examples() -> None:
    assert [(example.code, example.printed) for example in ENGLISH] == [(e.code, e.printed) for e in JAPANESE]


@pytest.mark.parametrize("example", ENGLISH, ids=[f"line-{example.line}" for example in ENGLISH])
def test_an_example_does_what_the_page_says(hosts: Practice, example: Example, tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = hosts.scanner.run([sys.executable, "-P", "-c", example.code], env=environment)
    assert done.returncode == 0, done.stderr
    # Verdicts come in the order in which they become known, which is not the page's.
    assert sorted(done.stdout.splitlines()) == sorted((example.printed or "").splitlines())
