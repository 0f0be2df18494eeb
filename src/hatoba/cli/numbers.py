"""Numbers and times on the command line: a value that is none gets one sentence, with the option that it was given to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import click

from hatoba.errors import UsageError
from hatoba.messages import _

Number = TypeVar("Number", int, float)


Callback = Callable[[click.Context, click.Parameter, str | None], int | None]


def whole_number(lowest: int = 0, highest: int | None = None) -> Callback:
    """A callback for an option whose value is a whole number; with *highest*, one from *lowest* to *highest*.

    It raises UsageError for anything else. Without *highest* the bounds are whoever reads the value's.
    """

    def converted(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        number = _number(int, value)
        if highest is not None and (number is None or not lowest <= number <= highest):
            raise UsageError(
                _("{option} {value}: a whole number from {lowest} to {highest} belongs here").format(
                    option=param.opts[-1], value=value, lowest=lowest, highest=highest
                )
            )
        if number is None:
            raise UsageError(_("{option} {value}: a whole number belongs here").format(option=param.opts[-1], value=value))
        return number

    return converted


def rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A callback for an option whose value is a number of probes a second. Raises UsageError for what is no number."""
    if value is None:
        return None
    number = _number(float, value)
    if number is None:
        raise UsageError(
            _("{option} {value}: a rate is a number of probes a second, for instance 100").format(
                option=param.opts[-1], value=value
            )
        )
    return number


_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+)(ms|s|m|h|)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S = 2_147_483
"""The system waits for no more than 2^31 ms at once (poll(2)); ncat and OpenBSD's nc have this bound as well."""


def duration(none: bool = False) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    """A callback for an option whose value is a time as nmap writes it, in seconds: ``2``, ``500ms``, ``2m``, ``1h``. With
    *none* it may be 0, which stands for no such time at all. Raises UsageError for anything else."""

    def converted(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
        if value is None:
            return None
        match = _TIME.fullmatch(value)
        if match is None:
            raise UsageError(
                _("{option} {value}: a time is a number of seconds, or has its unit behind it: 500ms, 30s, 2m, 1h").format(
                    option=param.opts[-1], value=value
                )
            )
        seconds = float(match[1]) * _SECONDS[match[2].lower()]
        if seconds > _LONGEST_S:
            raise UsageError(
                _("{option} {value}: a time of at most {longest} belongs here").format(
                    option=param.opts[-1], value=value, longest=f"{_LONGEST_S // 3600}h"
                )
            )
        if not seconds and not none:
            raise UsageError(_("{option} {value}: this time must be above 0").format(option=param.opts[-1], value=value))
        return seconds

    return converted


def _number(kind: Callable[[str], Number], text: str) -> Number | None:
    try:
        return kind(text)
    except ValueError:
        return None
