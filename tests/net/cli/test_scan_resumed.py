"""A real scan that is killed at twenty moments and gone on with: nothing is lost, and nothing that was told is asked again."""

from __future__ import annotations

import json
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hatoba.lab import PIPE
from hatoba.lab.process import Process
from hatoba.lab.topologies import TruthHost
from hatoba.lab.topologies.truth import DROPPED_PORTS, OPEN_PORTS
from tests.real_scans import COMMAND, Line, Scanned

pytestmark = pytest.mark.peer("nft")

PORTS = "1-2500,30000-30004,31000-31010"
ASKED = {*range(1, 2501), *range(30000, 30005), *range(31000, 31011)}
RATE_PPS = 4000
AT_ANY_RATE = ("-p", PORTS, "--max-retries", "1", "--no-second-look")
OPTIONS = (*AT_ANY_RATE, "--max-rate", str(RATE_PPS))
LONG = (*AT_ANY_RATE, "--max-rate", "1000")
"""Seconds: whoever watches the file grow must be there before the scan is done."""
WAYS = (("--syn",), ("--connect",), ("--syn", "--open"), ("--connect", "--open"))
KILLS = 20
END_MARK = 40009
"""A UDP port: what is sent to it marks the end of what the capture is to tell."""


@dataclass(frozen=True)
class Wiretap:
    """Which ports of the target something arrives at."""

    lab: TruthHost
    process: Process

    def ports(self) -> set[int]:
        """Since it was last asked."""
        words = (
            f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ({self.lab.address()!r}, {END_MARK}))"
        )
        self.lab.scanner.run([sys.executable, "-c", words])
        assert self.process.stdout is not None
        found: set[int] = set()
        for line in self.process.stdout:
            port = int(line.split()[2]) if line.count(b" ") == 2 else 0
            if port == END_MARK:
                return found
            found.add(port)
        raise AssertionError("the capture ended")


