"""nmap's timing templates, and what the user says of timing himself: the latter wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _

NAMES = ("paranoid", "sneaky", "polite", "normal", "aggressive", "insane")
"""nmap's words for -T0 to -T5."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a template sets. None: nothing, the network decides."""

    scan_delay_s: float | None = None
    host_timeout_s: float | None = None
    initial_rtt_timeout_s: float | None = None
    min_rtt_timeout_s: float | None = None
    max_rtt_timeout_s: float | None = None
    max_retries: int | None = None


TEMPLATES = (
    Timing(scan_delay_s=300.0),
    Timing(scan_delay_s=15.0),
    Timing(scan_delay_s=0.4),
    Timing(),
    Timing(max_rtt_timeout_s=1.25, initial_rtt_timeout_s=0.5, max_retries=6),
    Timing(max_rtt_timeout_s=0.3, initial_rtt_timeout_s=0.25, min_rtt_timeout_s=0.05, max_retries=2, host_timeout_s=900.0),
)
"""The figures of nmap's reference guide, "Timing and Performance"."""


def timing_of(given: Mapping[str, Any]) -> Timing:
    """The timing of a command line. Raises UsageError where its time-outs contradict each other."""
    lowest, initial, highest = (given[f"{name}_rtt_timeout"] for name in ("min", "initial", "max"))
    _in_order("--min-rtt-timeout", lowest, "--max-rtt-timeout", highest)
    _in_order("--min-rtt-timeout", lowest, "--initial-rtt-timeout", initial)
    _in_order("--initial-rtt-timeout", initial, "--max-rtt-timeout", highest)
    template = Timing() if given["timing"] is None else TEMPLATES[given["timing"]]
    # What the template sets gives way to what was said.
    low = template.min_rtt_timeout_s if lowest is None else lowest
    high = template.max_rtt_timeout_s if highest is None else highest
    first = template.initial_rtt_timeout_s if initial is None else initial
    if lowest is None:
        low = _at_most(_at_most(low, high), initial)
    if highest is None:
        high = _at_least(_at_least(high, low), initial)
    if initial is None:
        first = _at_most(_at_least(first, low), high)
    return Timing(
        scan_delay_s=_unless_zero(given["scan_delay"], template.scan_delay_s),
        host_timeout_s=_unless_zero(given["host_timeout"], template.host_timeout_s),
        initial_rtt_timeout_s=first,
        min_rtt_timeout_s=low,
        max_rtt_timeout_s=high,
        max_retries=template.max_retries if given["max_retries"] is None else given["max_retries"],
    )


def _in_order(lower: str, low: float | None, higher: str, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise UsageError(
            _("{lower} {low:g} is above {higher} {high:g}: exchange them, or leave one out").format(
                lower=lower, low=low, higher=higher, high=high
            )
        )


def _unless_zero(given: float | None, of_template: float | None) -> float | None:
    return of_template if given is None else given or None


def _at_most(value: float | None, bound: float | None) -> float | None:
    return value if value is None or bound is None else min(value, bound)


def _at_least(value: float | None, bound: float | None) -> float | None:
    return value if value is None or bound is None else max(value, bound)
