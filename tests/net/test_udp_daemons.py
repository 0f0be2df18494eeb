"""UDP against real daemons, with the kernel's limit of ICMP errors in force: what is open is named at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from hatoba.lab import PIPE, Lab
from hatoba.lab.topologies import UdpServices, udp_services
from hatoba.lab.topologies.udp_services import DAEMONS
from tests.real_scans import COMMAND, Line

pytestmark = [pytest.mark.peer(*(next(iter(candidates)) for candidates in DAEMONS.values()))]

CLOSED = range(40_000, 40_200)
SILENT_OR_CLOSED = {("closed", "port-unreach"), ("closed|filtered", "no-response"), ("open|filtered", "no-response")}
NAMED_WITHIN_S = 3.0
"""From the start of the command to the line of the last open port."""


@dataclass
class Timed:
    """A scan's JSON Lines, each with the seconds from the start of the command to its arrival."""

    lines: list[tuple[float, Line]] = field(default_factory=list)
    status: int = 0
    errors: str = ""

    @property
    def ports(self) -> dict[int, tuple[float, Line]]:
        return {line["port"]: (at_s, line) for at_s, line in self.lines if line["type"] == "port"}

    def verdicts(self) -> dict[int, tuple[str, str]]:
        return {port: (line["state"], line["reason"]) for port, (_at_s, line) in self.ports.items()}


@pytest.fixture(scope="module")
def site() -> Iterator[UdpServices]:
    with Lab("udp") as lab:
        built = udp_services(lab)
        assert built.notes == ()
        yield built


def scan_udp(site: UdpServices, *arguments: str, timeout_s: float = 100) -> Timed:
    timed = Timed()
    began_s = time.monotonic()
    with site.scanner.popen([*COMMAND, "-sU", "-oJ", "-", *arguments], stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            timed.lines.append((time.monotonic() - began_s, json.loads(line)))
        timed.errors = process.stderr.read().decode()
        timed.status = process.wait(timeout_s)
    return timed


def listed(*ports: int) -> str:
    return ",".join(map(str, ports))


@pytest.mark.parametrize("version", [4, 6])
def test_open_services_are_named_at_once_among_closed_ports(site: UdpServices, version: int) -> None:
    done = scan_udp(site, "-p", f"{listed(*site.ports)},{CLOSED[0]}-{CLOSED[-1]}", site.address(version))
    assert done.status == 0, done.errors
    verdicts = done.verdicts()
    assert {site.programs[port]: verdicts[port] for port in site.ports} == dict.fromkeys(
        site.programs.values(), ("open", "udp-response")
    )
    assert {verdicts[port] for port in CLOSED} <= SILENT_OR_CLOSED
    assert len(verdicts) == len(site.ports) + len(CLOSED)
    named_s = {site.programs[port]: done.ports[port][0] for port in site.ports}
    print(f"IPv{version}: named after", {program: round(at_s, 2) for program, at_s in named_s.items()})
    assert max(named_s.values()) < NAMED_WITHIN_S


@pytest.mark.parametrize("version", [4, 6])
def test_the_evidence_of_an_open_port_is_the_hosts_own_answer(site: UdpServices, version: int) -> None:
    done = scan_udp(site, "-p", listed(*site.ports), site.address(version))
    assert done.status == 0, done.errors
    for port, (_at_s, line) in done.ports.items():
        evidence = line["evidence"]
        assert (line["state"], evidence["method"], evidence["answer"]) == ("open", "udp", "udp"), port
        assert evidence["responder"] == site.address(version)
        assert evidence["ttl"] == (255 if port == 5353 else 64), "RFC 6762 section 11: mDNS answers with 255"
        assert 0 < evidence["rtt_s"] < NAMED_WITHIN_S


def test_the_limit_is_recognised_and_told(site: UdpServices) -> None:
    done = scan_udp(site, "-p", f"53,{CLOSED[0]}-{CLOSED[-1]}", site.address())
    verdicts = done.verdicts()
    states = [verdicts[port][0] for port in CLOSED]
    assert states.count("closed|filtered") > len(CLOSED) // 2, "they have no payload of their own, and the limit was seen"
    assert 0 < states.count("closed") < len(CLOSED), "the first of them could be proved closed"
    (_at_s, end) = done.lines[-1]
    assert any("ICMP" in problem for problem in end["problems"]), end["problems"]


def test_closed_ports_are_proved_closed_where_that_is_asked_for(site: UdpServices) -> None:
    some = CLOSED[:12]
    done = scan_udp(site, "--prove-closed", "-p", f"{listed(*site.ports)},{some[0]}-{some[-1]}", site.address())
    assert done.status == 0, done.errors
    verdicts = done.verdicts()
    assert {verdicts[port] for port in some} == {("closed", "port-unreach")}
    assert {verdicts[port] for port in site.ports} == {("open", "udp-response")}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_thousand_most_used_ports(site: UdpServices) -> None:
    done = scan_udp(site, "--top-ports", "1000", site.address(), timeout_s=280)
    assert done.status == 0, done.errors
    assert len(done.ports) == 1000
    opened = {port: at_s for port, (at_s, line) in done.ports.items() if line["state"] == "open"}
    print("named after", {site.programs[port]: round(at_s, 2) for port, at_s in opened.items()})
    assert opened.keys() == set(site.ports)
    assert max(opened.values()) < NAMED_WITHIN_S
