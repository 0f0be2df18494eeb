"""The pages on signatures: their files are read without a mistake, and say in both languages the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hatoba.cli.main import main
from hatoba.identify.signatures.recog_texts import DATABASES
from hatoba.identify.signatures.toml_fields import KNOWN
from hatoba.identify.signatures.toml_reading import read_signatures
from tests.unit.identify.signatures.pages import DOCS, PAGES, blocks

NAMES = ["greenhouse", "https"]


@pytest.mark.parametrize("page", PAGES)
def test_its_files_are_as_they_should_be(page: str, tmp_path: Path) -> None:
    for name, block in zip(NAMES, blocks(page, "toml"), strict=True):
        path = tmp_path / "page.toml"
        path.write_text(block, encoding="utf-8")
        read = read_signatures(path)
        assert read.mistakes == ()
        assert [one.name for one in read.signatures] == [name]


def test_both_languages_have_the_same_blocks() -> None:
    english, japanese = PAGES
    assert blocks(english, "toml") == blocks(japanese, "toml")
    assert blocks(english, "") == blocks(japanese, "")


@pytest.mark.parametrize("page", PAGES)
def test_every_field_and_every_database_is_described(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert [name for name in KNOWN if f"`{name}" not in text] == []
    for database in DATABASES:
        field = database.removeprefix("http_header")
        assert f"`{database}`" in text or f"`{field}`" in text


def test_what_the_check_says(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = blocks(PAGES[0], "toml")[0]
    Path("greenhouse.toml").write_text(block)
    assert main(["--lang", "en", "signatures", "check", "greenhouse.toml"]) == 0
    shown = blocks(PAGES[0], "")
    assert f"$ hatoba signatures check greenhouse.toml\n{capsys.readouterr().out}" in shown[1]
    Path("greenhouse.toml").write_text(block.replace("{version}", "{vresion}", 1))
    assert main(["--lang", "en", "signatures", "check", "greenhouse.toml"]) == 2
    assert capsys.readouterr().err == shown[2]


def test_what_it_says_of_size_is_true() -> None:
    from hatoba.identify.signatures.patterns import MOST_BYTES

    for page in PAGES:
        assert re.search(rf"{MOST_BYTES >> 10} KB", (DOCS / page).read_text(encoding="utf-8"))
