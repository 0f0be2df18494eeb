from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import plot
from benchmarks.plot import drawn, position

SVG = "{http://www.w3.org/2000/svg}"


def contender(name: str, median_s: float, *statuses: int) -> dict[str, Any]:
    return {"name": name, "median_s": median_s, "runs": [{"status": status} for status in statuses]}


RESULTS = {
    "machine": {"date": "2026-11-26 <now>"},
    "works": [
        {
            "name": "one",
            "contenders": [contender("hatoba", 2.0, 0), contender("slow & sure", 8.0, 0), contender("quick", 1.0, 0)],
        },
        {"name": "alone", "contenders": [contender("hatoba", 2.0, 0)]},
        {"name": "two", "contenders": [contender("hatoba", 1.0, 0), contender("endless", 1000.0, 0, -9)]},
    ],
}


def bars(text: str) -> list[ElementTree.Element]:
    """All rectangles but the background."""
    return ElementTree.fromstring(text).findall(f"{SVG}rect")[1:]


def test_bars_go_from_one_to_the_ratio_and_no_further_than_the_scale() -> None:
    slow, quick, endless = bars(drawn(RESULTS))
    assert float(slow.attrib["x"]) == pytest.approx(position(1.0), abs=0.1)
    assert float(slow.attrib["width"]) == pytest.approx(position(4.0) - position(1.0), abs=0.1)
    assert float(quick.attrib["x"]) == pytest.approx(position(0.5), abs=0.1)
    assert float(quick.attrib["width"]) * 2 == pytest.approx(float(slow.attrib["width"]), abs=0.2), "a logarithmic scale"
    assert float(endless.attrib["x"]) + float(endless.attrib["width"]) == pytest.approx(plot._WIDTH - plot._RIGHT, abs=0.2)
    assert slow.attrib["fill"] == endless.attrib["fill"] != quick.attrib["fill"]


def test_who_was_stopped_is_told_apart() -> None:
    text = drawn(RESULTS)
    assert [bar.attrib["fill-opacity"] for bar in bars(text)] == ["1", "1", "0.4"]
    told = [element.text for element in ElementTree.fromstring(text).findall(f"{SVG}text")]
    assert {"> 1000.00", "4.00", "0.50", "slow & sure", "one", "alone", "two"} <= set(told)


def test_the_picture_is_of_the_latest_run_on_record() -> None:
    folder = Path(plot.__file__).parent
    latest = max((folder / "results").glob("*.json"))
    assert (folder / "results.svg").read_text(encoding="utf-8") == drawn(json.loads(latest.read_text(encoding="utf-8")))
