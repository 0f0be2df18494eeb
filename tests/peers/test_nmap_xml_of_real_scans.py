"""nmap's XML as real scans write it: valid by nmap's own DTD, and python-libnmap reads from it what the JSON Lines of the same
scan say."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from libnmap.parser import NmapParser

from hatoba.lab import Host, Lab
from tests import needs
from tests.peers.neighbourhood import DARK, DATA, FOREIGN_NAME, SCANS, WEB, WEB_IPV6, Recorded, build
from tests.real_scans import states

DTD = Path("/usr/share/nmap/nmap.dtd")
pytestmark = pytest.mark.peer("nft")


@pytest.fixture(scope="module")
def scanner() -> Iterator[Host]:
    needs.require_lab()
    needs.require_program("nft")
    with Lab("neighbourhood") as lab:
        yield build(lab)


@pytest.fixture(scope="module", params=SCANS)
def recorded(request: pytest.FixtureRequest, scanner: Host, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One scan of each kind."""
    return SCANS[request.param](scanner, tmp_path_factory.mktemp("scan"))


def scan_named(name: str) -> Any:
    """Only that one of :data:`SCANS`."""
    return pytest.mark.parametrize("recorded", [name], indirect=True)


def read(recorded: Recorded) -> Any:
    return NmapParser.parse_fromfile(str(recorded.xml))


@pytest.mark.peer("nmap", "xmllint")
def test_valid_by_nmaps_dtd(recorded: Recorded) -> None:
    command = ["xmllint", "--noout", "--dtdvalid", str(DTD), str(recorded.xml)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_libnmap_reads_what_the_json_lines_say(recorded: Recorded) -> None:
    report = read(recorded)
    told = states(recorded.lines)
    found = {(host.address, service.port): service.state for host in report.hosts for service in host.services}
    assert found.items() <= told.items()
    summed_up: Counter[str] = Counter()
    for extra in ElementTree.parse(recorded.xml).iter("extraports"):  # libnmap keeps one of a host's only
        summed_up[extra.get("state", "")] += int(extra.get("count", 0))
    end = recorded.done.end
    assert Counter(found.values()) + summed_up == Counter(end["counts"])
    assert (report.hosts_up, report.hosts_total) == (end["hosts"]["up"], end["hosts"]["total"])


@scan_named("everyday")
def test_everyday(recorded: Recorded) -> None:
    (host,) = read(recorded).hosts
    assert [port for port, _protocol in host.get_open_ports()] == [22, 80]
    assert host.get_service(25).state == "filtered"
    assert host.get_service(110).reason == "admin-prohibited"
    assert len(host.services) == 200


@scan_named("summed up")
def test_what_most_ports_share_is_summed_up(recorded: Recorded) -> None:
    (host,) = read(recorded).hosts
    assert sorted(service.port for service in host.services) == [80, 110]
    assert host.extraports_state["count"]["count"] == "173"


@pytest.mark.parametrize("recorded", ["interrupted", "interrupted connect"], indirect=True)
def test_an_interrupted_scan_has_the_ports_that_were_known(recorded: Recorded) -> None:
    report = read(recorded)
    (host,) = report.hosts
    assert recorded.done.status == 130
    assert report._runstats["finished"]["exit"] == "error"
    assert 0 < len(host.services) < 65_535


@scan_named("all filtered")
def test_silence_is_no_host_up(recorded: Recorded) -> None:
    assert set(states(recorded.lines).values()) == {"filtered"}
    assert [host.address for host in read(recorded).hosts] == [DARK, "fd00:18::3"]


@scan_named("several hosts")
def test_every_host_has_its_own_ports(recorded: Recorded) -> None:
    opened = {host.address: [port for port, _tcp in host.get_open_ports()] for host in read(recorded).hosts if host.is_up()}
    assert opened == {"198.18.0.2": [22, 80], "198.18.0.4": [6379], "fd00:18::2": [22, 80]}


@scan_named("every state")
def test_every_protocol_has_its_own_line(recorded: Recorded) -> None:
    (host,) = read(recorded).hosts
    found = {(service.protocol, service.port): (service.state, service.reason) for service in host.services}
    assert found["tcp", 22] == ("unfiltered", "reset")
    assert found["tcp", 25] == ("filtered", "no-response")
    assert found["tcp", 110] == ("filtered", "admin-prohibited")
    assert found["udp", 9] == found["udp", 53] == ("closed", "port-unreach")
    assert found["sctp", 80][0] in ("open|filtered", "filtered")  # by whether the kernel has SCTP
    kinds = [(kind.get("type"), kind.get("protocol")) for kind in ElementTree.parse(recorded.xml).iter("scaninfo")]
    assert kinds == [("ack", "tcp"), ("udp", "udp"), ("sctpcookieecho", "sctp")]


@scan_named("closed ports alone answer")
def test_silence_that_means_two_things(recorded: Recorded) -> None:
    (host,) = read(recorded).hosts
    assert {service.port: service.state for service in host.services} == {
        22: "open|filtered",
        23: "closed",
        24: "closed",
        25: "open|filtered",
    }


@scan_named("protocols above IP")
def test_protocols_above_ip_have_their_names(recorded: Recorded) -> None:
    (host,) = read(recorded).hosts
    services = {service.port: service for service in host.services}
    assert {service.protocol for service in services.values()} == {"ip"}
    assert [services[number].service for number in (1, 6, 17, 47)] == ["icmp", "tcp", "udp", "gre"]
    assert services[1].state == services[6].state == "open"


@scan_named("hosts only")
def test_hosts_alone_are_up_or_down_with_their_hardware_addresses(recorded: Recorded) -> None:
    report = read(recorded)
    up = [host for host in report.hosts if host.is_up()]
    assert {host.address for host in up} == {"198.18.0.1", WEB, DARK, DATA, WEB_IPV6}
    assert (report.hosts_up, report.hosts_total) == (5, 17)
    assert not any(host.services for host in report.hosts)
    web = next(host for host in up if host.address == WEB)
    assert web.mac.lower().startswith("02:")
    assert ElementTree.parse(recorded.xml).find(f"host/address[@addr='{WEB}']/../trace/hop").get("ipaddr") == WEB  # type: ignore[union-attr]


@scan_named("hosts of a network")
def test_of_a_network_only_what_is_there_is_asked(recorded: Recorded) -> None:
    report = read(recorded)
    assert {host.address for host in report.hosts} == {"198.18.0.1", WEB, DARK, DATA}
    assert (report.hosts_up, report.hosts_total) == (4, 32)


@scan_named("listed")
def test_what_is_listed_is_neither_up_nor_down(recorded: Recorded) -> None:
    report = read(recorded)
    assert {host.status for host in report.hosts} == {"unknown"}
    assert len(report.hosts) == report.hosts_total == 17


@scan_named("out of time")
def test_a_host_that_took_too_long_says_so(recorded: Recorded) -> None:
    (host,) = ElementTree.parse(recorded.xml).iter("host")
    assert host.get("timedout") == "true"


@scan_named("hostile names")
def test_hostile_text_arrives_as_text(recorded: Recorded) -> None:
    report = read(recorded)
    assert recorded.done.status == 0
    assert report.hosts[0].hostnames == [FOREIGN_NAME]
    raw = recorded.xml.read_bytes()
    assert raw.isascii()
    assert not set(raw) & {*range(32), 127} - {10}
    assert "\\x1b[31mb\"c'd<e>&f]]>--g" in report.commandline
