"""What goes with the methods and pings of a scan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.cli.scan_checks import refuse_what_methods_lack, remarks
from hatoba.cli.scan_options import ScanOptions
from hatoba.errors import UsageError
from hatoba.model import Ping, ScanPlan

CAPTURE = ScanOptions(pcap="x")
CONNECTS = ScanPlan(("connect",))
BY_CONNECT = ScanPlan((), pings=(Ping("connect", (80,)),))
BOTH = ScanPlan(("connect", "udp"))


@pytest.mark.parametrize(
    ("options", "plan", "says"),
    [
        (ScanOptions(), ScanPlan(("udp",), tcp_flags=3), "--scanflags"),
        (ScanOptions(), replace(CONNECTS, source_port=53), "source port to the kernel: ask by --syn instead, or leave out -g"),
        (ScanOptions(), replace(BOTH, source_port=53), "leave out -g"),
        (ScanOptions(), replace(BY_CONNECT, source_port=53), "leave out -g"),
        (CAPTURE, CONNECTS, "none to write: ask by --syn, or leave out --pcap"),
        (CAPTURE, BY_CONNECT, "none to write"),
        (ScanOptions(dry_run=True), BOTH, "none to show"),
    ],
)
def test_what_connect_can_not_do_is_refused(options: ScanOptions, plan: ScanPlan, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        refuse_what_methods_lack(options, plan)


@pytest.mark.parametrize(
    ("options", "plan", "said"),
    [
        (CAPTURE, ScanPlan(("syn",), source_port=53, tcp_flags=3), []),
        (ScanOptions(dry_run=True), ScanPlan(("syn",), source_port=53), []),
        (ScanOptions(), CONNECTS, []),
        (CAPTURE, BOTH, ["connect() leaves its packets to the kernel, so they are missing from x"]),
        (
            replace(CAPTURE, plan=ScanPlan(version_intensity=7)),
            ScanPlan(("syn",)),
            ["-sV leaves its packets to the kernel, so they are missing from x"],
        ),
        (
            CAPTURE,
            replace(CONNECTS, traceroute=True),
            ["connect() leaves its packets to the kernel, so they are missing from x"],
        ),
        (
            CAPTURE,
            replace(CONNECTS, systems=True),
            ["connect() leaves its packets to the kernel, so they are missing from x"],
        ),
        (
            ScanOptions(dry_run=True, pcap="x", outputs=(("xml", "-"), ("normal", "y"))),
            ScanPlan(("syn",)),
            ["a dry run finds nothing out, so nothing of it goes to standard output, y, x"],
        ),
    ],
)
def test_what_is_done_in_part_is_told(options: ScanOptions, plan: ScanPlan, said: list[str]) -> None:
    refuse_what_methods_lack(options, plan)
    assert remarks(options, plan) == said
