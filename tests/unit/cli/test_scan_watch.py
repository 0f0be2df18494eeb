"""What looks at packets, where it was asked for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_watch import Watch, dry_plan, watch_of
from hatoba.errors import UsageError
from hatoba.model import Ping, ScanPlan


def watch(options: ScanOptions) -> Watch:
    found = watch_of(options, io.StringIO(), io.StringIO())
    assert found is not None
    return found


def test_nobody_looks_unless_asked() -> None:
    assert watch_of(ScanOptions(), io.StringIO(), io.StringIO()) is None


@pytest.mark.parametrize("packet_trace", [False, True])
def test_a_dry_run_never_becomes_a_real_one(packet_trace: bool) -> None:
    found = watch(ScanOptions(dry_run=True, packet_trace=packet_trace))
    assert found.network(ScanPlan()).dry
    assert found.close() == 0


def test_lines_and_a_file_look_at_a_real_scan(tmp_path: Path) -> None:
    found = watch(ScanOptions(packet_trace=True, pcap=str(tmp_path / "scan.pcapng")))
    network = found.network(ScanPlan())
    assert not network.dry
    assert list(network.packets) == [found.lines, found.capture]
    assert list(network.connects) == [found.lines]
    assert found.close() == 0
    assert (tmp_path / "scan.pcapng").exists()


def test_a_file_that_can_not_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        watch(ScanOptions(pcap=str(tmp_path / "missing" / "scan.pcapng")))


def test_a_dry_run_waits_for_nothing() -> None:
    plan = dry_plan(ScanPlan(("syn",), pings=(Ping("icmp-echo"),), scan_delay_s=300.0, second_look=True, seed=7))
    assert (plan.methods, plan.seed) == (("syn",), 7)
    assert (plan.pings, plan.scan_delay_s, plan.max_retries, plan.second_look) == ((), None, 0, False)
