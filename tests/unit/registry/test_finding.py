"""Ports by number, by name and by words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Protocol
from hatoba.registry import by_name, lookup, near_names, search, service_name
from hatoba.registry.entry import UNKNOWN, PortClass
from hatoba.registry.finding import ALIASES
from hatoba.registry.store import WITH_PORTS

PROTOCOLS = st.sampled_from(WITH_PORTS)


@pytest.mark.parametrize("protocol", WITH_PORTS)
def test_every_port_of_every_protocol_is_answered(protocol: Protocol) -> None:
    for port in range(65536):
        entry = lookup(port, protocol)
        assert (entry.port, entry.protocol) == (port, protocol)
        assert port in entry.port_class.ports
        assert entry.service == service_name(port, protocol)
        assert entry.service
        assert bool(entry.today) == bool(entry.today_description)
        assert entry.name or entry.description


@pytest.mark.parametrize(
    ("number", "keyword"),
    [
        (0, "hopopt"),
        (1, "icmp"),
        (6, "tcp"),
        (17, "udp"),
        (47, "gre"),
        (50, "esp"),
        (58, "ipv6-icmp"),
        (107, "a/n"),
        (61, UNKNOWN),
    ],
)
def test_protocols_above_ip_go_by_their_keywords(number: int, keyword: str) -> None:
    assert service_name(number, Protocol.IP) == lookup(number, Protocol.IP).service == keyword


def test_every_protocol_above_ip_is_answered_and_no_other() -> None:
    entries = [lookup(number, Protocol.IP) for number in range(256)]
    assert [number for number, entry in enumerate(entries) if not entry.known] == list(range(148, 253))
    assert not any(entry.hint or entry.today for entry in entries)
    with pytest.raises(ValueError, match="256"):
        lookup(256, Protocol.IP)


def test_protocols_above_ip_are_found_only_where_they_are_asked_for() -> None:
    assert [entry.port for entry in by_name("ipv6*", Protocol.IP)] == [41, 43, 44, 58, 59, 60]
    assert by_name("igmp") == search("Internet Group Management") == []


def test_icmp_has_no_ports() -> None:
    assert by_name("*", Protocol.ICMP) == []
    assert service_name(0, Protocol.ICMP) == UNKNOWN


@pytest.mark.parametrize("port", [-1, 65536, 70000])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="no port number"):
        lookup(port, Protocol.TCP)


@pytest.mark.parametrize(
    ("port", "protocol", "name"),
    [
        (80, Protocol.TCP, "http"),
        (80, Protocol.UDP, "http"),
        (80, Protocol.SCTP, "http"),
        (443, Protocol.TCP, "https"),
        (22, Protocol.SCTP, "ssh"),
        (53, Protocol.UDP, "domain"),
        (63, Protocol.TCP, "whoispp"),
        (66, Protocol.TCP, "sql-net"),
        (105, Protocol.TCP, "cso"),
        (210, Protocol.TCP, "z39-50"),
        (351, Protocol.TCP, "matip-type-b"),
        (512, Protocol.TCP, "exec"),
        (512, Protocol.UDP, "comsat"),
        (631, Protocol.TCP, "ipp"),
        (888, Protocol.TCP, "accessbuilder"),
        (2222, Protocol.TCP, "EtherNet-IP-1"),
        (3478, Protocol.UDP, "stun"),
        (5004, Protocol.DCCP, "avt-profile-1"),
        (38412, Protocol.SCTP, "ng-control"),
    ],
)
def test_iana_names(port: int, protocol: Protocol, name: str) -> None:
    assert lookup(port, protocol).name == name


@pytest.mark.parametrize(
    ("first", "last", "name", "description"),
    [
        (225, 241, "", "Reserved"),
        (249, 255, "", "Reserved"),
        (1011, 1020, "", "Reserved"),
        (1028, 1028, "", "Deprecated"),
        (3322, 3325, "active-net", "Active Networks"),
        (3367, 3371, "satvid-datalnk", "Satellite Video Data Link"),
        (4200, 4299, "vrml-multi-use", "VRML Multi User Systems"),
        (6000, 6063, "x11", "X Window System"),
        (7300, 7359, "swx", "The Swiss Exchange"),
        (27000, 27009, "flex-lm", "FLEX LM (1-10)"),
    ],
)
def test_ranges_of_iana_hold_from_the_first_to_the_last_port(first: int, last: int, name: str, description: str) -> None:
    for protocol in (Protocol.TCP, Protocol.UDP):
        for port in range(first, last + 1):
            entry = lookup(port, protocol)
            assert (entry.name, entry.description) == (name, description)
        for beside in (first - 1, last + 1):
            entry = lookup(beside, protocol)
            assert (entry.name, entry.description) != (name, description)


def test_a_range_may_hold_for_one_protocol() -> None:
    for port in range(6665, 6670):
        assert lookup(port, Protocol.TCP).name == "ircu"
        assert (lookup(port, Protocol.UDP).name, lookup(port, Protocol.UDP).description) == ("", "Reserved")


def test_named_records_without_a_protocol_are_there() -> None:
    assert [lookup(port, Protocol.TCP).name for port in (6400, 6404, 6410)] == ["boe-cms", "boe-filesvr", "boe-resssvr4"]
    assert lookup(26264, Protocol.UDP).description == "De-registered"


@pytest.mark.parametrize(
    ("port", "port_class", "description"),
    [
        (4, PortClass.WELL_KNOWN, "Unassigned"),
        (1023, PortClass.WELL_KNOWN, "Reserved"),
        (1024, PortClass.REGISTERED, "Reserved"),
        (49150, PortClass.REGISTERED, "InSpider System"),
        (49149, PortClass.REGISTERED, "Unassigned"),
        (49151, PortClass.REGISTERED, "Reserved"),
        (49152, PortClass.DYNAMIC, "Dynamic and/or Private"),
        (65535, PortClass.DYNAMIC, "Dynamic and/or Private"),
    ],
)
def test_classes_meet_where_the_rfc_says(port: int, port_class: PortClass, description: str) -> None:
    entry = lookup(port, Protocol.TCP)
    assert (entry.port_class, entry.description) == (port_class, description)


@pytest.mark.parametrize(
    ("port", "protocol", "today", "name"),
    [
        (8443, Protocol.TCP, "https-alt", "pcsync-https"),
        (9200, Protocol.TCP, "elasticsearch", "wap-wsp"),
        (9200, Protocol.UDP, "", "wap-wsp"),
        (10250, Protocol.TCP, "kubelet", ""),
        (6443, Protocol.TCP, "kubernetes", "sun-sr-https"),
        (9092, Protocol.TCP, "kafka", "XmlIpcRegSvc"),
        (3389, Protocol.TCP, "rdp", "ms-wbt-server"),
        (51820, Protocol.UDP, "wireguard", ""),
        (5905, Protocol.TCP, "vnc", "asmgcs"),
    ],
)
def test_what_runs_today_goes_before_iana(port: int, protocol: Protocol, today: str, name: str) -> None:
    entry = lookup(port, protocol)
    assert (entry.today, entry.name) == (today, name)
    assert entry.service == (today or name)


def test_a_port_that_nobody_claims_is_unknown() -> None:
    assert service_name(65000, Protocol.TCP) == UNKNOWN
    assert not lookup(65000, Protocol.TCP).known
    assert lookup(225, Protocol.TCP).known


@pytest.mark.parametrize("port", [23, 445, 2375, 3306, 3389, 5900, 6379, 9200, 11211, 27017, 10250])
def test_ports_that_need_not_be_public_have_a_hint(port: int) -> None:
    assert lookup(port, Protocol.TCP).hint


def test_a_hint_is_of_its_protocol() -> None:
    assert "amplifi" in lookup(11211, Protocol.UDP).hint
    assert lookup(6443, Protocol.UDP).hint == ""


def test_names_are_found_whatever_their_capitals() -> None:
    assert [(entry.port, entry.protocol) for entry in by_name("SSH")] == [
        (22, Protocol.TCP),
        (22, Protocol.UDP),
        (22, Protocol.SCTP),
    ]
    assert [entry.port for entry in by_name("xmlipcregsvc", Protocol.TCP)] == [9092]


def test_a_pattern_finds_iana_names_and_ours_in_order_of_port() -> None:
    ports = [entry.port for entry in by_name("http*", Protocol.TCP)]
    assert {80, 443, 3000, 8000, 8008, 8080, 8443} <= set(ports)
    assert ports == sorted(set(ports))
    assert [entry.port for entry in by_name("imap?", Protocol.TCP)] == [220, 993]


def test_only_star_and_question_mark_are_special() -> None:
    assert by_name("[s]sh") == []
    assert by_name("s.h") == []
    assert by_name("") == []


def test_what_people_say_finds_what_it_means() -> None:
    assert [entry.port for entry in by_name("dns", Protocol.UDP)] == [53]
    assert all(by_name(meant) for meant in ALIASES.values())
    assert not any(alias in (entry.name.lower(), entry.today) for alias in ALIASES for entry in by_name(alias))


def test_words_are_looked_for_in_descriptions_whole_words_first() -> None:
    assert [entry.port for entry in search("remote desktop", Protocol.TCP)][:2] == [3389, 33890]
    assert {6443, 10250, 2379} <= {entry.port for entry in search("KUBERNETES")}
    assert search("") == []
    assert search("no such words anywhere") == []


def test_words_are_looked_for_in_the_language_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.registry.finding.translated", lambda text: text.replace("Remote Desktop", "遠隔の机"))
    assert 3389 in [entry.port for entry in search("遠隔")]


def test_near_names() -> None:
    assert near_names("kubernets")[0] == "kubernetes"
    assert near_names("\x00" * 30) == []


@given(port=st.integers(0, 65535), protocol=PROTOCOLS)
def test_a_port_is_found_by_its_own_name(port: int, protocol: Protocol) -> None:
    entry = lookup(port, protocol)
    for name in filter(None, (entry.name, entry.today)):
        assert entry in by_name(name, protocol)


@given(pattern=st.text(max_size=20))
def test_no_pattern_breaks_the_search(pattern: str) -> None:
    by_name(pattern, Protocol.DCCP)
    search(pattern, Protocol.DCCP)
