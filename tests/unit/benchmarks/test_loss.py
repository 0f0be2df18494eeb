"""Predicted and real misses: the way in memory that loses packets, the rows, the tables and the picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import loss_page
from benchmarks.loss import Row
from benchmarks.lossy_way import scan


def test_what_a_scan_says_of_a_lossy_way_is_true() -> None:
    end, missed, missed_open = scan(0.1, 4000, 40, max_retries=1, seed=1)
    assert end.counts["filtered"] == 2000 + missed
    assert missed >= missed_open
    assert end.loss == pytest.approx(0.19, abs=0.03)
    assert end.expected_missed == pytest.approx(missed, rel=0.3)
    assert missed == pytest.approx(2000 * 0.19**2, rel=0.4)


@pytest.mark.parametrize("retries", [0, None])
def test_a_scan_repeats_until_nothing_is_missing_or_says_that_it_does_not_know(retries: int | None) -> None:
    end, missed, _missed_open = scan(0.2, 2000, 20, retries, seed=2)
    if retries is None:
        assert missed == 0
        assert end.expected_missed is not None
        assert end.expected_missed < 0.001
    else:
        assert missed > 0
        assert end.expected_missed is None
        assert end.loss is None


def row(predicted: float | None, missed: int, retries: int | None = 1) -> Row:
    made = Row(5, retries)
    made.add(0.1, predicted, missed, 1, 100)
    made.seconds.append(1.5)
    return made


def test_a_row_agrees_within_chance() -> None:
    assert row(100.0, 110).agrees
    assert not row(100.0, 160).agrees
    assert not row(0.0, 9).agrees
    assert row(None, 500).agrees


def test_the_tables_say_what_is_not_known() -> None:
    text = loss_page.way_table([row(None, 500, 0), row(12.34, 11)], 10_000, "en")
    assert "| 5 % | 0 | 1 | 9.75 % | 10.00 % | can't be known | 500 | 1 |" in text
    assert "| 12.3 | 11 | 1 |" in text
    lab = loss_page.lab_table([row(0.0001, 0, None)], "en")
    assert "1 of 1" in lab
    assert "不明" in loss_page.way_table([row(None, 500, 0)], 10_000, "ja")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_picture_has_a_point_for_each_prediction(language: str) -> None:
    drawn = ElementTree.fromstring(loss_page.drawn([row(100.0, 90), row(None, 50, 0), row(10.0, 0, 2)], language))
    circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 2 + 3, "two points, three in the legend"


@pytest.mark.parametrize("name", ["loss.md", "loss.ja.md"])
def test_the_pages_can_be_renewed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (loss_page.DOCS / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(page, encoding="utf-8")
    monkeypatch.setattr(loss_page, "DOCS", tmp_path)
    language = "ja" if ".ja." in name else "en"
    for part in (loss_page.WAY, loss_page.LAB):
        loss_page.renew(language, part, "| new |")
    renewed = (tmp_path / name).read_text(encoding="utf-8")
    assert renewed.count("| new |") == 2
    assert renewed.splitlines()[0] == page.splitlines()[0]
    assert renewed.splitlines()[-1] == page.splitlines()[-1]
