"""What looks at packets, where it was asked for."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_watch import Watch, dry_plan, watch_of
from hatoba.engine.scan import Scan
from hatoba.errors import UsageError
from hatoba.model import Ping, ScanEnd, ScanPlan
from hatoba.probes.connect import End, Handshake
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeNetwork, answers_of


def watch(options: ScanOptions) -> Watch:
    return watch_of(options, io.StringIO(), io.StringIO())


def test_nobody_looks_unless_asked() -> None:
    assert not ScanOptions().watched
    assert all(ScanOptions(**asked).watched for asked in ({"packet_trace": True}, {"pcap": "x.pcapng"}, {"dry_run": True}))


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


def test_connections_that_the_kernel_held_are_said_to_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "scan.pcapng")
    found = watch(ScanOptions(packet_trace=True, pcap=path))
    assert list(found.network(ScanPlan()).holds) == [found, found.lines]
    found.holds([Handshake(End.CUT)] * 2, [(bytes(4), 22)] * 2, 0.0)
    assert found.close() == 0
    assert "2 connections that were held to see who answers left their packets to the kernel" in capsys.readouterr().err


def test_a_file_that_can_not_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        watch(ScanOptions(pcap=str(tmp_path / "missing" / "scan.pcapng")))


def test_a_dry_run_waits_for_nothing() -> None:
    pings = (Ping("icmp-echo"),)
    assert dry_plan(ScanPlan((), pings=pings)).pings == pings, "else there would be nothing to show"
    plan = dry_plan(ScanPlan(("syn",), pings=pings, scan_delay_s=300.0, second_look=True, systems=True, seed=7))
    assert (plan.methods, plan.seed) == (("syn",), 7)
    assert (plan.pings, plan.scan_delay_s, plan.max_retries, plan.second_look) == ((), None, 0, False)
    assert not plan.systems


@pytest.mark.parametrize("plan", [ScanPlan(("syn",)), ScanPlan((), pings=(Ping("icmp-echo"),))])
def test_a_dry_run_waits_for_no_far_host(plan: ScanPlan) -> None:
    class Far(FakeNetwork):
        def ways(self, family, ranges, zone):  # type: ignore[no-untyped-def]
            for way in super().ways(family, ranges, zone):
                yield replace(way, route=replace(way.route, gateway=bytes([198, 18, 0, 254])))

    clock = FakeClock()
    network = replace(watch(ScanOptions(dry_run=True)).network(plan, clock), network=Far(answers_of([22]), clock))
    permitted = Scope.waive(build_targets(["198.18.1.2"], ports=parse_ports("22")).targets)
    *_events, end = Scan(dry_plan(plan), permitted, network=network, clock=clock).events()
    assert isinstance(end, ScanEnd)
    assert end.duration_s < 0.2


def dry_lines(plan: ScanPlan, target: str = "198.18.0.2", local: bool = False) -> str:
    """What a dry run shows on a fake network, without the spaces that stand in a row."""
    shown, clock = io.StringIO(), FakeClock()
    found = watch_of(ScanOptions(dry_run=True), shown, io.StringIO())
    assert found is not None
    network = replace(found.network(plan, clock), network=FakeNetwork(answers_of([22]), clock, local=local))
    permitted = Scope.waive(build_targets([target], ports=parse_ports("22")).targets)
    for _event in Scan(dry_plan(plan), permitted, network=network, clock=clock).events():
        pass
    assert found.saw_none is (shown.getvalue() == "")
    return re.sub(" +", " ", shown.getvalue())


def test_a_hardware_address_that_nobody_was_asked_for_is_called_unknown() -> None:
    shown = dry_lines(ScanPlan(("syn",)))
    assert "destination hardware address: 00:00:00:00:00:00; not known before it is asked for\n" in shown
    assert shown.count("not known") == 1
    assert "ARP" not in shown


@pytest.mark.parametrize(("target", "asked"), [("198.18.0.2", "ARP"), ("fd00:18::2", "ICMPv6")])
def test_who_looks_for_hosts_on_the_link_sees_the_question_for_the_hardware_address(target: str, asked: str) -> None:
    shown = dry_lines(ScanPlan((), pings=(Ping("icmp-echo"),)), target)
    assert f"\n{asked}\n" in shown
    assert "not known" not in shown
    assert shown.count("\nEthernet\n") == 1


def test_own_addresses_are_asked_nothing() -> None:
    assert dry_lines(ScanPlan((), pings=(Ping("icmp-echo"),)), local=True) == ""
