from __future__ import annotations

import pytest

from hatoba.reports.limits import limits
from tests.unit.reports.scans import ended


@pytest.mark.parametrize(
    ("loss", "missed", "words"),
    [
        (0.0, 0.0, []),
        (0.2, 5.6e-05, ["fewer than 0.001 answers"]),
        (0.2, 0.0412, ["about 0.041 answers"]),
        (0.0004, 26.0, ["about 26 answers"]),
        (None, None, ["asked only once", "not known"]),
        (0.1, None, ["asked only once", "not known"]),
        (0.0, 0.0025, []),
    ],
)
def test_what_may_be_missing_is_said_in_one_sentence(loss: float | None, missed: float | None, words: list[str]) -> None:
    told = limits(ended(loss=loss, expected_missed=missed), 0)
    assert len(told) == bool(words)
    assert all(word in told[0] for word in words)


def test_of_a_scan_that_was_stopped_nothing_is_said_to_be_complete() -> None:
    """What it had not told yet is not missing: nobody was told that it is silent."""
    told = limits(ended(loss=0.2, expected_missed=0.0, interrupted=True), 3)
    assert len(told) == 2
    assert "3 addresses were not asked" in told[0]
    assert told[1] == "About 20.0 % of the probes or their answers were lost."


def test_what_this_machine_lost_is_said() -> None:
    assert limits(ended(capture_drops=1500), 0) == [
        "This machine was too slow for 1,500 answers; a lower --max-rate avoids that."
    ]
