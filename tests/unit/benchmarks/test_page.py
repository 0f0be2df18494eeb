"""The results as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.beds import Bed
from benchmarks.contenders import Contender
from benchmarks.measure import Measured, Run, Series
from benchmarks.page import BEGIN, END, as_json, markdown, renew
from benchmarks.works import Work
from hatoba.lab import Lab


def run(wall_s: float, status: int = 0, **differences: int) -> Run:
    told = {name.replace("_", " "): count for name, count in differences.items()}
    return Run(
        wall_s, cpu_s=wall_s / 2, peak_bytes=50_000_000, sent=1000, sending_s=wall_s / 2, status=status, differences=told
    )


def nowhere(_lab: Lab) -> Bed:
    raise AssertionError("nothing is scanned here")


OURS = Contender("hatoba --syn", ("python", "-m", "hatoba"), ours=True)
PEER = Contender("nmap -sS", ("nmap", "-sS"))


def measured(ours: list[Run], peer: list[Run]) -> Measured:
    work = Work("one-host", "SYN, one host", nowhere, (OURS, PEER), limit_s=20)
    return Measured(work, 100, (Series(OURS, ours), Series(PEER, peer)))


def test_the_ratio_is_that_of_the_medians() -> None:
    text = markdown([measured([run(0.5), run(9.0), run(0.4)], [run(1.0), run(2.0), run(1.5)])], {"kernel": "Linux 6"})
    assert text.startswith("kernel Linux 6.\n")
    assert "| `hatoba --syn` | 0.50 s |  | 0.004 M | 0.25 s | 50 MB | 3 of 3 |" in text
    assert "| `nmap -sS` | 1.50 s | 3.00 times | 0.001 M | 0.75 s | 50 MB | 3 of 3 |" in text


def test_wrong_states_are_told() -> None:
    text = markdown([measured([run(1)], [run(2, open_as_closed=1), run(2, open_as_closed=3)])], {})
    assert "0 of 2 |" in text
    assert "- `nmap -sS`: ports told wrong in the worst run: 3 open as closed\n" in text


def test_a_run_that_was_stopped_is_a_lower_bound() -> None:
    text = markdown([measured([run(1)], [run(20.0, status=-9, missing=100)])], {})
    assert "| `nmap -sS` | > 20.00 s | > 20.00 times |" in text
    assert "- `nmap -sS`: stopped after 20 s in 1 of 1 runs\n" in text


def test_it_is_told_where_our_time_goes() -> None:
    ours = replace(run(2.0), kernel_s=0.75, before_s=0.5, paused_s=0.25, after_s=0.125)
    text = markdown([measured([ours], [run(1)])], {})
    assert "| one-host | 2.00 s | 0.50 s | 1.12 s | 0.25 s | 0.12 s | 0.25 s | 0.75 s |" in text


def test_json_holds_every_run() -> None:
    data = json.loads(json.dumps(as_json([measured([run(1), run(2)], [run(3, open_as_closed=1)])], {"kernel": "Linux 6"})))
    contenders = data["works"][0]["contenders"]
    assert [one["wall_s"] for one in contenders[0]["runs"]] == [1, 2]
    assert contenders[1]["runs"][0]["differences"] == {"open as closed": 1}
    assert data["machine"] == {"kernel": "Linux 6"}


def test_only_what_is_between_the_markers_is_renewed(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    renew(page, "new")
    renew(page, "newer")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\nnewer\n{END}\nafter\n"


def test_a_page_without_markers_stays_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN} but no end", encoding="utf-8")
    with pytest.raises(ValueError, match="are missing"):
        renew(page, "new")
    assert page.read_text(encoding="utf-8") == f"{BEGIN} but no end"


def test_the_real_page_has_its_markers() -> None:
    text = (Path(__file__).resolve().parents[3] / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
