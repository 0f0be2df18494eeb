from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libnmap.parser import NmapParser

from hatoba.model import Host
from hatoba.reports.base import ReportOptions
from hatoba.reports.text import safe
from hatoba.results.batch import VerdictBatch
from tests.unit.reports.golden import same_as_golden
from tests.unit.reports.scans import (
    PLAIN,
    SCANS,
    Event,
    doubtful,
    ended,
    everyday,
    hostile,
    hosts_only,
    info,
    interrupted,
    ipv6_only,
    protocols_above_ip,
    report,
    several_methods,
)

DTD = Path("/usr/share/nmap/nmap.dtd")
OPTIONS = {"plain": PLAIN, "open": replace(PLAIN, open_only=True), "everything": replace(PLAIN, verbose=3)}


def truth(events: list[Event]) -> Counter[tuple[str, str]]:
    """Ports by address and state, from the verdicts themselves."""
    batches = [event for event in events if isinstance(event, VerdictBatch)]
    return Counter((str(v.address).partition("%")[0], v.state.word) for one in batches for v in one.verdicts())


def written(xml: str) -> Counter[tuple[str, str]]:
    """The same from the XML: ports that have a line, and those summed up."""
    found: Counter[tuple[str, str]] = Counter()
    for host in ET.fromstring(xml).iter("host"):
        address = host.find("address").attrib["addr"]  # type: ignore[union-attr]
        for state in host.iter("state"):
            found[address, state.attrib["state"]] += 1
        for extra in host.iter("extraports"):
            assert sum(int(reason.attrib["count"]) for reason in extra) == int(extra.attrib["count"])
            found[address, extra.attrib["state"]] += int(extra.attrib["count"])
    return found


@pytest.mark.parametrize("scan", SCANS)
def test_every_port_is_written_or_summed_up(scan: str) -> None:
    events = SCANS[scan]()
    for options in (PLAIN, OPTIONS["everything"]):
        assert written(report("xml", events, options)) == truth(events)


