"""A scan with -sV that is killed and gone on with: services that were told are kept, the others are asked, each once."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatoba.lab import PIPE, Host, Lab
from hatoba.reports.jsonl_reading import read_scan
from tests.real_scans import COMMAND, Line

PORTS = tuple(range(7000, 7012))
SILENT = 7011
OPTIONS = ("-sS", "-sV", "-p", "7000-7020", "198.18.0.2")
QUICKLY = ("--version-intensity", "0")


@pytest.fixture(scope="module")
def scanner() -> Iterator[Host]:
    with Lab("resumed") as lab:
        scanner, target = (lab.add_host(name, [f"198.18.0.{n}/24"]) for n, name in enumerate(("scanner", "target"), 1))
        lab.link(scanner, target)
        greetings = {port: f"SSH-2.0-OpenSSH_9.{port - 7000}\r\n" for port in PORTS if port != SILENT}
        target.listen(PORTS, greetings=greetings, keep=True)
        yield scanner


def cut_off(scanner: Host, path: Path, services: int, signal_number: int, *more: str) -> None:
    """Start a scan and end it when it has told so many services."""
    with scanner.popen([*COMMAND, "-oJ", "-", *OPTIONS, *more], stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        written = b""
        while written.count(b'"type":"service"') < services:
            line = process.stdout.readline()
            assert line, "it ended by itself"
            written += line
        process.send_signal(signal_number)
        path.write_bytes(written + process.stdout.read())


def told(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def facts(lines: list[Line]) -> dict[int, tuple[str, Any]]:
    services = [line for line in lines if line["type"] == "service"]
    assert len({line["port"] for line in services}) == len(services), "told twice"
    return {line["port"]: (line["outcome"], line["service"] and line["service"]["version"]) for line in services}


def test_nothing_is_lost_and_nothing_told_twice(scanner: Host, tmp_path: Path) -> None:
    path, xml = tmp_path / "scan.jsonl", tmp_path / "scan.xml"
    cut_off(scanner, path, len(PORTS) // 2, signal.SIGKILL, *QUICKLY)
    before = facts(told(path))
    done = scanner.run([*COMMAND, "--resume", str(path), "-oX", str(xml)])
    assert done.returncode == 0, done.stderr
    lines = told(path)
    (seam,) = [at for at, line in enumerate(lines) if line["type"] == "resumed"]
    assert lines[seam]["taken_over"]["services"] == len(before) < len(PORTS)
    assert facts(lines[:seam]) == before
    greeting = {port: ("recognised", f"9.{port - 7000}") for port in PORTS}
    assert facts(lines) == greeting | {SILENT: ("silent", None)}
    assert [line["type"] for line in lines[-2:]] == ["host", "end"]
    document = xml.read_text(encoding="utf-8")
    assert all(f'version="9.{port - 7000}"' in document for port in PORTS if port != SILENT), "other reports have them all"
    assert all(f"9.{port - 7000}" in done.stdout for port in PORTS if port != SILENT)


def test_one_that_was_stopped_in_good_order(scanner: Host, tmp_path: Path) -> None:
    """Its host is told of as unfinished, with a port whose interview was broken off: both are asked again."""
    path = tmp_path / "scan.jsonl"
    cut_off(scanner, path, len(PORTS) - 1, signal.SIGTERM)
    lines = told(path)
    assert [line["unfinished"] for line in lines if line["type"] == "host"] == [True]
    assert facts(lines)[SILENT] == ("unfinished", None)
    known = read_scan(str(path)).known
    assert {service.port for service in known.services} == {*PORTS} - {SILENT}
    assert not known.finished.any()
