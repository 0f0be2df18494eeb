"""What counts as right beside the truth, and how both programs' words are read."""

from __future__ import annotations

import pytest

from benchmarks.systems import judge, read_hatoba, read_nmap
from tests.unit.reports.scans import report
from tests.unit.reports.systems import systems


@pytest.mark.parametrize(
    ("names", "mark"),
    [
        (["Linux 4.19 to 7.x"], "right"),
        (["Linux 5.0 - 6.20"], "right"),
        (["Linux 5.3 - 5.4"], "family"),
        (["Linux 6.1"], "family"),
        (["Linux 4.19 to 7.x", "FreeBSD 12 to 15"], "family"),
        (["FreeBSD 12 to 15"], "wrong"),
        ([], "none"),
    ],
)
def test_what_is_right(names: list[str], mark: str) -> None:
    assert judge(names, "6.18.44") == mark


def test_both_are_read_alike() -> None:
    ours, theirs = read_hatoba(report("jsonl", systems())), read_nmap(report("xml", systems()))
    assert ours["198.18.0.2"] == theirs["198.18.0.2"] == ["Linux 4.19 to 7.x"]
    assert ours["198.18.0.6"] == theirs["198.18.0.6"] == []