@pytest.mark.peer
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("scan", SCANS)
def test_valid_against_nmaps_dtd(tmp_path: Path, scan: str, options: str) -> None:
    if shutil.which("xmllint") is None or not DTD.exists():
        problem = "needs xmllint (libxml2-utils) and nmap's nmap.dtd"
        pytest.fail(problem) if os.environ.get("CI") == "true" else pytest.skip(problem)
    path = tmp_path / "scan.xml"
    path.write_text(report("xml", SCANS[scan](), OPTIONS[options]), encoding="ascii")
    done = subprocess.run(["xmllint", "--noout", "--dtdvalid", DTD, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scan", SCANS)
def test_libnmap_reads_the_same_states(scan: str) -> None:
    events = SCANS[scan]()
    read = NmapParser.parse_fromstring(report("xml", events, OPTIONS["everything"]))
    found = Counter((host.address, service.state) for host in read.hosts for service in host.services)
    assert found == truth(events)
    assert read.hosts_total == events[-1].hosts_total  # type: ignore[union-attr]


def test_libnmap_reads_names_reasons_and_services() -> None:
    read = NmapParser.parse_fromstring(report("xml", everyday()))
    web = read.hosts[0]
    assert (web.address, web.status, web.hostnames) == ("198.18.0.2", "up", ["web.lab", "ptr.example"])
    assert web.get_service(22).service == "ssh"
    assert web.get_service(445).reason == "admin-prohibited"
    assert web.get_service(445).reason_ip == "198.18.0.1"
    assert web.extraports_state["state"] == {"state": "closed", "count": "901"}


@pytest.mark.parametrize("scan", ["everyday", "interrupted"])
def test_golden(scan: str) -> None:
    same_as_golden(f"{scan}.xml", report("xml", SCANS[scan]()))


def test_what_consumers_insist_on() -> None:
    root = ET.fromstring(report("xml", everyday(), replace(PLAIN, verbose=2)))
    assert root.attrib["scanner"] == "nmap"
    assert root.find("verbose").attrib["level"] == "2"  # type: ignore[union-attr]
    for host in root.iter("host"):
        assert [child.tag for child in host] == ["status", "address", "hostnames", "ports"]
        assert "reason_ttl" in host.find("status").attrib  # type: ignore[union-attr]
    assert all({"name", "method", "conf"} <= service.attrib.keys() for service in root.iter("service"))
    assert [name.attrib["type"] for name in root.iter("hostname")] == ["user", "PTR"]


def test_an_interrupted_scan_is_closed_and_says_so() -> None:
    finished = ET.fromstring(report("xml", interrupted())).find("runstats/finished")
    assert finished is not None
    assert finished.attrib["exit"] == "error"
    assert finished.attrib["errormsg"].startswith("interrupted")


def test_every_method_has_its_line_by_nmaps_names() -> None:
    kinds = ET.fromstring(report("xml", several_methods())).findall("scaninfo")
    assert [(kind.attrib["type"], kind.attrib["protocol"]) for kind in kinds] == [
        ("syn", "tcp"),
        ("udp", "udp"),
        ("sctpinit", "sctp"),
    ]
    assert ET.fromstring(report("xml", protocols_above_ip())).find("scaninfo").attrib["type"] == "ipproto"  # type: ignore[union-attr]
    assert ET.fromstring(report("xml", hosts_only())).find("scaninfo") is None


def test_an_icmp_error_that_decides_nothing_is_left_out() -> None:
    state = ET.fromstring(report("xml", several_methods())).find("host/ports/port[@portid='83']/state")
    assert state is not None
    assert state.attrib == {"state": "filtered", "reason": "no-response", "reason_ttl": "0"}


def test_hosts_alone_have_no_ports_and_what_else_is_known() -> None:
    by_ping = ET.fromstring(report("xml", hosts_only(), replace(PLAIN, open_only=True))).findall("host")
    assert [[child.tag for child in host] for host in by_ping] == [
        ["status", "address", "address", "hostnames"],
        ["status", "address", "address", "hostnames"],
        ["status", "address", "hostnames", "trace"],
    ]
    raspberry = {"addr": "B8:27:EB:00:00:01", "addrtype": "mac", "vendor": "Raspberry Pi Foundation"}
    assert by_ping[0].findall("address")[1].attrib == raspberry
    assert by_ping[1].findall("address")[1].attrib == {"addr": "52:54:00:12:34:56", "addrtype": "mac"}
    trace = by_ping[2].find("trace")
    assert trace is not None
    assert trace.attrib == {"proto": "icmp"}
    assert [(hop.attrib["ttl"], hop.attrib["ipaddr"], hop.attrib["rtt"]) for hop in trace] == [
        ("1", "198.18.0.1", "0.40"),
        ("3", "198.18.2.2", "11.50"),
    ]


def test_what_is_doubtful_stands_in_a_hosts_attributes() -> None:
    proxy, tarpit, _everything = ET.fromstring(report("xml", doubtful())).findall("host")
    assert proxy.attrib == {"timedout": "true", "comment": "syn-proxy"}
    assert tarpit.attrib == {"comment": "tarpit"}
    assert proxy.find("trace").attrib == {"proto": "tcp", "port": "22"}  # type: ignore[union-attr]


def test_why_a_host_is_up_or_down() -> None:
    router, address = ip_address("198.18.0.1"), ip_address("198.18.0.2")
    up = Host(address, (), "up", "reset", ttl=63)
    down = Host(address, (), "down", "host-unreach", responder=router)
    answered, refused = ET.fromstring(report("xml", [info(asked=()), up, down, ended()], replace(PLAIN, verbose=1))).findall(
        "host"
    )
    assert answered.find("status").attrib == {"state": "up", "reason": "reset", "reason_ttl": "63"}  # type: ignore[union-attr]
    assert refused.find("status").attrib["reason"] == "host-unreach"  # type: ignore[union-attr]
    assert refused.attrib == {"comment": "host-unreach from 198.18.0.1"}


def test_a_zone_is_no_part_of_an_address() -> None:
    root = ET.fromstring(report("xml", ipv6_only()))
    host = root.find("host")
    assert host is not None
    assert host.find("address").attrib == {"addr": "fe80::1", "addrtype": "ipv6"}  # type: ignore[union-attr]
    assert host.attrib["comment"] == "zone eth0"


def test_hosts_that_are_down_are_written_on_request() -> None:
    def down(options: ReportOptions) -> list[ET.Element]:
        return ET.fromstring(report("xml", everyday(), options)).findall("host/status[@state='down']")

    assert not down(PLAIN)
    assert len(down(replace(PLAIN, verbose=1))) == 1


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_no_name_breaks_the_file(name: str) -> None:
    text = report("xml", hostile(name))
    assert text.isascii()
    root = ET.fromstring(text)
    assert root.find("host/hostnames/hostname").attrib["name"] == safe(name)  # type: ignore[union-attr]
    assert root.attrib["args"] == f"hatoba scan {safe(name)}"
