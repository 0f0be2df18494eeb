"""Real daemons of the distribution, asked over the network by the command itself: what is told of them is true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.daemons.services import DAEMONS, Site, build
from hatoba.lab import Lab
from tests.real_scans import COMMAND
from tests.unit.reports.test_jsonl import lines

ALWAYS = (
    "openssh",
    "nginx",
    "redis",
    "memcached",
    "postgresql",
    "bind9",
    "dnsmasq",
    "snmpd",
    "chrony",
    "rpcbind",
    "git",
    "http.server",
)
"""Those whose programs the other tests need as well; the others are asked where they are installed."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Lab("daemons") as lab:
        yield build(lab)


@pytest.fixture(scope="module")
def told(site: Site) -> dict[tuple[str, int], dict[str, Any]]:
    """What a scan with -sV says of each port."""
    ports = {kind: ",".join(str(one.port) for one in site.daemons if one.protocol == kind) for kind in ("tcp", "udp")}
    command = [*COMMAND, "-sS", "-sU", "-sV", "-oJ", "-", "-p", f"T:{ports['tcp']},U:{ports['udp'] or 9}", "198.18.0.2"]
    done = site.scanner.run(command, timeout_s=280)
    assert done.returncode == 0, done.stderr
    return {(line["protocol"], line["port"]): line for line in lines(done.stdout) if line["type"] == "service"}


def test_every_daemon_is_recognised(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    assert site.notes == []
    found = {one.name: (told[one.protocol, one.port]["service"] or {}).get("name") for one in site.daemons}
    assert found == {one.name: one.service for one in site.daemons}


def test_products_and_versions_are_the_packages(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    for daemon in site.daemons:
        service = told[daemon.protocol, daemon.port]["service"]
        if daemon.name != "xrdp":  # its first answer is Windows's in all but a flag
            assert daemon.word.lower() in service.get("product", "").lower(), daemon.name
        if daemon.tells_version and daemon.package:
            assert service["version"] == daemon.version(), daemon.name


def test_what_stands_behind_tls_has_its_certificate(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    for daemon in site.daemons:
        if daemon.tls:
            tls = told[daemon.protocol, daemon.port]["tls"]
            assert tls["certificate"]["common_name"] == "target.lab", daemon.name
            assert tls["certificate"]["problems"] == ["self-signed"]
            assert "TLSv1.3" in tls["versions"]


def test_daemons_that_are_always_there(site: Site) -> None:
    """So that the tests above can't pass with nobody home, where the programs are installed."""
    from hatoba.lab.programs import find_program

    expected = {one.name for one in DAEMONS if one.name in ALWAYS and find_program(one.program)}
    assert expected <= {one.name for one in site.daemons}


def test_no_daemon_has_died(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    assert told
    assert {name: process.poll() for name, process in site.processes.items()} == dict.fromkeys(site.processes)
