from __future__ import annotations

from dataclasses import replace

import pytest

from hatoba.registry.tls_suites import OLD_VERSIONS, WEAKNESSES
from hatoba.reports.explain_service import explain_service
from hatoba.reports.findings import PROBLEMS, findings, fronted, weak
from hatoba.service import Tls, WebShield
from tests.unit.reports.scans import PLAIN, report
from tests.unit.reports.services import CERTIFICATE, HTTP, SSH, service, services

CLOUD = WebShield("Cloudflare", ("cdn", "waf"), "header", b"cf-ray: 1")
ROOT = replace(CERTIFICATE, common_name="root", problems=("expired", "weak-key"))


def test_all_is_well() -> None:
    assert list(findings(service(22, SSH))) == []
    fine = Tls("TLSv1.3", "x", certificate=replace(CERTIFICATE, problems=()), chain=(replace(ROOT, problems=()),))
    assert list(findings(service(443, HTTP, tls=fine))) == []


def test_a_line_for_each() -> None:
    tls = Tls("TLSv1", "x", weaknesses=("tlsv1", "3des", "weak-dh"), certificate=CERTIFICATE, chain=(ROOT,))
    assert list(findings(service(443, replace(HTTP, shields=(CLOUD,)), tls=tls))) == [
        "in front: Cloudflare (CDN, WAF)",
        "weak: TLSv1, 3DES, Diffie-Hellman with less than 2048 bits",
        "certificate: for another name, weak key",
        "certificate of root, sent with it: expired, weak key (valid until 2030-03-17)",
    ]


def test_one_without_a_name() -> None:
    assert fronted((WebShield("", ("waf",), "refusal", b""),)) == "in front: something that does not say its name (WAF)"


@pytest.mark.parametrize("word", [*OLD_VERSIONS.values(), *WEAKNESSES, "weak-dh"])
def test_every_weakness_has_its_words(word: str) -> None:
    assert weak(Tls("TLSv1", "x", weaknesses=(word,))).startswith("weak: ")


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_has_its_words(problem: str) -> None:
    (line,) = findings(service(443, HTTP, tls=Tls("TLSv1.3", "x", certificate=replace(CERTIFICATE, problems=(problem,)))))
    assert line.startswith("certificate: ")


def test_the_table_shows_them_under_the_port_and_not_twice_where_it_explains() -> None:
    lines = report("table", services()).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("443/tcp"))
    assert lines[at + 1] == "    certificate: for another name, weak key"
    explained = report("table", services(), replace(PLAIN, explain=True))
    assert "    certificate: for another name" not in explained
    assert "RSA 2048: for another name, weak key" in explained


def test_who_shares_the_port_and_whom_it_is_meant_for() -> None:
    told = replace(HTTP, details=(("beside", "ssh \x1b[2J"), ("proxy-protocol", "required"), ("status", "200 OK")))
    lines = list(findings(service(8443, told)))
    assert lines == [
        "several servers share this port, by what a client says first; besides: ssh \\x1b[2J",
        "meant for proxies alone: it hangs up on whoever does not begin with the PROXY protocol",
    ]
    explained = list(explain_service(service(8443, told)))
    assert explained[1:] == ['it tells: status "200 OK"', *lines]


def test_what_a_stranger_says_is_made_safe() -> None:
    evil = "\x1b[2Jroot"
    told = " ".join(
        findings(service(443, HTTP, tls=Tls("x", "x", certificate=CERTIFICATE, chain=(replace(ROOT, common_name=evil),))))
    )
    assert "\x1b" not in told
