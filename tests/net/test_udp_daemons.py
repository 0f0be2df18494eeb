"""UDP against real daemons, with the kernel's limit of ICMP errors in force: what is open is named at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatoba.lab import Lab
from hatoba.lab.topologies import UdpServices, udp_services
from hatoba.lab.topologies.udp_services import DAEMONS
from tests.real_scans import Scanned, scan

pytestmark = [pytest.mark.peer(*(next(iter(candidates)) for candidates in DAEMONS.values()))]

CLOSED = range(40_000, 40_200)
CLOSED_BY_WORD = ("closed", "port-unreach")
SILENT_OR_CLOSED = {CLOSED_BY_WORD, ("closed|filtered", "no-response"), ("open|filtered", "no-response")}


def verdicts(done: Scanned) -> dict[int, tuple[str, str]]:
    """State and reason of each port, in the order in which they were told."""
    return {port: (line["state"], line["reason"]) for port, line in done.ports.items()}


def told_before_the_last_open_port(done: Scanned) -> set[tuple[str, str]]:
    """What was told of ports that are not open before all that are had been named."""
    told = list(verdicts(done).values())
    last = max(place for place, (state, _reason) in enumerate(told) if state == "open")
    return {verdict for verdict in told[:last] if verdict[0] != "open"}


@pytest.fixture(scope="module")
def site() -> Iterator[UdpServices]:
    with Lab("udp") as lab:
        built = udp_services(lab)
        assert built.notes == ()
        yield built


def scan_udp(site: UdpServices, *arguments: str, timeout_s: float = 280) -> Scanned:
    return scan(site.scanner, "-sU", *arguments, timeout_s=timeout_s)


def listed(*ports: int) -> str:
    return ",".join(map(str, ports))


@pytest.mark.parametrize("version", [4, 6])
def test_open_services_are_named_at_once_among_closed_ports(site: UdpServices, version: int) -> None:
    done = scan_udp(site, "-p", f"{listed(*site.ports)},{CLOSED[0]}-{CLOSED[-1]}", site.address(version))
    assert done.status == 0, done.errors
    told = verdicts(done)
    assert {site.programs[port]: told[port] for port in site.ports} == dict.fromkeys(
        site.programs.values(), ("open", "udp-response")
    )
    assert {told[port] for port in CLOSED} <= SILENT_OR_CLOSED
    assert len(told) == len(site.ports) + len(CLOSED)
    assert told_before_the_last_open_port(done) <= {CLOSED_BY_WORD}, "nobody's silence was waited for"


@pytest.mark.parametrize("version", [4, 6])
def test_the_evidence_of_an_open_port_is_the_hosts_own_answer(site: UdpServices, version: int) -> None:
    done = scan_udp(site, "-p", listed(*site.ports), site.address(version))
    assert done.status == 0, done.errors
    for port, line in done.ports.items():
        evidence = line["evidence"]
        assert (line["state"], evidence["method"], evidence["answer"]) == ("open", "udp", "udp"), port
        assert evidence["responder"] == site.address(version)
        assert evidence["ttl"] == (255 if port == 5353 else 64), "RFC 6762 section 11: mDNS answers with 255"
        assert evidence["rtt_s"] > 0


def test_the_limit_is_recognised_and_told(site: UdpServices) -> None:
    done = scan_udp(site, "-p", f"53,{CLOSED[0]}-{CLOSED[-1]}", site.address())
    told = verdicts(done)
    states = [told[port][0] for port in CLOSED]
    assert states.count("closed|filtered") > len(CLOSED) // 2, "they have no payload of their own, and the limit was seen"
    assert 0 < states.count("closed") < len(CLOSED), "the first of them could be proved closed"
    assert any("ICMP" in problem for problem in done.end["problems"]), done.end["problems"]


def test_closed_ports_are_proved_closed_where_that_is_asked_for(site: UdpServices) -> None:
    some = CLOSED[:12]
    done = scan_udp(site, "--prove-closed", "-p", f"{listed(*site.ports)},{some[0]}-{some[-1]}", site.address())
    assert done.status == 0, done.errors
    told = verdicts(done)
    assert {told[port] for port in some} == {CLOSED_BY_WORD}
    assert {told[port] for port in site.ports} == {("open", "udp-response")}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_thousand_most_used_ports(site: UdpServices) -> None:
    done = scan_udp(site, "--top-ports", "1000", site.address(), timeout_s=280)
    assert done.status == 0, done.errors
    assert len(done.ports) == 1000
    assert {port for port, line in done.ports.items() if line["state"] == "open"} == set(site.ports)
    assert told_before_the_last_open_port(done) <= {CLOSED_BY_WORD}, "nobody's silence was waited for"
