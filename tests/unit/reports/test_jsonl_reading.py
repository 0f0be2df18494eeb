from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.model import Deception, Hop, Host, Protocol, ScanEnd, ScanPlan, State, Trace, Unsteady, Vanishing
from hatoba.reports import jsonl_reading
from hatoba.reports.formats import open_report
from hatoba.reports.jsonl_reading import read_scan
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Facts, Outcome, Service
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.written import written
from tests.unit.reports.scans import PLAIN, SERVICES, ended, info
from tests.unit.results.rows import ROUTER, closed, opened, refused, silent

TARGETS = build_targets(["198.18.0.2-5"], ports=parse_ports("1-1000")).targets
ADDRESSES = [TARGETS.address(index) for index in range(4)]
PLAN = ScanPlan(methods=("syn",), seed=7)
EVERYTHING = Host(
    ADDRESSES[0],
    ("web", "vm\x1b[31m"),
    "up",
    "syn-ack",
    0.0004,
    bytes.fromhex("b827eb000001"),
    Trace("syn", 80, (Hop(1, None), Hop(2, ROUTER, 0.001))),
    Vanishing(Protocol.TCP, 7, Hop(1, ROUTER, 0.5)),
    Deception.TARPIT,
    (80,),
    (Unsteady(Protocol.TCP, 9, (State.OPEN, State.CLOSED)),),
    timed_out=True,
    tried_ports=(80, 20000),
    ttl=64,
)
DOWN = Host(ADDRESSES[1], (), "down", "host-unreach", responder=ROUTER)
STOPPED = Host(ADDRESSES[2], (), "up", "reset", unfinished=True)


def write(path: Path, *events: VerdictBatch | Service | Host | HostBatch | ScanEnd, open_only: bool = False) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        report = open_report("jsonl", stream, replace(PLAIN, open_only=open_only), SERVICES)
        report.start(info(plan=PLAN, targets=written(TARGETS), seed=7))
        for event in events:
            match event:
                case VerdictBatch():
                    report.verdicts(event)
                case Service():
                    report.service(event)
                case Host():
                    report.host(event)
                case HostBatch():
                    report.hosts(event)
                case ScanEnd():
                    report.end(event)
    return path


def batch(*parts: np.ndarray) -> VerdictBatch:
    return VerdictBatch("syn", TARGETS, np.concatenate(parts), [ROUTER])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(
        tmp_path / "scan.jsonl",
        batch(opened([22, 80]), closed(23, host=2)),
        EVERYTHING,
        DOWN,
        batch(refused(5, host=2)),
        STOPPED,
    )


@pytest.mark.parametrize("piece_bytes", [1 << 23, 100])
def test_all_that_was_told(file: Path, piece_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_reading, "_PIECE_BYTES", piece_bytes)
    read = read_scan(str(file))
    assert (read.plan, read.open_only, read.ended, read.size_bytes) == (PLAN, False, False, file.stat().st_size)
    assert [read.targets.address(index) for index in range(len(read.targets))] == ADDRESSES
    assert read.known.rows[["host", "port", "responder"]].tolist() == [(0, 22, 0), (0, 80, 0), (2, 5, 1), (2, 23, 0)]
    assert list(read.known.responders) == [ROUTER]
    assert read.known.finished.tolist() == [True, True, False, False]
    assert list(read.known.hosts) == [EVERYTHING, DOWN]
    assert list(read.known.hosts) == [EVERYTHING, DOWN], "may be read again"


def test_services_are_known_but_for_those_that_a_stop_cut_short(tmp_path: Path) -> None:
    """The last line of a port counts; a host that was told of to its end has no more to say."""

    def service(host: int, port: int, outcome: Outcome) -> Service:
        return Service(ADDRESSES[host], Protocol.TCP, port, outcome, Facts("ssh") if outcome is Outcome.RECOGNISED else None)

    elsewhere = Service(ROUTER, Protocol.TCP, 22, Outcome.SILENT)
    told = [service(0, 22, Outcome.UNFINISHED), service(2, 22, Outcome.UNFINISHED), service(2, 80, Outcome.UNFINISHED)]
    known = [service(2, 23, Outcome.SILENT), service(2, 80, Outcome.RECOGNISED)]
    path = write(tmp_path / "scan.jsonl", *told, EVERYTHING, STOPPED, *known, elsewhere)
    read = read_scan(str(path))
    assert sorted(read.known.services, key=lambda one: (one.address, one.port)) == [told[0], *known]
    assert read.known.size.services == 3


def test_a_damaged_service_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.jsonl", Service(ADDRESSES[0], Protocol.TCP, 22, Outcome.SILENT))
    path.write_text(path.read_text().replace('"silent"', '"hungry"') + "{}\n")
    with pytest.raises(UsageError, match="is damaged at the line"):
        read_scan(str(path))


@pytest.mark.parametrize("tail", [b'{"type":"port","addr', b"{", b"\0" * 5000, b'{"type":"end"}'])
def test_a_torn_last_line_counts_as_not_written(file: Path, tail: bytes) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + tail)
    read = read_scan(str(file))
    assert read.size_bytes == len(whole)
    assert len(read.known.rows) == 4


