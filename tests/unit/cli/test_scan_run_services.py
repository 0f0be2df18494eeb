"""The course of ``hatoba scan -sV``, with an engine that plays a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import Event
from hatoba.model import Host, Protocol, ScanPlan
from hatoba.service import Facts, Outcome, Service
from hatoba.targets.scope import Permitted
from tests.unit.cli.scripted_scans import Script, run


class Identified:
    """The scan with what its port said of itself."""

    def __init__(
        self, scan: Script, options: ScanOptions, permitted: Permitted, told: Sequence[Service], library: object
    ) -> None:
        self._scan = scan

    def stop(self) -> None:
        self._scan.stop()

    def events(self) -> Iterator[Event]:
        for event in self._scan.events():
            if isinstance(event, Host):
                facts = Facts("ssh", "OpenSSH", "9.2p1")
                yield Service(event.address, Protocol.TCP, 22, Outcome.RECOGNISED, facts, "greeting")
            yield event


def test_services_are_asked_for_and_reach_the_reports(tmp_path: Path) -> None:
    outputs = (("jsonl", str(tmp_path / "x.jsonl")), ("xml", str(tmp_path / "x.xml")))
    options = {"plan": ScanPlan(version_intensity=7), "outputs": outputs}
    status, shown = run(Script(), options=options, identified=Identified)
    assert status == 0
    assert "OpenSSH 9.2p1" in shown
    kinds = [json.loads(line)["type"] for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()]
    assert kinds == ["scan", "port", "service", "host", "end"]
    assert 'product="OpenSSH"' in (tmp_path / "x.xml").read_text(encoding="utf-8")


def test_a_dry_run_asks_nobody_for_services() -> None:
    assert run(Script(), options={"methods": ("syn",), "dry_run": True, "plan": ScanPlan(version_intensity=7)})[0] == 0
