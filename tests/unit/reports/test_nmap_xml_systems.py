"""Systems in nmap's XML, as nmap's consumers read them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from libnmap.parser import NmapParser

from hatoba.reports.nmap_xml_systems import os_element
from hatoba.system import Ruling, SystemsTold
from tests.unit.reports.scans import report
from tests.unit.reports.systems import TOLD, hostile_system, systems


def test_libnmap_reads_systems() -> None:
    read = NmapParser.parse(report("xml", systems()))
    first, several = read.hosts[:2]
    (match,) = first.os.osmatches
    assert (match.name, match.accuracy) == ("Linux 4.19 to 7.x", 90)
    (kind,) = match.osclasses
    assert (kind.vendor, kind.osfamily, kind.type, kind.accuracy) == ("Linux", "Linux", "general purpose", 90)
    assert [cpe.cpestring for cpe in kind.cpelist] == ["cpe:/o:linux:linux_kernel"]
    used = [(port.state, port.proto, int(port.portid)) for port in first.os.ports_used]
    assert used == [("open", "tcp", 22), ("closed", "tcp", 23), ("closed", "udp", 40001)]
    assert [match.name for match in several.os.osmatches] == ["Linux 4.19 to 7.x", "Windows 10"]
    assert first.os_fingerprinted


def test_shields_stand_in_the_comment() -> None:
    root = ElementTree.fromstring(report("xml", systems()))
    comments = {address.get("addr"): host.get("comment") for host in root.iter("host") for address in host.iter("address")}
    assert comments["198.18.0.2"] == "stateful-firewall"
    assert comments["198.18.0.4"] == "packet-filter, filter, go-between"
    assert comments["198.18.0.6"] is None


def test_no_element_where_there_is_nothing_to_say() -> None:
    assert os_element(SystemsTold(Ruling.TOO_LITTLE)) == ""
    assert os_element(TOLD["198.18.0.5"]) == '<os><portused state="open" proto="tcp" portid="22"/>\n</os>\n'


@pytest.mark.parametrize("words", ['"/><x>&amp;', "\x1b[2J\n\u202e", "波止場\ud800"])
def test_hostile_words(words: str) -> None:
    text = report("xml", hostile_system(words))
    ElementTree.fromstring(text)
    assert text.isascii()
