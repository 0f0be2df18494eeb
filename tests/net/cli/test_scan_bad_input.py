"""What can be wrong about a scan, each as a user meets it: one sentence, the right exit status, nothing lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hatoba.lab import PIPE
from hatoba.lab.topologies import TruthHost
from hatoba.lab.topologies.truth import OPEN_PORTS
from tests.real_scans import COMMAND, Scanned

pytestmark = pytest.mark.peer("nft")

TARGET = "198.18.0.2"
NO_ROUTE = "198.19.0.1"
METHODS = ["--syn", "--connect"]


def sentence(errors: str) -> str:
    """The one line that standard error holds, without hatoba's name."""
    (line,) = errors.splitlines()
    assert line.startswith("hatoba: "), line
    return line.removeprefix("hatoba: ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nobody-has-this-name.invalid"], "nobody-has-this-name.invalid"),
        (["198.18.0.1-300"], "300"),
        (["198.18.0.0/33"], "/33"),
        (["-p", "90-80", TARGET], "80-90"),
        (["-p", "70000", TARGET], "70000"),
        ([], "localhost"),
        (["-iL", "/dev/null"], "target"),
        (["-iL", "/nowhere/targets.txt"], "/nowhere/targets.txt"),
    ],
)
def test_what_can_not_be_meant_is_told_before_anything_is_written(
    truth_lab: TruthHost, tmp_path: Path, arguments: list[str], named: str
) -> None:
    report = tmp_path / "scan.xml"
    done = truth_lab.scanner.run([*COMMAND, "-oX", str(report), *arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert named in sentence(done.stderr)
    assert not report.exists()


def test_a_list_that_may_not_be_read(truth_lab: TruthHost, tmp_path: Path) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text(TARGET)
    targets.chmod(0)
    tmp_path.chmod(0o755)
    done = truth_lab.scanner.run([*COMMAND, "-iL", str(targets)], privileged=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(targets) in sentence(done.stderr)


def test_a_full_disk_ends_one_report_and_not_the_other(truth_lab: TruthHost, tmp_path: Path) -> None:
    """A file system of 64 KiB, which holds a fiftieth of these JSON Lines."""
    small, whole = tmp_path / "small", tmp_path / "whole.xml"
    small.mkdir()
    shell = 'mount -t tmpfs -o size=64k none "$1" && shift && "$@"; status=$?; cat "$0"/*.jsonl; exit $status'
    options = ["-p", "1-20000", "-oJ", str(small / "full.jsonl"), "-oX", str(whole), "-oN", "/dev/null"]
    command = ["unshare", "--mount", "sh", "-c", shell, str(small), str(small), *COMMAND, *options, TARGET]
    done = truth_lab.scanner.run(command)
    assert done.returncode == 1
    assert re.search(r"full\.jsonl.*disk is full", sentence(done.stderr))
    table, _brace, lines = done.stdout.partition('{"type":"scan"')
    assert "22/tcp" in table
    assert f"Ports: {sum(port <= 20000 for port in OPEN_PORTS)} open, " in table
    whole_lines = ('{"type":"scan"' + lines).splitlines()[:-1]
    assert len([json.loads(line) for line in whole_lines]) > 100
    assert ElementTree.parse(whole).find("runstats/finished[@exit='success']") is not None


@pytest.mark.parametrize("output", ["-oJ", "-oX"])
def test_nothing_at_all_can_be_written(truth_lab: TruthHost, output: str) -> None:
    done = truth_lab.scanner.run([*COMMAND, "-p", "22", output, "/dev/full", TARGET])
    assert done.returncode == 1
    assert re.search("^/dev/full .*disk is full", sentence(done.stderr))
    assert "22/tcp  open" in done.stdout


def test_standard_output_is_full(truth_lab: TruthHost) -> None:
    with open("/dev/full", "wb") as full:
        process = truth_lab.scanner.popen([*COMMAND, "-p", "22", TARGET], stdout=full, stderr=PIPE)
    _out, err = process.communicate(timeout_s=60)
    assert process.returncode == 1
    assert "disk is full" in sentence(err.decode())


def test_a_reader_that_leaves_costs_the_other_report_nothing(truth_lab: TruthHost, tmp_path: Path) -> None:
    report = tmp_path / "scan.jsonl"
    options = ["-p", "1-2000", "-vvv", "-oJ", str(report), "-oX", "-", TARGET]  # more than a pipe holds
    process = truth_lab.scanner.popen([*COMMAND, *options], stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"<?xml")
    process.stdout.close()
    process.stdout = None
    _out, err = process.communicate(timeout_s=60)
    assert (process.returncode, err) == (0, b"")
    done = Scanned(0, [json.loads(line) for line in report.read_text().splitlines()], "")
    assert len(done.ports) == 2000
    assert done.end["type"] == "end"


def test_a_scan_that_nobody_reads_stops(truth_lab: TruthHost) -> None:
    options = ["-p", "1-65535", "--max-rate", "500", "-oJ", "-", TARGET]
    process = truth_lab.scanner.popen([*COMMAND, *options], stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    assert b'"scan"' in process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _out, err = process.communicate(timeout_s=100)  # whole, it takes 131
    assert process.returncode == 141
    assert "nobody reads" in sentence(err.decode())


@pytest.mark.parametrize("method", METHODS)
def test_no_route(truth_lab: TruthHost, method: str) -> None:
    done = truth_lab.scanner.run([*COMMAND, method, "-p", "22", "-oJ", "-", NO_ROUTE])
    assert done.returncode == 1
    assert NO_ROUTE in sentence(done.stderr)
    assert Scanned.of(done).end["counts"] == {}


@pytest.mark.parametrize("method", METHODS)
def test_no_route_to_some_is_told_and_the_others_are_scanned(truth_lab: TruthHost, method: str) -> None:
    done = Scanned.of(truth_lab.scanner.run([*COMMAND, method, "-p", "22", "-oJ", "-", NO_ROUTE, TARGET]))
    assert done.status == 0
    assert NO_ROUTE in sentence(done.errors)
    assert {line["address"]: line["state"] for line in done.of_type("host")} == {TARGET: "up", NO_ROUTE: "down"}
    assert [line["state"] for line in done.of_type("port")] == ["open"]
