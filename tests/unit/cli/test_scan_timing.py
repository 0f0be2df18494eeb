"""nmap's templates, and what comes before them."""

from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_timing import NAMES, TEMPLATES, Timing, timing_of
from hatoba.errors import UsageError


def timing(**said: Any) -> Timing:
    names = ("scan_delay", "host_timeout", "initial_rtt_timeout", "min_rtt_timeout", "max_rtt_timeout", "max_retries", "timing")
    return timing_of({**dict.fromkeys(names), **said})


@pytest.mark.parametrize("template", range(6))
def test_a_template_alone(template: int) -> None:
    assert timing(timing=template) == TEMPLATES[template]


def test_the_templates_have_nmaps_figures() -> None:
    assert [template.scan_delay_s for template in TEMPLATES] == [300, 15, 0.4, None, None, None]
    assert [template.max_rtt_timeout_s for template in TEMPLATES] == [None, None, None, None, 1.25, 0.3]
    assert [template.host_timeout_s for template in TEMPLATES] == [None, None, None, None, None, 900]
    assert [template.max_retries for template in TEMPLATES] == [None, None, None, None, 6, 2]
    assert len(NAMES) == len(TEMPLATES)


def test_nothing_said_is_left_to_the_network() -> None:
    assert timing() == Timing()


def test_what_is_said_comes_before_a_template() -> None:
    said = timing(timing=5, max_rtt_timeout=2.0, max_retries=9, host_timeout=60.0, scan_delay=1.0)
    assert said == Timing(1.0, 60.0, 0.25, 0.05, 2.0, 9)


def test_zero_takes_a_time_of_the_template_away() -> None:
    assert timing(timing=5, host_timeout=0.0).host_timeout_s is None
    assert timing(timing=2, scan_delay=0.0).scan_delay_s is None


@pytest.mark.parametrize(
    ("said", "low", "initial", "high"),
    [
        ({"max_rtt_timeout": 0.02}, 0.02, 0.02, 0.02),
        ({"min_rtt_timeout": 0.5}, 0.5, 0.5, 0.5),
        ({"initial_rtt_timeout": 1.0}, 0.05, 1.0, 1.0),
        ({"initial_rtt_timeout": 0.01}, 0.01, 0.01, 0.3),
        ({"min_rtt_timeout": 0.2, "max_rtt_timeout": 0.22}, 0.2, 0.22, 0.22),
    ],
)
def test_a_template_gives_way_to_what_contradicts_it(said: dict[str, float], low: float, initial: float, high: float) -> None:
    found = timing(timing=5, **said)
    assert (found.min_rtt_timeout_s, found.initial_rtt_timeout_s, found.max_rtt_timeout_s) == (low, initial, high)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"min_rtt_timeout": 2.0, "max_rtt_timeout": 1.0}, "--min-rtt-timeout 2 is above --max-rtt-timeout 1"),
        ({"initial_rtt_timeout": 2.0, "max_rtt_timeout": 1.0}, "--initial-rtt-timeout 2 is above --max-rtt-timeout 1"),
        ({"min_rtt_timeout": 2.0, "initial_rtt_timeout": 1.0}, "--min-rtt-timeout 2 is above --initial-rtt-timeout 1"),
    ],
)
def test_what_contradicts_itself_is_refused(said: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        timing(**said)
