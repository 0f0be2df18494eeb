"""Numbers and times of the command line, and what is said of what is none."""

from __future__ import annotations

import click
import pytest

from hatoba.cli.numbers import duration, rate, whole_number
from hatoba.errors import UsageError

CONTEXT = click.Context(click.Command("scan"))
OPTION = click.Option(["-m", "--most"])


def test_numbers_are_converted() -> None:
    assert whole_number()(CONTEXT, OPTION, "70000") == 70000
    assert whole_number(0, 100)(CONTEXT, OPTION, "100") == 100
    assert rate(CONTEXT, OPTION, "0.5") == 0.5


def test_an_option_that_is_not_given_has_no_number() -> None:
    assert whole_number(0, 100)(CONTEXT, OPTION, None) is None
    assert rate(CONTEXT, OPTION, None) is None


@pytest.mark.parametrize("value", ["x", "", "1.5", "-1", "101"])
def test_what_is_no_number_of_the_range_is_named_with_its_option(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        whole_number(0, 100)(CONTEXT, OPTION, value)
    assert str(caught.value) == f"--most {value}: a whole number from 0 to 100 belongs here"


def test_without_bounds_only_numbers_are_looked_at() -> None:
    assert whole_number()(CONTEXT, OPTION, "-5") == -5
    with pytest.raises(UsageError, match="--most x: a whole number belongs here"):
        whole_number()(CONTEXT, OPTION, "x")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("500ms", 0.5), ("30s", 30.0), ("2m", 120.0), ("1H", 3600.0), ("1.5", 1.5), (".25", 0.25), ("1.", 1.0)],
)
def test_times_are_nmaps(value: str, seconds: float) -> None:
    assert duration()(CONTEXT, OPTION, value) == seconds
    assert duration()(CONTEXT, OPTION, None) is None


@pytest.mark.parametrize("value", ["soon", "", "-1", "1 s", "2d", "1e3", "nan", "1.5.2", "²", "ms", "9" * 400])
def test_what_is_no_time(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        duration()(CONTEXT, OPTION, value)
    assert str(caught.value).startswith(f"--most {value}: a time is a number of seconds, or has its unit behind it: 500ms")


def test_no_time_is_longer_than_the_system_can_wait() -> None:
    longest_s = duration()(CONTEXT, OPTION, "2147483")
    assert longest_s is not None
    assert longest_s * 1000 < 1 << 31
    assert duration()(CONTEXT, OPTION, "596h") == 596 * 3600
    with pytest.raises(UsageError, match="--most 597h: a time of at most 596h belongs here"):
        duration()(CONTEXT, OPTION, "597h")


def test_no_time_at_all_is_for_some() -> None:
    assert duration(none=True)(CONTEXT, OPTION, "0ms") == 0
    with pytest.raises(UsageError, match="--most 0: this time must be above 0"):
        duration()(CONTEXT, OPTION, "0")


def test_what_is_no_rate() -> None:
    with pytest.raises(UsageError, match="--most fast: a rate is a number of probes a second"):
        rate(CONTEXT, OPTION, "fast")
