"""The numbers of a call."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from hatoba.api.plan import FIELDS, plan_of
from hatoba.errors import UsageError
from hatoba.model import Ping, ScanPlan


def said(**values: Any) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(ScanPlan)}
    return {name: defaults[name] for name in FIELDS} | values


def test_every_field_of_a_plan_can_be_said() -> None:
    assert {*FIELDS, "methods", "pings", "all_ports"} == {field.name for field in fields(ScanPlan)}


def test_what_is_said_stands_in_the_plan() -> None:
    plan = plan_of(("syn",), (Ping("ack"),), said(seed=0, max_retries=3, max_rate_pps=2.5, tcp_flags=0, traceroute=True))
    expected = ScanPlan(("syn",), 0, (Ping("ack"),), 3, None, 2.5, seed=0, traceroute=True)
    assert plan == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seed": -1}, "seed -1: it can't be below 0"),
        ({"min_rate_pps": float("nan")}, "min_rate_pps nan"),
        ({"max_rate_pps": float("inf")}, "max_rate_pps inf"),
        ({"host_timeout_s": -0.5}, "host_timeout_s -0.5: a time is a number of seconds above 0"),
        ({"tcp_flags": -1}, "tcp_flags -1: a whole number from 0 to 255"),
        ({"source_port": 65536}, "source_port 65536: a whole number from 1 to 65535"),
        ({"min_rate_pps": 3, "max_rate_pps": 2}, "min_rate_pps 3 is above max_rate_pps 2: exchange them, or leave one out"),
        ({"initial_rtt_timeout_s": 3, "max_rtt_timeout_s": 2}, "initial_rtt_timeout_s 3 is above max_rtt_timeout_s 2"),
        ({"min_rtt_timeout_s": 3, "initial_rtt_timeout_s": 2}, "min_rtt_timeout_s 3 is above initial_rtt_timeout_s 2"),
    ],
)
def test_mistakes_are_one_sentence(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as told:
        plan_of(("connect",), (), said(**values))
    assert words in str(told.value)
