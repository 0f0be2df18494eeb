"""The pages of the UDP questions are what the table says, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.messages import use_language
from hatoba.probes.udp_questions import QUESTIONS
from tools import udp_questions as pages


@pytest.fixture(autouse=True)
def english_after() -> Iterator[None]:
    yield
    use_language("en")


def test_the_stored_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main(["check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("language", pages.PAGES)
def test_every_question_has_its_row(language: str) -> None:
    rows = [line.split(" | ") for line in pages.page(language).splitlines() if line.startswith("| ") and "`" in line]
    assert sorted(row[1] for row in rows) == sorted(f"`{question.name}`" for question in QUESTIONS)
    assert all(len(row) == 6 for row in rows)


def test_all_is_translated() -> None:
    english, japanese = pages.page("en"), pages.page("ja")
    for question in QUESTIONS:
        assert f"| {question.expects} |" in english
        assert f"| {question.expects} |" not in japanese, question.name


def test_what_is_stale_or_missing_is_told_and_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main(["check"], tmp_path) == 1
    assert pages.main([], tmp_path) == 0
    assert pages.main(["check"], tmp_path) == 0
    stored = tmp_path / pages.PAGES["ja"]
    stored.write_text(stored.read_text(encoding="utf-8").replace("dns-root", "dns-roots"), encoding="utf-8")
    capsys.readouterr()
    assert pages.main(["check"], tmp_path) == 1
    assert (
        capsys.readouterr().out == "docs/udp-questions.ja.md is not what the table says; run: python tools/udp_questions.py\n"
    )
    assert pages.main(["other"], tmp_path) == 2


@pytest.mark.parametrize(
    ("ports", "text"),
    [((53,), "53"), ((1813, 1812), "1812, 1813"), ((5, 1, 2, 3, 9, 8), "1–3, 5, 8, 9")],
)
def test_ports_in_words(ports: tuple[int, ...], text: str) -> None:
    assert pages.ports_text(ports) == text
