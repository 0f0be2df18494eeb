"""The choices of a scan, checked against each other."""

from __future__ import annotations

from typing import Any

import pytest

from hatoba.cli.scan_options import ScanOptions, options_of
from hatoba.errors import UsageError


def options(**changes: Any) -> ScanOptions:
    given: dict[str, Any] = {
        **dict.fromkeys(("ports", "exclude_ports", "top_ports", "min_rate", "max_rate", "max_retries", "timing")),
        **dict.fromkeys(("interface", "scope_file", "seed")),
        **dict.fromkeys(("fast", "syn", "connect", "ipv4", "ipv6", "all_addresses", "authorized"), False),
        **dict.fromkeys(("open_only", "reason", "explain", "progress"), False),
        **dict.fromkeys(("inputs", "exclude", "exclude_files", "jsonl", "xml", "grepable", "normal", "all_formats"), ()),
        "targets": ("198.18.0.2",),
        "verbose": 0,
    }
    return options_of(given | changes)


def test_defaults() -> None:
    chosen = options()
    assert (chosen.top_ports, chosen.ports, chosen.method, chosen.families) == (1000, None, None, {4})
    assert chosen.outputs == ()
    assert chosen.table
    assert (chosen.plan.min_rate_pps, chosen.plan.max_rate_pps, chosen.plan.max_retries) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "ports", "top"),
    [({"ports": "22"}, "22", None), ({"fast": True}, None, 100), ({"top_ports": 7}, None, 7), ({"ports": ""}, "", None)],
)
def test_ports(changes: dict[str, Any], ports: str | None, top: int | None) -> None:
    chosen = options(**changes)
    assert (chosen.ports, chosen.top_ports) == (ports, top)


@pytest.mark.parametrize(
    ("changes", "families"),
    [
        ({"ipv4": True}, {4}),
        ({"ipv6": True}, {6}),
        ({"ipv4": True, "ipv6": True}, {4, 6}),
        ({"all_addresses": True}, {4, 6}),
        ({"all_addresses": True, "ipv6": True}, {6}),
    ],
)
def test_families(changes: dict[str, Any], families: set[int]) -> None:
    assert options(**changes).families == families


def test_outputs_and_where_the_table_goes() -> None:
    chosen = options(jsonl=("-",), xml=("a", "b"), all_formats=("x.y",))
    assert set(chosen.outputs) == {
        *(("jsonl", "-"), ("xml", "a"), ("xml", "b")),
        *(("normal", "x.y.nmap"), ("xml", "x.y.xml"), ("grepable", "x.y.gnmap"), ("jsonl", "x.y.jsonl")),
    }
    assert not chosen.table


@pytest.mark.parametrize(("timing", "rate"), [(0, 1 / 300), (1, 1 / 15), (2, 2.5), (3, None), (4, None), (5, None)])
def test_a_gentle_timing_bounds_the_rate(timing: int, rate: float | None) -> None:
    assert options(timing=timing).plan.max_rate_pps == rate


def test_rates_that_are_named_come_before_a_timing() -> None:
    assert options(timing=2, max_rate=50).plan.max_rate_pps == 50
    assert options(timing=2, min_rate=50).plan.max_rate_pps is None
    assert options(timing=2, min_rate=1).plan.max_rate_pps == 2.5


def test_exclusions_are_divided_at_commas() -> None:
    assert options(exclude=("198.18.0.1,198.18.0.2", "a, b")).exclude == ("198.18.0.1", "198.18.0.2", "a", " b")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": ()}, "hatoba scan localhost"),
        ({"ports": "22", "fast": True}, "-p and -F"),
        ({"fast": True, "top_ports": 5}, "-F and --top-ports"),
        ({"syn": True, "connect": True}, "keep one of them"),
        ({"xml": ("-",), "jsonl": ("-",)}, "two reports would go to standard output"),
        ({"xml": ("f",), "jsonl": ("f",)}, "two reports would go to f"),
        ({"xml": ("",)}, "is empty"),
        ({"all_formats": ("-",)}, "-oA monday"),
        ({"min_rate": 10.0, "max_rate": 5.0}, "--min-rate 10 is above --max-rate 5"),
        ({"seed": -1}, "--seed -1"),
        ({"seed": 1 << 63}, "2^63 - 1"),
        ({"min_rate": 0.0}, "--min-rate 0"),
        ({"max_rate": -1.0}, "--max-rate -1"),
        ({"max_rate": float("nan")}, "--max-rate nan"),
        ({"max_rate": float("inf")}, "--max-rate inf"),
    ],
)
def test_what_does_not_go_together_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as told:
        options(**changes)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
