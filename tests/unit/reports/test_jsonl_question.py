from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.errors import UsageError
from hatoba.model import Ping, Protocol, ScanInfo, ScanPlan, Shard
from hatoba.reports.jsonl_question import plan_of, question_fields, targets_of
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.written import names_of, written

PLAN = ScanPlan(
    methods=("syn", "udp"),
    tcp_flags=18,
    pings=(Ping("icmp-echo"), Ping("syn", (22, 443))),
    max_retries=3,
    max_rate_pps=1000.0,
    scan_delay_s=0.4,
    prove_closed=True,
    seed=2**63 - 1,
    interface="eth0",
)


def line(plan: ScanPlan = PLAN) -> dict[str, Any]:
    targets = build_targets(["198.18.0.2:22", "fd00:18::/126"], ports=parse_ports("1-9,U:53")).targets
    seed, names = plan.seed or 0, names_of(targets)
    info = ScanInfo("0", (), (), 5, 0.0, seed, plan=plan, targets=written(targets), names=names)
    said: dict[str, Any] = json.loads(json.dumps({"seed": str(info.seed), **question_fields(info, plan, open_only=True)}))
    return said


def test_there_and_back() -> None:
    said = line()
    assert plan_of(said) == PLAN
    assert said["open_only"] is True
    targets = targets_of(said)
    assert len(targets) == 5
    assert targets.blocks[1].ports[Protocol.UDP].tolist() == [53]


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    said = line()
    said["plan"]["new"] = 1
    assert plan_of(said) == PLAN


def test_a_whole_number_where_seconds_belong() -> None:
    said = line()
    said["plan"]["scan_delay_s"] = 2
    assert plan_of(said).scan_delay_s == 2.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_retries", "3"), ("max_rate_pps", [1]), ("prove_closed", None), ("interface", 7), ("pings", 7), ("methods", 7)],
)
def test_a_plan_that_is_none(name: str, value: object) -> None:
    said = line()
    said["plan"][name] = value
    with pytest.raises((KeyError, TypeError, ValueError)):
        plan_of(said)


@pytest.mark.parametrize("shard", [Shard(1, 3), Shard(3, 3), Shard(2, 1000)])
def test_the_hosts_of_a_part_have_the_numbers_that_they_had(shard: Shard) -> None:
    ports, resolver = parse_ports("22"), lambda _name, family: [ip_address("198.18.4.7")] if family == 4 else []
    asked = [
        "198.18.0.0/22",
        "198.18.9.0",
        "198.18.11.0-3:80",
        "fd00:18::ffff:ffff:ffff:ff00/120",
        "fd00:18:0:1::/120",
        "seven.example",
    ]
    targets = build_targets(asked, ports=ports, resolver=resolver, shard=shard).targets
    info = ScanInfo("0", (), (), len(targets), 0.0, plan=PLAN, targets=written(targets), names=names_of(targets))
    said = json.loads(json.dumps(question_fields(info, PLAN, open_only=False)))
    said["shard"] = {"number": shard.number, "count": shard.count, "all_addresses": targets.all_addresses}
    read = targets_of(said)
    assert [read.address(index) for index in range(len(read))] == [targets.address(index) for index in range(len(targets))]
    assert (read.shard, read.all_addresses, read.asked_names) == (shard, targets.all_addresses, targets.asked_names)


@pytest.mark.parametrize(
    "shard", [{}, 7, {"number": 1, "count": 0, "all_addresses": 5}, {"number": 4, "count": 3, "all_addresses": 5}]
)
def test_a_part_that_is_none(shard: object) -> None:
    with pytest.raises((UsageError, KeyError, TypeError, ValueError)):
        targets_of(line() | {"shard": shard})


@pytest.mark.parametrize("ports", ["99999", "x", "U:53"])
def test_targets_that_are_none(ports: str) -> None:
    said = line()
    said["targets"][0]["ports"] = {"tcp": ports}
    with pytest.raises((UsageError, KeyError, TypeError, ValueError)):
        targets_of(said)