@pytest.fixture
def wiretap(truth_lab: TruthHost) -> Iterator[Wiretap]:
    command = [sys.executable, "-m", "tests.net.capture", "eth0", "incoming"]
    with truth_lab.target.popen(command, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        yield Wiretap(truth_lab, process)


@pytest.fixture(scope="module")
def sizes(truth_lab: TruthHost) -> dict[tuple[str, ...], int]:
    """How many bytes an uninterrupted scan writes, by the way of asking."""
    found: dict[tuple[str, ...], int] = {}
    for way in WAYS:
        done = truth_lab.scanner.run([*COMMAND, "-oJ", "-", *OPTIONS, *way, truth_lab.address()])
        assert done.returncode == 0, done.stderr
        found[way] = len(done.stdout)
    return found


def killed(lab: TruthHost, path: Path, size_bytes: int, *arguments: str) -> None:
    """Start a scan and kill it when it has written so much; what it had written by then is in the file."""
    command = [*COMMAND, "-oJ", "-", *arguments, lab.address()]
    with lab.scanner.popen(command, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        written = process.stdout.read(size_bytes)
        process.kill()
        path.write_bytes(written + process.stdout.read())


def resumed(lab: TruthHost, path: Path, *arguments: str) -> Scanned:
    done = lab.scanner.run([*COMMAND, "--resume", str(path), *arguments])
    return Scanned(done.returncode, lines_of(path), done.stderr)


def lines_of(path: Path) -> list[Line]:
    """The whole lines of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def known(lines: list[Line]) -> set[int]:
    """The ports that these lines tell of, in full or in short."""
    found = {line["port"] for line in lines if line["type"] == "port"}
    for line in lines:
        for entry in line.get("verdicts", ()):
            for part in entry["ports"].split(","):
                first, _dash, last = part.partition("-")
                found.update(range(int(first), int(last or first) + 1))
    return found


def assert_true(lab: TruthHost, done: Scanned, method: str, open_only: bool) -> None:
    truth = {port: verdict for port, verdict in lab.expected(4, method).items() if port in ASKED}
    told = {port: (line["state"], line["reason"]) for port, line in done.ports.items()}
    expected = {port: (state.word, reason.word) for port, (state, reason) in truth.items()}
    if open_only:
        expected = {port: expected[port] for port in ASKED if expected[port][0] == "open"}
    assert told == expected
    assert done.end["type"] == "end"
    assert not done.end["interrupted"]
    assert done.end["counts"] == Counter(state.word for state, _reason in truth.values())
    assert done.end["hosts"] == {"up": 1, "down": 0, "total": 1}


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_moment(
    truth_lab: TruthHost, sizes: dict[tuple[str, ...], int], wiretap: Wiretap, tmp_path: Path, number: int
) -> None:
    way = WAYS[number % len(WAYS)]
    path = tmp_path / "scan.jsonl"
    killed(truth_lab, path, random.Random(number).randrange(1500, sizes[way]), *OPTIONS, *way)
    asked_first, told = wiretap.ports() & ASKED, known(lines_of(path))
    done = resumed(truth_lab, path)
    asked_then = wiretap.ports() & ASKED
    assert done.status == 0, done.errors
    assert_true(truth_lab, done, way[0].lstrip("-"), "--open" in way)
    assert asked_then == ASKED - told, "what is missing is asked, and nothing else"
    twice = (asked_first & asked_then) - {*DROPPED_PORTS}
    print(f"told {len(told)}, asked twice {len(twice)} of {len(ASKED)}")
    assert len(twice) < RATE_PPS * 1.0, "no more than what was answered within a second"


def test_killed_while_it_was_gone_on_with(truth_lab: TruthHost, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    killed(truth_lab, path, 50_000, *LONG, "--syn")
    for _time in range(3):
        begun_bytes = path.stat().st_size
        with truth_lab.scanner.popen([*COMMAND, "--resume", str(path)], stdout=PIPE, stderr=PIPE) as process:
            while process.poll() is None and path.stat().st_size < begun_bytes + 40_000:
                pass
            process.kill()
    done = resumed(truth_lab, path)
    assert done.status == 0, done.errors
    assert_true(truth_lab, done, "syn", open_only=False)
    assert len(done.of_type("resumed")) == 4


def test_stopped_by_ctrl_c(truth_lab: TruthHost, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    command = [*COMMAND, "-oJ", str(path), *LONG, "--connect", truth_lab.address()]
    with truth_lab.scanner.popen(command, stdout=PIPE, stderr=PIPE) as process:
        while process.poll() is None and not (path.exists() and path.stat().st_size > 50_000):
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert f"hatoba scan --resume {path} asks the rest" in process.stderr.read().decode()
    ((host,), (end,)) = ([line for line in lines_of(path) if line["type"] == kind] for kind in ("host", "end"))
    assert host["unfinished"]
    assert end["interrupted"]
    done = resumed(truth_lab, path)
    assert done.status == 0, done.errors
    assert_true(truth_lab, done, "connect", open_only=False)
    assert "unfinished" not in done.of_type("host")[-1]


def test_the_other_formats_tell_the_whole(truth_lab: TruthHost, tmp_path: Path) -> None:
    """The second look is taken once more, at what was known as well."""
    path, base = tmp_path / "scan.jsonl", tmp_path / "all"
    killed(truth_lab, path, 200_000, "-p", PORTS, "--max-rate", str(RATE_PPS), "--max-retries", "1", "--syn")
    at_once = truth_lab.scanner.run([*COMMAND, "-p", PORTS, "--max-retries", "1", "--syn", truth_lab.address()])
    done = truth_lab.scanner.run([*COMMAND, "--resume", str(path), "-oA", str(base), "--pcap", str(tmp_path / "x.pcapng")])
    assert done.returncode == 0, done.stderr
    assert told_of(done.stdout) == told_of(at_once.stdout)
    for suffix in (".xml", ".gnmap", ".nmap"):
        text = Path(f"{base}{suffix}").read_text()
        assert all(str(port) in text for port in OPEN_PORTS if port in ASKED)
    whole = lines_of(Path(f"{base}.jsonl"))
    assert known(whole) == known(lines_of(path)) == ASKED
    again = truth_lab.scanner.run([*COMMAND, "--resume", str(path)])
    assert (again.returncode, again.stdout) == (0, "")
    assert "there is nothing left to ask" in again.stderr


def told_of(table: str) -> list[str]:
    """A table but for its times and its number of probes."""
    return [line for line in table.splitlines() if "Probes: " not in line and "answers in" not in line]
