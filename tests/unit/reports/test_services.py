"""Services in every report: ``explain_service``, ``jsonl_service``, ``nmap_xml_service``, the table, grepable and normal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from libnmap.parser import NmapParser

from hatoba.reports.explain_service import explain_service
from hatoba.reports.jsonl_service import service_facts, service_of
from hatoba.reports.nmap_xml_elements import usual_service
from hatoba.reports.nmap_xml_service import service_elements
from hatoba.reports.text import shown_bytes
from hatoba.service import Facts, Outcome, Service, WebShield
from tests.unit.reports.scans import PLAIN, report
from tests.unit.reports.services import SERVICES, SHIELDED, SSH, SURVEYED, hostile_service, service, services
from tests.unit.reports.test_jsonl import validator


def port_lines(**options: Any) -> dict[str, str]:
    """Lines of the table by their port."""
    text = report("table", services(), replace(PLAIN, **options))
    return {line.split()[0]: line for line in text.splitlines() if "/tcp" in line or "/udp" in line}


def test_the_table_has_a_column_for_versions() -> None:
    lines = port_lines()
    told = {port: " ".join(line.split()[2:]) for port, line in lines.items() if " open " in line}
    assert told == {
        "22/tcp": "ssh OpenSSH 9.2p1 (Debian 2; protocol 2.0)",
        "25/tcp": "smtp Exim smtpd 4.96",
        "53/udp": "domain dnsmasq 2.90",
        "80/tcp": "http?",
        "443/tcp": "tls/http nginx 1.22.1",
        "631/tcp": "ipp",
        "6379/tcp": "redis?",
        "8080/tcp": "http-alt?",
        "8443/tcp": "tls",
        "9100/tcp": "unknown",
    }


def test_without_versions_there_is_no_such_column() -> None:
    events = [event for event in services() if event not in SERVICES]
    assert "VERSION" not in report("table", events)
    assert "VERSION" in report("table", services())


def test_explained_with_the_very_words() -> None:
    text = report("table", services(), replace(PLAIN, explain=True))
    assert 'service ssh: it greets with "SSH-2.0-OpenSSH_9.2p1"' in text
    assert 'service http: asked in http, it answered "HTTP/1.1 200 OK\\x0d\\x0a"' in text
    assert 'nothing that is known here says "\\x1b[2J hi\\x5c"' in text
    assert "TLS: TLSv1.3 with TLS_AES_256_GCM_SHA384; it accepts TLSv1.2, TLSv1.3" in text
    assert "TLS on request (STARTTLS): TLSv1.2 with AES128-SHA" in text
    assert "certificate of target.lab, from CN=authority, valid until 2030-03-17, RSA 2048: for another name, weak key" in text
    assert "--allports asks it" in text


def test_explained_whose_words_they_are() -> None:
    facts = replace(SSH, details=(("signature", "mine.toml, 2"), ("recog", "ssh_banners.xml: A \x1b gate"), ("title", "x")))
    assert list(explain_service(service(22, facts, question="greeting")))[1:] == [
        "named by your own signature: mine.toml, 2",
        "completed by a fingerprint of Recog's: ssh_banners.xml: A \\x1b gate",
        'it tells: title "x"',
    ]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.RECOGNISED])
def test_every_outcome_has_its_sentence(outcome: Outcome) -> None:
    (sentence,) = explain_service(service(80, outcome=outcome, heard=b"hm" if outcome is Outcome.UNRECOGNISED else b""))
    assert sentence.startswith("service: ")


@pytest.mark.parametrize(
    "told",
    [*SERVICES, service(8443, SHIELDED, tls=SURVEYED, question="http")],
    ids=lambda one: f"{one.protocol.word}-{one.port}",
)
def test_a_json_line_is_read_back_whole(told: Service) -> None:
    assert service_of(json.loads(json.dumps(service_facts(told)))) == told


@pytest.mark.parametrize(
    "change",
    [
        {"port": 65536},
        {"port": "22"},
        {"outcome": "eaten"},
        {"heard": "\\y"},
        {"tls": {}},
        {"address": "there"},
        {"service": {"name": "x", "cpe23": ["cpe:/a:x:y"], "confidence": 8, "evidence": ""}},
    ],
)
def test_a_line_that_none_of_ours_is(change: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        service_of(service_facts(SERVICES[0]) | change)


def test_json_lines_follow_the_schema() -> None:
    lines = [json.loads(line) for line in report("jsonl", services()).splitlines()]
    for line in lines:
        validator().validate(line)
    told = [line for line in lines if line["type"] == "service"]
    assert [(line["port"], line["outcome"]) for line in told] == [(one.port, one.outcome.value) for one in SERVICES]
    assert told[0]["service"] == {
        "name": "ssh", "product": "OpenSSH", "version": "9.2p1", "extra": "Debian 2; protocol 2.0", "os": "Linux",
        "hostname": "box.lab", "cpe23": list(SSH.cpe23), "confidence": 10, "evidence": "SSH-2.0-OpenSSH_9.2p1",
    }  # fmt: skip
    certificate = told[3]["tls"]["certificate"]
    assert (certificate["serial"], certificate["not_after"]) == ("abc", "2030-03-17T17:46:40Z")
    assert told[2]["service"] is None
    assert told[2]["heard"] == "\\x1b[2J hi\\x5c"


def test_what_is_not_known_is_left_out() -> None:
    assert service_facts(service(6379)) == {
        "address": "198.18.0.2", "protocol": "tcp", "port": 6379, "outcome": "silent", "service": None
    }  # fmt: skip


def elements() -> dict[str, ElementTree.Element]:
    ports = ElementTree.fromstring(report("xml", services()).partition("<!DOCTYPE nmaprun>")[2]).iter("port")
    return {port.get("portid", ""): port for port in ports}


def test_xml_has_what_consumers_read() -> None:
    found = elements()
    ssh = found["22"].find("service")
    assert ssh is not None
    assert ssh.attrib == {
        "name": "ssh", "product": "OpenSSH", "version": "9.2p1", "extrainfo": "Debian 2; protocol 2.0", "hostname": "box.lab",
        "ostype": "Linux", "method": "probed", "conf": "10",
    }  # fmt: skip
    assert [one.text for one in ssh] == ["cpe:/a:openbsd:openssh:9.2:p1", "cpe:/o:linux:linux_kernel"]
    https = found["443"].find("service")
    assert https is not None
    assert https.get("tunnel") == "ssl"
    scripts = {one.get("id"): one for one in found["443"].iter("script")}
    assert scripts["http-title"].get("output") == 'A <b> & "c"'
    assert "Issuer: CN=authority\n" in (scripts["ssl-cert"].get("output") or "")
    assert scripts["ssl-cert"].find("table[@key='validity']/elem[@key='notAfter']").text == "2030-03-17T17:46:40"  # type: ignore[union-attr]
    assert found["80"].find("service").attrib["method"] == "table"  # type: ignore[union-attr]
    assert found["9100"].find("service") is None
    assert found["8443"].find("service").attrib["tunnel"] == "ssl"  # type: ignore[union-attr]
    assert found["631"].find("service").attrib["devicetype"] == "printer"  # type: ignore[union-attr]
    assert "tunnel" not in found["25"].find("service").attrib  # type: ignore[union-attr]


def test_libnmap_reads_it() -> None:
    (host,) = NmapParser.parse_fromstring(report("xml", services())).hosts
    ssh, https = host.get_service(22), host.get_service(443)
    assert ssh.banner == "product: OpenSSH version: 9.2p1 extrainfo: Debian 2; protocol 2.0 hostname: box.lab ostype: Linux"
    assert [one.cpestring for one in ssh.cpelist] == ["cpe:/a:openbsd:openssh:9.2:p1", "cpe:/o:linux:linux_kernel"]
    assert (https.tunnel, https.service) == ("ssl", "http")
    assert [script["id"] for script in https.scripts_results] == ["http-title", "hatoba-end-of-life", "ssl-cert", "hatoba-tls"]


def test_a_port_that_was_not_asked_is_written_as_ever() -> None:
    assert usual_service("ssh") == '<service name="ssh" method="table" conf="3"/>'
    assert usual_service("") == ""


def test_grepable_has_the_version_where_nmap_has_it() -> None:
    text = report("grepable", services())
    assert "22/open/tcp//ssh//OpenSSH 9.2p1 [Debian 2; protocol 2.0]/" in text
    assert "443/open/tcp//ssl|http//nginx 1.22.1/" in text
    assert "80/open/tcp//http?///" in text


def test_normal_output_has_the_table() -> None:
    assert "OpenSSH 9.2p1" in report("normal", services())


@pytest.mark.parametrize("words", ["\x1b[2J", "a\nHost: forged", "\u202e", '"/><x>', "]]>", "\ud800", "波止場", "a/b,c\t(d)"])
def test_hostile_words_stay_words(words: str) -> None:
    for format_name in ("table", "normal", "grepable", "jsonl", "xml"):
        text = report(format_name, hostile_service(words), replace(PLAIN, explain=True))
        for unsafe in ("\x1b", "\u202e", "\nHost: forged", "\ud800"):
            assert unsafe not in text, format_name
    xml = report("xml", hostile_service(words))
    assert ElementTree.fromstring(xml.partition("<!DOCTYPE nmaprun>")[2]).find(".//x") is None
    for line in report("jsonl", hostile_service(words)).splitlines():
        validator().validate(json.loads(line))
    ports = report("grepable", hostile_service(words)).partition("Ports: ")[2].splitlines()[0]
    assert ports.count("/") == 7


def test_bytes_are_shown_without_loss() -> None:
    every = bytes(range(256))
    shown = shown_bytes(every)
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.encode().decode("unicode_escape").encode("latin-1") == every


SAID = "certificate of target.lab, from CN=authority, valid until 2030-03-17, RSA 2048: for another name, weak key"


def test_what_stands_in_front_and_what_is_accepted_in_sentences() -> None:
    told = list(explain_service(service(443, SHIELDED, tls=SURVEYED, question="http")))
    assert told[1:] == [
        'it tells: allow "GET"',
        'in front: Cloudflare (CDN, WAF): it adds "cf-ray: 1"',
        "in front: something that does not say its name (WAF): what looks like an attack is answered"
        ' "HTTP/1.1 403 No", anything else is not',
        "TLS: TLSv1.2 with TLS_RSA_WITH_3DES_EDE_CBC_SHA; it accepts TLSv1, TLSv1.2",
        "TLSv1.2, in the server's order: TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLSv1: TLS_RSA_WITH_RC4_128_SHA",
        "weak: TLSv1, RC4, 3DES",
        "it asks clients for a certificate",
        SAID,
        f"sent with it: {SAID}",
    ]


@pytest.mark.parametrize("sign", ["header", "cookie", "page", "refusal", "scoring"])
def test_every_sign_has_its_sentence(sign: str) -> None:
    facts = replace(SHIELDED, shields=(WebShield("x", ("waf",), sign, b"words"),))
    assert any('"words"' in line for line in explain_service(service(80, facts)))


@pytest.mark.parametrize("outcome", ["no-difference", "no-answer", "unsteady"])
def test_a_test_that_found_nothing_says_so(outcome: str) -> None:
    facts = replace(SHIELDED, details=(("waf-test", outcome),), shields=())
    assert sum(line.startswith("WAF test: ") for line in explain_service(service(80, facts))) == 1


def test_json_has_it_all_and_follows_the_schema() -> None:
    line = {"type": "service"} | service_facts(service(443, SHIELDED, tls=SURVEYED, question="http"))
    validator().validate(line)
    assert line["service"]["shields"] == [
        {"name": "Cloudflare", "kinds": ["cdn", "waf"], "sign": "header", "evidence": "cf-ray: 1"},
        {"kinds": ["waf"], "sign": "refusal", "evidence": "HTTP/1.1 403 No"},
    ]
    tls = line["tls"]
    assert tls["ciphers"] == [
        {"version": "TLSv1.2", "names": ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"], "preference": "server"},
        {"version": "TLSv1", "names": ["TLS_RSA_WITH_RC4_128_SHA"]},
    ]
    assert (tls["weaknesses"], tls["wants_certificate"], len(tls["chain"])) == (["tlsv1", "rc4", "3des"], True, 1)


def test_what_speaks_tls_and_lets_nobody_in_is_not_called_so_twice() -> None:
    closed_to_us = service(443, Facts("ssl", evidence=b"\x15\x03\x03"), tls=SURVEYED, question="tls")
    assert 'name="ssl"' in service_elements(closed_to_us, "https")
    assert "tunnel" not in service_elements(closed_to_us, "https")
    events = [closed_to_us if event in SERVICES and event.port == 443 else event for event in services()]  # type: ignore[union-attr]
    (line,) = [one for one in report("table", events).splitlines() if one.startswith("443/tcp")]
    assert line.split()[2:] == ["tls"]
