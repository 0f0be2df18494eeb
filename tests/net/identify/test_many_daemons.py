"""All real daemons that the distribution brings, at once: what is told of them is true, none dies of it, and no log holds more
of us than a client that left early."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.daemons.more import MORE
from benchmarks.daemons.services import DAEMONS, FURTHER, Site, build
from hatoba.lab import Lab
from tests.real_scans import COMMAND
from tests.unit.reports.test_jsonl import lines

pytestmark = pytest.mark.exhaustive

CRASHED = re.compile(
    r"traceback \(most recent|segmentation fault|core dumped|assertion .*failed|panic:|sigsegv|stack smashing|double free"
    r"|out of memory|outofmemoryerror|nullpointerexception|addresssanitizer|internal error|bug:",
    re.IGNORECASE,
)
"""What a daemon writes when it is its own fault, or was brought to it."""
COMPLAINS = re.compile(r"\b(?:error|err|crit(?:ical)?|alert|emerg(?:ency)?|fatal|severe)\b", re.IGNORECASE)
LEFT = re.compile(
    r"EOF|clos|reset|disconnect|hang ?up|abort|cancell?ed|broken pipe|dropped|timed? ?out|lost|peer|read error|refused|denied"
    r"|unexpected|invalid|malformed|bad |not http|http request|handshake|SSL_accept|protocol|unknown|unsupported|illegal"
    r"|packet|partial pkt|parse|syntax|identification|greeting|\[MCS Connection|Connect-Initial|xrdp\w*: .*failed"
    r"|501 Method not implemented|End of file|broken header"
    r"|favicon\.ico\" failed \(2: No such file|http error occurred: Not found|-operation-not-supported",
    re.IGNORECASE,
)
"""How they say that somebody left, or spoke another language, or asked for what is not there, as browsers do."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Lab("many-daemons") as lab:
        yield build(lab, rows=DAEMONS + MORE + FURTHER)


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, int]:
    """How long each log was when all were up."""
    return {name: len(_log(site, name)) for name in site.logs}


@pytest.fixture(scope="module")
def told(site: Site, before: dict[str, int]) -> dict[tuple[str, int], dict[str, Any]]:
    """What a scan with -sV says of each port."""
    assert before
    ports = {kind: ",".join(str(one.port) for one in site.daemons if one.protocol == kind) for kind in ("tcp", "udp")}
    command = [*COMMAND, "-sS", "-sU", "-sV", "-oJ", "-", "-p", f"T:{ports['tcp']},U:{ports['udp'] or 9}", "198.18.0.2"]
    done = site.scanner.run(command, timeout_s=280)
    assert done.returncode == 0, done.stderr
    return {(line["protocol"], line["port"]): line for line in lines(done.stdout) if line["type"] == "service"}


def _log(site: Site, name: str) -> str:
    return site.target.run(["cat", str(site.logs[name])]).stdout


def test_every_daemon_is_recognised(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    assert site.notes == []
    found = {one.name: (told[one.protocol, one.port]["service"] or {}).get("name") for one in site.daemons}
    assert found == {one.name: one.service for one in site.daemons}


def test_products_and_versions_are_the_packages(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    for daemon in site.daemons:
        service = told[daemon.protocol, daemon.port]["service"]
        if daemon.name != "xrdp":  # its first answer is Windows's in all but a flag
            assert daemon.word.lower() in service.get("product", "").lower(), daemon.name
        if daemon.tells_version and daemon.version():
            assert service["version"].startswith(daemon.version()), daemon.name


def test_no_daemon_has_died(site: Site, told: dict[tuple[str, int], dict[str, Any]]) -> None:
    assert told
    assert {name: process.poll() for name, process in site.processes.items()} == dict.fromkeys(site.processes)


def test_no_log_holds_more_than_a_client_that_left(
    site: Site, before: dict[str, int], told: dict[tuple[str, int], dict[str, Any]]
) -> None:
    assert told
    worse = {}
    for name, length in before.items():
        said = _log(site, name)[length:].splitlines()
        if found := [line for line in said if CRASHED.search(line) or (COMPLAINS.search(line) and not LEFT.search(line))]:
            worse[name] = found[:5]
    assert worse == {}
