"""Scans over the fake network whose JSON Lines go to a file, which is cut off anywhere and gone on with."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from routers import RoutedNetwork
from scanning import LAB, scan_of

from hatoba.engine.scan import Scan
from hatoba.model import Found, Host, Progress, ScanEnd, ScanInfo, ScanPlan, Shard
from hatoba.reports.base import ReportOptions, Services
from hatoba.reports.formats import open_reports
from hatoba.reports.jsonl_reading import read_scan
from hatoba.reports.outputs import Output, open_resumed
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, World

NOBODY = Services(lambda _port, _protocol: "", lambda _port, _protocol: "")
Line = dict[str, Any]


@dataclass
class Cuttable:
    """One scan, which may be run in pieces. Every piece has a network of its own, on which the same is true."""

    path: Path
    targets: str
    ports: str
    world: Callable[[], World]
    plan: ScanPlan
    open_only: bool = False
    absent: frozenset[str] = frozenset()
    routed: bool = False
    """Whether its hosts lie behind a gateway."""
    shard: Shard | None = None
    sent: list[Probe] = field(default_factory=list)
    """What the last piece sent."""
    looked_for: set[str] = field(default_factory=set)
    """Whose hardware addresses it asked for."""
    progress: Progress | None = None
    """The last one it told."""

    def run(self, stop_after: int | None = None) -> list[Line]:
        """The whole, from its beginning; *stop_after* so many events it is told to stop."""
        network = self._network()
        with self.path.open("w", encoding="utf-8") as stream:
            scan = scan_of(self.targets, self.ports, network, self.plan, self.shard)
            self._write(scan, Output("jsonl", stream, "file"), stop_after)
        self._note(network)
        return self.lines()

    def resume(self, stop_after: int | None = None) -> list[Line]:
        """From what is in the file."""
        read = read_scan(str(self.path))
        network = self._network()
        permitted = Scope((), always=LAB).require(read.targets)
        scan = Scan(read.plan, permitted, network=network, clock=network.clock, known=read.known)
        self._write(scan, open_resumed(str(self.path), read.size_bytes), stop_after)
        self._note(network)
        return self.lines()

    def cut(self, size_bytes: int) -> None:
        """Leave no more of the file than a kill at that moment would have."""
        self.path.write_bytes(self.path.read_bytes()[:size_bytes])

    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def _note(self, network: FakeNetwork) -> None:
        self.sent = network.sent
        self.looked_for = {str(ip_address(address)) for asker in network.askers for address in asker.asked}

    def _network(self) -> FakeNetwork:
        kind = RoutedNetwork if self.routed else FakeNetwork
        return kind(self.world(), FakeClock(), self.absent)

    def _write(self, scan: Scan, output: Output, stop_after: int | None) -> None:
        report = open_reports([output], ReportOptions(open_only=self.open_only), NOBODY)
        for number, event in enumerate(scan.events()):
            if number == stop_after:
                scan.stop()
            match event:
                case ScanInfo():
                    report.start(event)
                case VerdictBatch():
                    report.verdicts(event)
                case Found():
                    report.found(event)
                case Progress():
                    self.progress = event
                case Host():
                    report.host(event)
                case HostBatch():
                    report.hosts(event)
                case ScanEnd():
                    report.end(event)
        report.close()


def moments(path: Path, count: int, seed: int) -> Iterator[int]:
    """Sizes at which a file is cut: at random, but behind its first line, and once before its last one."""
    size = path.stat().st_size
    first = path.read_bytes().index(b"\n") + 1
    draw = random.Random(seed)
    yield size - 1
    yield from (draw.randrange(first, size) for _moment in range(count))


def told(lines: list[Line]) -> dict[tuple[str, str, int], tuple[str, str]]:
    """State and reason of each port with a line. Fails where one was told twice."""
    found = {}
    for line in lines:
        if line["type"] == "port":
            key = line["address"], line["protocol"], line["port"]
            assert key not in found, "told twice"
            found[key] = line["state"], line["reason"]
    return found


def hosts(lines: list[Line]) -> dict[str, Line]:
    """The last line of each host, but for what depends on which of its answers came first, and when."""
    found = {}
    for line in lines:
        if line["type"] == "host":
            kept = {name: value for name, value in line.items() if name not in ("rtt_s", "reason", "ttl")}
            if "trace" in line:
                kept["trace"] = [hop["address"] for hop in line["trace"]["hops"]]
            found[line["address"]] = kept
    return found


def asked(sent: list[Probe]) -> set[tuple[bytes, int, int]]:
    """Destination, protocol and port of each probe."""
    return {(probe.dst, probe.protocol, probe.dport) for probe in sent}
