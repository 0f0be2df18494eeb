"""The UDP daemons answer what a client of theirs asks, at once and over both families; the ICMP limit is in force."""

from __future__ import annotations

import pytest

from hatoba.lab.host import Host
from hatoba.lab.topologies import UdpServices, udp_services
from hatoba.lab.topologies.udp_services import DAEMONS
from tests.net.conftest import MakeLab

ASK, REFUSED = "tests.net.datagram_calls:ask", "tests.net.datagram_calls:refused"
OPTIONS = (
    b"OPTIONS sip:lab SIP/2.0\r\nVia: SIP/2.0/UDP lab;branch=z9hG4bK1;rport\r\nFrom: <sip:a@lab>;tag=1\r\nTo: <sip:b@lab>\r\n"
    b"Call-ID: 1@lab\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
QUESTIONS = {
    # port: what its protocol asks, and how the answer begins or where its mark is
    53: (bytes.fromhex("18180000000100000000000000000200 01"), bytes.fromhex("1818")),  # the name servers of the root
    69: (b"\x00\x01missing\x00octet\x00", b"\x00\x05\x00\x01"),  # RFC 1350: read request; error, file not found
    111: (bytes.fromhex("1818181800000000000000020001 86a0 00000002 00000000" + 16 * "00"), bytes.fromhex("1818181800000001")),
    123: (bytes.fromhex("e3") + bytes(47), b"\x24"),  # RFC 5905: version 4, mode 3; mode 4, version 4
    161: (
        bytes.fromhex("302602010104067075626c6963a019020118020100020100300e300c06082b060102010105000500"),  # sysName.0
        b"\x30",
    ),
    5060: (OPTIONS, b"SIP/2.0 200"),
    5353: (
        bytes.fromhex("181800000001000000000000") + b"\x09_services\x07_dns-sd\x04_udp\x05local\x00\x00\x0c\x00\x01",
        b"\x18\x18\x84\x00",
    ),
    11211: (b"\x18\x18\x00\x00\x00\x01\x00\x00version\r\n", b"\x18\x18\x00\x00\x00\x01\x00\x00VERSION"),
}


@pytest.mark.peer(*(next(iter(candidates)) for candidates in DAEMONS.values()))
def test_every_daemon_answers_its_own_question_over_both_families(make_lab: MakeLab) -> None:
    site = udp_services(make_lab())
    assert site.notes == ()
    assert site.ports == tuple(sorted(QUESTIONS))
    for version in (4, 6):
        for port, (question, begins) in QUESTIONS.items():
            answer = ask(site, version, port, question)
            assert answer, f"{site.programs[port]} is silent over IPv{version}"
            assert answer[0] == site.address(version)
            assert (answer[1] == port) is (port != 69), "TFTP, and only TFTP, answers from a port of its own"
            assert bytes.fromhex(str(answer[2])).startswith(begins), site.programs[port]


def ask(site: UdpServices, version: int, port: int, question: bytes) -> list[object]:
    answer: list[object] = site.scanner.call(ASK, site.address(version), port, question.hex())
    return answer


@pytest.mark.parametrize("version", [4, 6])
def test_closed_ports_are_told_no_faster_than_the_limit_allows(make_lab: MakeLab, version: int) -> None:
    site = udp_services(make_lab())
    told = site.scanner.call(REFUSED, site.address(version), list(range(40000, 40050)), 0.5)
    assert 1 <= told <= 10


def test_without_the_limit_all_closed_ports_are_told(make_lab: MakeLab) -> None:
    site = udp_services(make_lab(), icmp_limit=False)
    assert site.scanner.call(REFUSED, site.address(), list(range(40000, 40025)), 50) == 25


def test_what_is_missing_is_told(make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    for port in DAEMONS:
        monkeypatch.setitem(DAEMONS, port, {"no-such-daemon": refuse, "none-either": refuse})
    monkeypatch.setitem(DAEMONS, 53, {"no-such-daemon": refuse, "dnsmasq": refuse})
    site = udp_services(make_lab())
    assert site.programs == {}
    assert site.notes[:2] == (
        "Nothing answers on UDP port 53: dnsmasq did not start (The program no-such-daemon is not installed).",
        "Nothing answers on UDP port 69; install one of these programs: no-such-daemon, none-either.",
    )
    assert len(site.notes) == len(DAEMONS)


def refuse(host: Host) -> None:
    host.serve(["no-such-daemon"], ready="never")
