from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from hatoba.reports.quantities import duration, latency, moment, number, time_left


@pytest.mark.parametrize(
    ("rtt_s", "text"),
    [
        (0.0, "<0.01 ms"),
        (0.000034, "0.03 ms"),
        (0.0004, "0.4 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (0.123, "123 ms"),
        (0.9996, "1.0 s"),
        (1.26, "1.3 s"),
    ],
)
def test_latency(rtt_s: float, text: str) -> None:
    assert latency(rtt_s) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.314, "0.31 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7325, "2 h 2 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_number_and_moment() -> None:
    assert number(65410) == "65,410"
    assert moment(1795437482.25, UTC) == "2026-11-23 12:38:02+00:00"
    assert moment(1795437482.25, timezone(timedelta(hours=9))) == "2026-11-23 21:38:02+09:00"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (23.6, "24 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_time_left_is_told_to_the_second(seconds: float, text: str) -> None:
    assert time_left(seconds) == text


def test_seconds_are_translated_as_minutes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.reports.quantities._", lambda text: text.replace(" s", " 秒"))
    assert (time_left(1), duration(0.23), duration(12.3)) == ("1 秒", "0.23 秒", "12.3 秒")
