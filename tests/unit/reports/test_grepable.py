from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.messages import use_language
from tests.unit.reports.golden import same_as_golden
from tests.unit.reports.scans import PLAIN, SCANS, doubtful, everyday, hostile, hosts_only, listed, protocols_above_ip, report


@pytest.mark.parametrize("scan", SCANS)
def test_lines_are_nmaps_in_every_language(scan: str) -> None:
    use_language("ja")
    same_as_golden(f"grepable-{scan}.txt", report("grepable", SCANS[scan]()))


def test_verbose_names_the_ports_and_the_hosts_that_are_down() -> None:
    text = report("grepable", everyday(), replace(PLAIN, verbose=1))
    assert "# Ports scanned: TCP(910;22,25,80-81,443,445,500-503,6379,9000-9899) UDP(0;) SCTP(0;) PROTOCOLS(0;)\n" in text
    assert "Host: fd00:18::9 ()\tStatus: Down\n" in text


def test_open_only_leaves_hosts_without_an_open_port_out() -> None:
    text = report("grepable", everyday(), replace(PLAIN, open_only=True))
    assert "198.18.0.3" not in text
    assert "\tPorts: 22/open/tcp//ssh///, 80/open/tcp//http///, 6379/open/tcp//redis///\tIgnored State: closed (901)\n" in text


def test_protocols_above_ip_have_a_form_of_their_own() -> None:
    text = report("grepable", protocols_above_ip())
    assert (
        "\tProtocols: 1/open/icmp/, 6/open/tcp/, 17/open/udp/, 47/open|filtered/gre/, 107/open|filtered/a|n/\tIgnored" in text
    )


def test_hosts_alone_and_hosts_that_ran_out_of_time() -> None:
    text = report("grepable", hosts_only(), replace(PLAIN, open_only=True))
    assert text.count("Status: Up") == 3
    assert "Ports:" not in text
    assert "Host: 198.18.0.2 ()\tStatus: Timeout\nHost: 198.18.0.2 ()\tPorts: 22/open" in report("grepable", doubtful())
    assert report("grepable", listed()).count("Status: Unknown") == 17


def test_a_name_can_not_forge_a_field() -> None:
    text = report("grepable", hostile("x)\tPorts: 1/open, (y"))
    (line,) = [line for line in text.splitlines() if "Ports:" in line and "22/open" in line]
    assert line == "Host: 198.18.0.2 (x]\\x09Ports: 1|open_ [y)\tPorts: 22/open/tcp//ssh///"
