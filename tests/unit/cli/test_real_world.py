"""The world of a real scan, as far as it can be looked at without one."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hatoba.cli import permission
from hatoba.cli import real_world as module
from hatoba.cli.real_world import real_world
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import Means
from hatoba.engine.scan import Scan
from hatoba.errors import NotInScope, NotPermitted, UsageError, WireError
from hatoba.model import Ping, ScanPlan
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.capabilities import Capabilities, probe_capabilities
from hatoba.wire.reverse_names import ReverseNames


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Capabilities:
    """This machine, with everything allowed."""
    found = replace(probe_capabilities(), packet_socket=True, raw_ipv4=True, raw_ipv6=True, remedy=None)
    monkeypatch.setattr(module, "probe_capabilities", lambda: found)
    return found


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch, allowed: Capabilities) -> Capabilities:
    """This machine, without the right to send packets of its own."""
    found = replace(allowed, packet_socket=False, raw_ipv4=False, raw_ipv6=False, net_raw=False, remedy="sudo hatoba")
    monkeypatch.setattr(module, "probe_capabilities", lambda: found)
    return found


def test_syn_where_it_is_allowed(allowed: Capabilities) -> None:
    assert real_world().means(ScanOptions()) == Means(("syn",), True)
    assert real_world().means(ScanOptions(methods=("connect",))) == Means(("connect",), True)
    assert real_world().means(ScanOptions(methods=("syn", "udp"))) == Means(("syn", "udp"), True)
    assert real_world().means(ScanOptions(hosts_only=True)) == Means((), True)


def test_connect_elsewhere_with_a_remark(denied: Capabilities) -> None:
    means = real_world().means(ScanOptions())
    assert (means.methods, means.packets) == (("connect",), False)
    assert means.remark is not None
    assert "hatoba doctor" in means.remark
    assert real_world().means(ScanOptions(hosts_only=True)) == Means((), False)


@pytest.mark.parametrize(
    ("options", "command"),
    [
        (ScanOptions(methods=("syn",)), "sudo hatoba scan --syn"),
        (ScanOptions(methods=("connect", "udp")), "sudo hatoba scan --udp"),
        (ScanOptions(pings=(Ping("syn"), Ping("icmp-echo"))), "sudo hatoba scan -PE"),
        (ScanOptions(pings=(Ping("ip-protocol"),), hosts_only=True), "sudo hatoba scan -PO"),
        (ScanOptions(plan=ScanPlan(traceroute=True)), "sudo hatoba scan --traceroute"),
        (ScanOptions(plan=ScanPlan(systems=True)), "sudo hatoba scan -O"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_command(denied: Capabilities, options: ScanOptions, command: str) -> None:
    with pytest.raises(NotPermitted, match=command):
        real_world().means(options)


def test_what_sends_nothing_or_connects_needs_no_right(denied: Capabilities) -> None:
    assert real_world().means(ScanOptions(methods=("syn",), dry_run=True)) == Means(("syn",), True)
    assert real_world().means(ScanOptions(pings=(Ping("syn"), Ping("ack")), hosts_only=True)) == Means((), False)


@pytest.mark.parametrize("methods", [("connect",), ()])
def test_an_interface_that_is_not_there_is_refused(allowed: Capabilities, methods: tuple[str, ...]) -> None:
    for name in ("nosuch0", "a\0b", "much-too-long-for-an-interface"):
        with pytest.raises(UsageError, match=r"there are: .*lo"):
            real_world().means(ScanOptions(methods=methods, plan=ScanPlan(interface=name)))
    assert real_world().means(ScanOptions(plan=ScanPlan(interface="lo"))) == Means(("syn",), True)


def test_permission_is_looked_up_in_the_named_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission, "lab_networks", list)
    ports = parse_ports("22")
    options = ScanOptions(scope_file=str(tmp_path / "scope"))
    own = build_targets(["127.0.0.1", "::1"], ports=ports).targets
    assert real_world().permit(options, own).by == "scope"
    with pytest.raises(NotInScope):
        real_world().permit(options, build_targets(["198.18.0.9"], ports=ports).targets)


def test_a_dry_run_needs_no_permission(tmp_path: Path) -> None:
    options = ScanOptions(scope_file=str(tmp_path / "scope"), dry_run=True)
    targets = build_targets(["198.18.0.9"], ports=parse_ports("22")).targets
    assert real_world().permit(options, targets).by == "--dry-run"


def test_a_source_port_in_use_is_refused_at_once(allowed: Capabilities) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(WireError, match=f"source port {port} is in use"):
            real_world().means(ScanOptions(plan=ScanPlan(source_port=port)))
    assert real_world().means(ScanOptions(plan=ScanPlan(source_port=port))).methods == ("syn",)


def test_the_engine_is_the_real_one() -> None:
    permitted = Scope([]).waive(build_targets(["127.0.0.1"], ports=parse_ports("22")).targets)
    assert isinstance(real_world().new_scan(ScanPlan(), permitted, arguments=()), Scan)
    with real_world().names() as names:  # type: ignore[attr-defined]
        assert isinstance(names, ReverseNames)


def test_streams_that_are_closed_are_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    world = real_world()
    assert world.stdin.read() == ""
    assert world.stdout.write("x") == 1
    for stream in (world.stdin, world.stdout, world.stderr):
        stream.close()


def test_an_address_on_an_interface_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ports = parse_ports("80")
    for authorized in (True, False):
        options = ScanOptions(authorized=authorized, scope_file=str(tmp_path / "scope"))
        with pytest.raises(UsageError, match=r"%nosuch0: there is no such interface; there are: .*lo"):
            real_world().permit(options, build_targets(["fe80::1%nosuch0"], ports=ports).targets)
