"""What a scan writes, held against its own schema and against the other formats of the same scan."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from hatoba.lab.topologies import TruthHost
from hatoba.lab.topologies.truth import DROPPED_PORTS, OPEN_PORTS
from tests.real_scans import COMMAND, Scanned, by_port, scan

pytestmark = pytest.mark.peer("nft")

ROOT = Path(__file__).parents[3]
PORTS = "1-200,30000,31000-31010"
ASKED = {*range(1, 201), 30000, *range(31000, 31011)}
NOBODY = "198.18.0.99"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = (ROOT / "docs" / "schema" / "scan-1.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text), format_checker=FormatChecker())


def faults(schema: Draft202012Validator, done: Scanned) -> list[str]:
    return [error.message for line in done.lines for error in schema.iter_errors(line)]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("method", ["syn", "connect"])
def test_json_lines(truth_lab: TruthHost, schema: Draft202012Validator, method: str, family: int) -> None:
    address = truth_lab.address(family)
    done = scan(truth_lab.scanner, f"--{method}", "--max-retries", "1", "-p", PORTS, address)
    assert done.status == 0, done.errors
    assert faults(schema, done) == []
    assert [line["type"] for line in done.lines[:1] + done.lines[-2:]] == ["scan", "host", "end"]
    assert done.ports.keys() == ASKED
    truth = truth_lab.expected(family, method)
    told = {port: (line["state"], line["reason"]) for port, line in done.ports.items()}
    assert told == {port: (truth[port][0].word, truth[port][1].word) for port in ASKED}
    assert done.end["counts"] == Counter(state for state, _reason in told.values())
    assert done.end["hosts"] == {"up": 1, "down": 0, "total": 1}
    assert {line["evidence"].get("responder") for line in done.ports.values()} == {address, None}


def test_several_hosts_have_each_port_once(truth_lab: TruthHost, schema: Draft202012Validator) -> None:
    addresses = [truth_lab.address(4), truth_lab.address(6)]
    done = scan(truth_lab.scanner, "-p", "22,81", *addresses, NOBODY)
    assert faults(schema, done) == []
    assert by_port(done.lines).keys() == {(address, port) for address in addresses for port in (22, 81)}
    assert {line["address"]: line["state"] for line in done.of_type("host")} == {
        addresses[0]: "up",
        addresses[1]: "up",
        NOBODY: "down",
    }
    assert done.end["hosts"] == {"up": 2, "down": 1, "total": 3}


def test_open_ones_only(truth_lab: TruthHost, schema: Draft202012Validator) -> None:
    done = scan(truth_lab.scanner, "--open", "-p", "1-1000", truth_lab.address())
    assert faults(schema, done) == []
    assert done.ports.keys() == {port for port in OPEN_PORTS if port <= 1000}
    assert {line["state"] for line in done.ports.values()} == {"open"}
    assert done.end["counts"] == {"open": len(done.ports), "closed": 1000 - len(done.ports)}


def test_all_formats_of_one_scan_agree(truth_lab: TruthHost, tmp_path: Path) -> None:
    base, grepable, normal = tmp_path / "all", tmp_path / "g", tmp_path / "n"
    ports = f"1-1000,{DROPPED_PORTS[0]},31000-31006,31010"
    options = ["--max-retries", "1", "-p", ports, "-oA", str(base), "-oG", str(grepable), "-oN", str(normal)]
    done = truth_lab.scanner.run([*COMMAND, *options, truth_lab.address()])
    assert (done.returncode, done.stderr) == (0, "")
    text = {suffix: Path(f"{base}{suffix}").read_text(encoding="utf-8") for suffix in (".jsonl", ".xml", ".gnmap", ".nmap")}
    assert grepable.read_text() == text[".gnmap"]
    assert normal.read_text() == text[".nmap"]
    assert done.stdout.splitlines() == text[".nmap"].splitlines()[1:-1]

    lines = [json.loads(line) for line in text[".jsonl"].splitlines()]
    told = {port: line["state"] for (_address, port), line in by_port(lines).items()}
    for shown, hidden in (read_xml(text[".xml"]), read_grepable(text[".gnmap"]), read_table(text[".nmap"])):
        assert shown.items() <= told.items()
        assert Counter(shown.values()) + hidden == Counter(told.values())
        assert {port for port, state in told.items() if state == "open"} <= shown.keys()


Told = tuple[dict[int, str], Counter[str]]
"""The states of the ports that are shown, and how many of each state are summed up."""


def read_xml(text: str) -> Told:
    root = ElementTree.fromstring(text)
    states: dict[int, Any] = {int(port.attrib["portid"]): port.find("state") for port in root.iter("port")}
    extra = {one.attrib["state"]: int(one.attrib["count"]) for one in root.iter("extraports")}
    return {port: state.get("state") for port, state in states.items()}, Counter(extra)


def read_grepable(text: str) -> Told:
    (line,) = [line for line in text.splitlines() if "\tPorts: " in line]
    _host, ports, ignored = line.split("\t")
    fields = [port.split("/") for port in ports.removeprefix("Ports: ").split(", ")]
    found = re.fullmatch(r"Ignored State: (\S+) \((\d+)\)", ignored)
    assert found is not None
    return {int(port): state for port, state, *_rest in fields}, Counter({found[1]: int(found[2])})


def read_table(text: str) -> Told:
    shown = {int(port): state for port, state in re.findall(r"^(\d+)/tcp +(\S+)", text, re.MULTILINE)}
    (hidden,) = re.findall(r"^Not shown: ([\d,]+) (\S+) ", text, re.MULTILINE)
    return shown, Counter({hidden[1]: int(hidden[0].replace(",", ""))})
