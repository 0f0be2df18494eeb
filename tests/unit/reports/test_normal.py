from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.reports.golden import same_as_golden
from tests.unit.reports.scans import PLAIN, SCANS, everyday, report


@pytest.mark.parametrize("scan", ["everyday", "interrupted"])
def test_the_table_between_two_lines_of_comment(scan: str) -> None:
    text = report("normal", SCANS[scan]())
    same_as_golden(f"normal-{scan}.txt", text)
    assert report("table", SCANS[scan]()) == "".join(text.splitlines(keepends=True)[1:-1])


def test_never_coloured() -> None:
    assert "\x1b" not in report("normal", everyday(), replace(PLAIN, colour=True))
