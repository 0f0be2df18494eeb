"""The course of ``hatoba scan -O`` and ``-A``, with an engine that plays a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import Event, Means
from hatoba.model import Host, ScanPlan
from tests.personalities import personality
from tests.systems_seen import seen
from tests.unit.cli.scripted_scans import Script, run
from tests.unit.cli.test_scan_run_services import Identified


class Observing(Script):
    """Its hosts are asked for their systems, if that is in the plan."""

    def events(self) -> Iterator[Event]:
        for event in super().events():
            asked = isinstance(event, Host) and self.plan.systems
            yield replace(event, observations=seen(personality("windows-10"))) if asked else event  # type: ignore[arg-type]


def with_packets(options: ScanOptions) -> Means:
    return Means(options.methods or ("syn",), packets=True)


def test_the_system_reaches_the_table() -> None:
    status, shown = run(Observing(), options={"plan": ScanPlan(systems=True)}, means=with_packets)
    assert status == 0
    assert "System: Windows 10, 11 or Server 2019 to 2025 (sure: 9 of 10)" in shown


def test_who_does_not_ask_is_told_nothing() -> None:
    assert "System" not in run(Observing(), means=with_packets)[1]


def test_everything_is_services_systems_and_the_way() -> None:
    script = Observing()
    options = {"everything": True, "plan": ScanPlan(version_intensity=7)}
    _status, shown = run(script, options=options, means=with_packets, identified=Identified)
    assert (script.plan.systems, script.plan.traceroute) == (True, True)
    assert "System: Windows" in shown
    assert "OpenSSH 9.2p1" in shown


def test_everything_that_is_allowed(capsys) -> None:  # type: ignore[no-untyped-def]
    script = Observing()
    options = {"everything": True, "plan": ScanPlan(version_intensity=7)}
    status, shown = run(
        script, options=options, means=lambda _options: Means(("connect",), packets=False), identified=Identified
    )
    assert status == 0
    assert (script.plan.systems, script.plan.traceroute) == (False, False)
    assert "OpenSSH 9.2p1" in shown
    assert "-A does without -O and --traceroute" in capsys.readouterr().err
