from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hatoba.model import Answer, Host, Ping, Protocol, Reason, ScanPlan, Shard, State, TakenOver, Verdict
from hatoba.results.batch import VERDICT, HostBatch, VerdictBatch
from hatoba.service import Outcome, Service
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.written import written
from tests.unit.reports.scans import (
    PLAIN,
    SCANS,
    SERVICES,
    Event,
    ended,
    everyday,
    hostile,
    hosts_only,
    info,
    protocols_above_ip,
    report,
    several_methods,
)
from tests.unit.results.rows import ROUTER, Hosts, closed, opened
from tests.unit.results.rows import batch as rows_of

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = DOCS / "schema" / "scan-1.json"
OPEN_ONLY = replace(PLAIN, open_only=True)
HOSTS = Hosts("198.18.0.2", "fe80::1%eth0", "fd00:18::2")


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for part in schema["$defs"].values():  # the schema lets readers live with new fields; our tests name them all
        if "properties" in part:
            part["additionalProperties"] = False
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def lines(text: str) -> list[dict[str, Any]]:
    assert text.endswith("\n")
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("open_only", [False, True])
def test_lines_follow_the_schema(scan: str, open_only: bool) -> None:
    for line in lines(report("jsonl", SCANS[scan](), replace(PLAIN, open_only=open_only))):
        validator().validate(line)


def test_a_scan_line_then_ports_and_hosts_then_an_end_line() -> None:
    found = lines(report("jsonl", everyday()))
    kinds = [line["type"] for line in found]
    assert kinds == ["scan"] + ["port"] * 911 + ["host"] * 3 + ["end"]
    assert list(found[1])[:6] == ["type", "address", "protocol", "port", "state", "reason"]
    assert found[0]["seed"] == "18446744073709551615"
    assert found[0]["started_at"] == "2026-11-23T12:38:02.250Z"
    assert found[-1]["hosts"] == {"up": 1, "down": 1, "total": 3}


def test_open_only_leaves_out_the_other_ports() -> None:
    found = lines(report("jsonl", everyday(), replace(PLAIN, open_only=True)))
    ports = [(line["address"], line["port"]) for line in found if line["type"] == "port"]
    assert ports == [("198.18.0.2", 6379), ("198.18.0.2", 22), ("198.18.0.2", 80)]


def test_the_documents_examples_follow_the_schema() -> None:
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / "output.md").read_text(encoding="utf-8"), re.DOTALL)
    found = [line for block in blocks for line in lines(block)]
    assert found
    for line in found:
        validator().validate(line)


def scan_line(events: Sequence[Event]) -> dict[str, Any]:
    return lines(report("jsonl", events))[0]


def test_the_first_line_names_each_method_and_what_it_asks() -> None:
    scans = scan_line(several_methods())["scans"]
    assert [(entry["method"], entry["protocol"], entry["port_count"]) for entry in scans] == [
        ("syn", "tcp", 62),
        ("udp", "udp", 63),
        ("sctp-init", "sctp", 2),
    ]
    assert scan_line(protocols_above_ip())["scans"][0]["protocol"] == "ip"
    assert scan_line(hosts_only())["scans"] == []


def test_each_line_names_the_method_of_its_protocol() -> None:
    hosts = Hosts("198.18.0.2")
    parts = [opened(53), opened(53, protocol=Protocol.UDP)]
    both = replace(rows_of(hosts, *parts), methods={17: "udp"})
    found = lines(report("jsonl", [info(), both, ended()]))[1:-1]
    assert [(line["protocol"], line["evidence"]["method"]) for line in found] == [("tcp", "syn"), ("udp", "udp")]


@st.composite
def batches(draw: st.DrawFn) -> VerdictBatch:
    made = np.zeros(draw(st.integers(1, 6)), VERDICT)
    codes: dict[str, Any] = {
        "host": range(3), "port": range(65536), "protocol": [p.value for p in Protocol], "state": [s.value for s in State],
        "reason": [r.value for r in Reason], "answer": [a.value for a in Answer],
        "contradicted": [0, Answer.RST, Answer.SYN_ACK],
        "responder": range(3),
    }  # fmt: skip
    for row in made:
        for name, values in codes.items():
            row[name] = draw(st.sampled_from(values))
        for name in ("probes", "answered_probe", "ttl", "icmp_type", "icmp_code"):
            row[name] = draw(st.integers(0, 255))
        row["rtt_s"] = draw(st.just(float("nan")) | st.floats(0, 3000, width=32, allow_subnormal=False))
    return VerdictBatch("syn", HOSTS, made, [ROUTER, HOSTS.address(1)])


def expected(verdict: Verdict) -> dict[str, Any]:
    """What a verdict's line says, written down the slow way."""
    known = verdict.evidence
    evidence = {"method": known.method, "probes": known.probes, "answer": known.answer}
    optional = {
        "answered_probe": known.answered_probe,
        "responder": known.responder and str(known.responder),
        "rtt_s": known.rtt_s,
        "ttl": known.ttl,
        "icmp_type": known.icmp_type,
        "icmp_code": known.icmp_code,
        "contradicted_by": list(known.contradicted_by) or None,
    }
    return {
        "type": "port",
        "address": str(verdict.address),
        "protocol": verdict.protocol.word,
        "port": verdict.port,
        "state": verdict.state.word,
        "reason": verdict.reason.word,
        "service": SERVICES.name(verdict.port, verdict.protocol) or None,
        "evidence": evidence | {name: value for name, value in optional.items() if value is not None},
    }