def test_open_ones_alone_are_told_and_the_others_known(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.jsonl", batch(opened([22]), closed(range(100, 200)), silent(7, host=3)), open_only=True)
    assert path.read_text().count('"type":"port"') == 1
    read = read_scan(str(path))
    assert read.open_only
    assert len(read.known.rows) == 102
    assert read.known.rows["state"][-1] == State.FILTERED


def test_hosts_without_a_line_of_their_own_are_finished_too(tmp_path: Path) -> None:
    stopped = replace(STOPPED, state="unknown")
    silent_ones = HostBatch(TARGETS, np.array([2, 3]), "unknown", "no-response")
    path = write(tmp_path / "scan.jsonl", stopped, STOPPED, DOWN, open_only=True)
    assert read_scan(str(path)).known.finished.tolist() == [False, True, False, False]
    told = path.read_text()
    more = write(tmp_path / "more.jsonl", silent_ones, EVERYTHING, open_only=True).read_text().partition("\n")[2]
    path.write_text(told + more + more)
    known = read_scan(str(path)).known
    assert known.finished.all()
    hosts = [(len(one), one.state, one.responder) if isinstance(one, HostBatch) else one for one in known.hosts]
    assert hosts == [EVERYTHING, (1, "down", ROUTER), (2, "unknown", None)], "each once"


def test_what_is_told_of_a_host_that_is_not_up_outlives_a_resumption_of_open_ports(tmp_path: Path) -> None:
    late = Host(ADDRESSES[1], ("web",), timed_out=True)
    far = Host(ADDRESSES[3], trace=EVERYTHING.trace, vanishing=EVERYTHING.vanishing)
    path = write(tmp_path / "scan.jsonl", late, far, replace(late, address=ADDRESSES[2], unfinished=True), open_only=True)
    known = read_scan(str(path)).known
    assert known.finished.tolist() == [False, True, False, True]
    assert list(known.hosts) == [late, far]


def test_an_end_and_what_came_after_it(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.jsonl", ended(interrupted=True))
    assert not read_scan(str(path)).ended
    path = write(tmp_path / "scan.jsonl", ended())
    assert read_scan(str(path)).ended
    path.write_text(path.read_text() + '{"type":"resumed"}\n')
    assert not read_scan(str(path)).ended
    path.write_text(path.read_text() + '{"type":"of a later version"}\n')
    read_scan(str(path))


def test_a_host_that_was_stopped_and_finished_later(file: Path) -> None:
    later = replace(STOPPED, unfinished=False, reason="syn-ack")
    line = write(file.with_name("other"), later).read_text().splitlines()[1]
    file.write_text(file.read_text() + line + "\n")
    read = read_scan(str(file))
    assert read.known.finished.tolist() == [True, True, True, False]
    assert list(read.known.hosts) == [EVERYTHING, DOWN, later]


@pytest.mark.parametrize(
    "content", ["", "22/tcp open\n", "[]\n", '{"type":"end"}\n', '{"type":"scan","format":2}\n', "\0\n", "7\n"]
)
def test_a_file_that_is_no_report(tmp_path: Path, content: str) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text(content)
    with pytest.raises(UsageError, match="is no report of a scan: --resume takes a file that -oJ wrote"):
        read_scan(str(path))


def test_a_report_that_does_not_say_all(tmp_path: Path) -> None:
    """As of hatoba scan --list, and of versions before there was --resume."""
    path = tmp_path / "scan.jsonl"
    with path.open("w") as stream:
        open_report("jsonl", stream, PLAIN, SERVICES).start(info())
    with pytest.raises(UsageError, match="can't be resumed: scan again"):
        read_scan(str(path))


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "7",
        '{"type":"host"}',
        '{"type":"scan"}',
        '{"type":"settled","verdicts":[{}]}',
        '{"type":"settled","hosts":[{}]}',
        "x",
        "[" * 5000,
    ],
)
def test_a_line_that_is_damaged(file: Path, line: str) -> None:
    first, *others = file.read_text().splitlines()
    file.write_text("\n".join([first, line, *others]) + "\n")
    with pytest.raises(UsageError, match="is damaged at the line"):
        read_scan(str(file))


def test_a_first_line_that_is_damaged(file: Path) -> None:
    first, *others = file.read_text().splitlines()
    said = json.loads(first)
    said["targets"][0]["addresses"] = ["198.18.0.2", "198.18.0.2-x"]
    file.write_text("\n".join([json.dumps(said), *others]) + "\n")
    with pytest.raises(UsageError, match="is damaged at the line"):
        read_scan(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_scan(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="can't be read"):
        read_scan(str(tmp_path))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_in_a_file_costs_no_more_than_a_sentence(file: Path, data: st.DataObject) -> None:
    write(file, batch(opened([22, 80]), refused(5, host=2)), EVERYTHING, DOWN, STOPPED)
    absent = HostBatch(TARGETS, np.array([3]), "unknown", "no-response")
    short = write(file.with_name("short"), batch(closed(range(20, 30)), silent(7, host=3)), absent, ended(), open_only=True)
    content = bytearray(file.read_bytes() + short.read_bytes().partition(b"\n")[2])
    for _change in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"9", b"-", b'"', b"null"])
        )
    file.write_bytes(content)
    with contextlib.suppress(UsageError):
        list(read_scan(str(file)).known.hosts)


def test_who_answered_a_ping_and_is_no_target_is_nobody(file: Path) -> None:
    """A file that somebody has edited: it would stand for the last host."""
    line = {"type": "found", "address": "198.18.0.2", "reason": "echo-reply", "rtt_s": 0.001, "ttl": 64}
    with file.open("a", encoding="utf-8") as stream:
        for address in ("198.18.0.2", "192.0.2.1"):
            stream.write(json.dumps(line | {"address": address}) + "\n")
    assert list(read_scan(str(file)).known.found) == [0]
