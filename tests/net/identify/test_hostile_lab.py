"""Real servers that mean harm: a scan of them ends in bounded time and memory, and honest ports among them are told as ever.

Here is what real sockets add: floods faster than we read, segments of one byte, ends in good order and by reset. The bounds of
time stand in ``tests/unit/identify/test_hostile_servers.py``, by a clock of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hatoba.lab import Host, Lab
from tests.net.identify.hostile_servers import HARMFUL, HONEST, SLOW
from tests.real_scans import COMMAND, Line

CALLS = "tests.net.identify.hostile_calls"
WAYS = [*HARMFUL, *HONEST]
FIRST, FIRST_SLOW, COPIES = 20_000, 21_000, 6
MOST_MORE_BYTES = 48 << 20
"""What all harmful ports together may cost, above a scan of the honest ones: a dozen interviews at once, 64 KB an answer."""
HONEST_FACTS = {"ssh": ("ssh", "OpenSSH", "9.2p1"), "http": ("http", "nginx", "1.22.1")}


@pytest.fixture(scope="module")
def scanner() -> Iterator[Host]:
    with Lab("hostile") as lab:
        scanner, target = (lab.add_host(name, [f"198.18.0.{n}/24"]) for n, name in enumerate(("scanner", "target"), 1))
        lab.link(scanner, target)
        serve = [sys.executable, "-m", "tests.net.identify.hostile_servers"]
        target.serve([*serve, str(FIRST), *WAYS * COPIES], ready=r"^ready$")
        target.serve([*serve, str(FIRST_SLOW), *SLOW, *HONEST], ready=r"^ready$")
        yield scanner


def scan(scanner: Host, ports: str, *options: str, timeout_s: float = 280) -> dict[str, Any]:
    command = [*COMMAND, "--connect", "-sV", "-p", ports, *options, "198.18.0.2"]
    done: dict[str, Any] = scanner.call(f"{CALLS}:measured", command, timeout_s, timeout_s=timeout_s + 10)
    assert done["status"] == 0, done["errors"]
    assert "Traceback" not in done["errors"]
    return done


def services(path: Path) -> dict[int, Line]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["port"]: line for line in lines if line["type"] == "service"}


def assert_honest(told: dict[int, Line], first: int, ways: list[str]) -> None:
    for port, way in enumerate(ways, first):
        if way in HONEST:
            facts = told[port]["service"]
            assert (facts["name"], facts["product"], facts["version"]) == HONEST_FACTS[way], way


@pytest.mark.parametrize("copies", [1, pytest.param(COPIES, marks=pytest.mark.exhaustive)])
def test_floods_bombs_and_lies(scanner: Host, tmp_path: Path, copies: int) -> None:
    path, xml = tmp_path / "scan.jsonl", tmp_path / "scan.xml"
    honest = [port for port, way in enumerate(WAYS, FIRST) if way in HONEST]
    usual = scan(scanner, ",".join(map(str, honest)))
    last = FIRST + len(WAYS) * copies - 1
    done = scan(scanner, f"{FIRST}-{last}", "--explain", "-oJ", str(path), "-oX", str(xml), "-oG", str(tmp_path / "x"))
    told = services(path)
    assert set(told) == set(range(FIRST, last + 1))
    assert_honest(told, FIRST, WAYS * copies)
    print(f"{done['peak_bytes'] >> 20} MB, {usual['peak_bytes'] >> 20} MB of the honest alone")
    assert done["peak_bytes"] - usual["peak_bytes"] < MOST_MORE_BYTES
    assert all(character.isprintable() or character == "\n" for character in done["out"])
    ElementTree.parse(xml)
    for file in (path, xml, tmp_path / "x"):
        assert all(character.isprintable() or character in "\n\t" for character in file.read_text(encoding="utf-8"))


@pytest.mark.exhaustive  # its waits are real
def test_slow_ones(scanner: Host, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    last = FIRST_SLOW + len(SLOW) + len(HONEST) - 1
    scan(scanner, f"{FIRST_SLOW}-{last}", "-oJ", str(path))
    told = services(path)
    assert_honest(told, FIRST_SLOW, [*SLOW, *HONEST])
    assert {told[port]["outcome"] for port in range(FIRST_SLOW, FIRST_SLOW + 3)} <= {"unrecognised", "recognised"}