@given(batches())
def test_lines_put_together_say_what_the_verdicts_say(batch: VerdictBatch) -> None:
    found = lines(report("jsonl", [info(), batch, ended()]))[1:-1]
    wanted = [expected(verdict) for verdict in batch.verdicts()]
    for line, model in zip(found, wanted, strict=True):
        validator().validate(line)
        if (rtt_s := model["evidence"].pop("rtt_s", None)) is not None:
            assert line["evidence"].pop("rtt_s") == pytest.approx(rtt_s, rel=1e-5)
        assert line == model


@pytest.mark.parametrize("name", ["\x1b[2J", 'quote"\\', "\u202e", "\ud800", "波止場", "line\nbreak"])
def test_names_can_neither_break_a_line_nor_reach_a_terminal(name: str) -> None:
    text = report("jsonl", hostile(name))
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    host = lines(text)[2]
    assert host["names"] == [name if name != "\ud800" else "\ufffd" * 3]


def test_a_part_of_a_scan_says_which_and_a_whole_one_nothing() -> None:
    events = [info(shard=Shard(2, 3), address_count=5, all_addresses=16), ended()]
    first = lines(report("jsonl", events))[0]
    validator().validate(first)
    assert (first["shard"], first["address_count"]) == ({"number": 2, "count": 3, "all_addresses": 16}, 5)
    assert "shard" not in lines(report("jsonl", [info(), ended()]))[0]


@pytest.mark.parametrize(("open_only", "states"), [(False, ["up", "unknown", "down"]), (True, ["up"])])
def test_of_a_sweep_for_open_ports_silent_addresses_are_left_out(open_only: bool, states: list[str]) -> None:
    told = lines(report("jsonl", everyday(), replace(PLAIN, open_only=open_only)))
    assert [line["state"] for line in told if line["type"] == "host"] == states


def test_where_hosts_alone_are_looked_for_open_leaves_none_out() -> None:
    told = [lines(report("jsonl", hosts_only(), replace(PLAIN, open_only=open_only))) for open_only in (False, True)]
    assert any(line["type"] == "host" for line in told[0])
    assert told[0] == told[1]


def test_a_file_that_is_gone_on_with_gets_what_it_lacks() -> None:
    """What earlier runs told comes first: so many ports, and so many hosts."""
    hosts = Hosts("198.18.0.2", "198.18.0.3")
    told = [
        info(taken_over=TakenOver(3, 1, 1)),
        rows_of(hosts, opened([22, 80])),
        rows_of(hosts, opened(443)),
        Service(hosts.address(0), Protocol.TCP, 22, Outcome.SILENT),
        Host(hosts.address(0), state="up"),
        Service(hosts.address(0), Protocol.TCP, 80, Outcome.SILENT),
        rows_of(hosts, opened(8080, host=1)),
        Host(hosts.address(1), state="up", unfinished=True),
        ended(),
    ]
    found = lines(report("resumed", told, PLAIN))
    for line in found:
        validator().validate(line)
    assert [line["type"] for line in found] == ["resumed", "service", "port", "host", "end"]
    assert found[0]["taken_over"] == {"ports": 3, "hosts": 1, "services": 1}
    assert (found[1]["port"], found[2]["port"]) == (80, 8080)
    assert (found[3]["address"], found[3]["unfinished"]) == ("198.18.0.3", True)


def test_a_batch_of_hosts_that_a_file_has_already_is_passed_over() -> None:
    hosts = Hosts("198.18.0.2", "198.18.0.3", "198.18.0.4")
    told = [
        info(taken_over=TakenOver(0, 2), address_count=4, asked=()),
        HostBatch(hosts, np.array([0, 1]), "down", "no-response"),
        HostBatch(hosts, np.array([2]), "down", "no-response"),
        ended(interrupted=True, hosts_up=0, hosts_down=3, hosts_total=3),
    ]
    found = lines(report("resumed", told, OPEN_ONLY))
    assert [line.get("address") for line in found] == [None, "198.18.0.4", None]
    assert "1 address was not asked to the end" in found[-1]["limits"][0]


def test_what_was_asked_stands_in_the_first_line() -> None:
    targets = build_targets(["198.18.0.2:22", "fe80::1%lo", "198.18.0.8-9"], ports=parse_ports("1-9,U:53")).targets
    plan = ScanPlan(methods=("syn", "udp"), pings=(Ping("icmp-echo"),), seed=7)
    names = {targets.address(0): ("web", "w\x1b")}
    (line,) = lines(report("jsonl", [info(plan=plan, targets=written(targets), names=names)], PLAIN))
    validator().validate(line)
    assert line["targets"][0] == {"addresses": ["198.18.0.2"], "zone": None, "ports": {"tcp": "22", "udp": "22"}}
    assert line["names"] == {"198.18.0.2": ["web", "w\x1b"]}
    assert line["plan"]["pings"] == [{"method": "icmp-echo", "ports": [0]}]


def test_what_is_not_open_is_told_in_short() -> None:
    hosts = Hosts("198.18.0.2")
    found = lines(report("jsonl", [rows_of(hosts, opened(22), closed([23, 24])), rows_of(hosts, opened(80))], OPEN_ONLY))
    assert [line["type"] for line in found] == ["settled", "port", "port"]
    assert [(entry["state"], entry["hosts"], entry["ports"]) for entry in found[0]["verdicts"]] == [("closed", "0", "23-24")]
