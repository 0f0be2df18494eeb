"""nginx with TLS as it should be and as it should not: what is told of each is what was set up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.lab import Lab
from tests import needs
from tests.net.identify.web_servers import TITLE, Maker, WebSite

GOOD, EXPIRED, OTHER_NAME, WEAK_KEY, CHAIN, BROKEN, OLD, CLIENTS, NULLS, PLAIN_H2, ANONYMOUS, ORDERED, HUGE = range(4401, 4414)
OWN = ("target", "198.18.0.2")
NEW = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;"
OLD_CIPHERS = "ssl_ciphers ALL:@SECLEVEL=0;"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    needs.require_lab()
    needs.require_program("nginx")
    with Lab("tls-servers") as lab:
        site = WebSite(lab)
        root = Maker.root("an authority")
        middle = root.signing("one in between", authority=True)
        good = middle.signing("target", names=OWN)
        site.serve_tls(GOOD, good, NEW, chain=[middle], flags="ssl http2")
        site.serve_tls(EXPIRED, root.signing("target", names=OWN, days=-5))
        site.serve_tls(OTHER_NAME, root.signing("other.example", names=["other.example"]))
        site.serve_tls(WEAK_KEY, root.signing("target", names=OWN, bits=1024), OLD_CIPHERS)
        site.serve_tls(CHAIN, good, chain=[middle, root])
        site.serve_tls(BROKEN, good, chain=[root])
        site.serve_tls(OLD, good, "ssl_protocols TLSv1;", OLD_CIPHERS)
        authority = site.target.write("authority.crt", root.pem)
        site.serve_tls(CLIENTS, good, f"ssl_protocols TLSv1.2; ssl_client_certificate {authority}; ssl_verify_client on;")
        site.serve_tls(NULLS, good, "ssl_protocols TLSv1.2; ssl_ciphers AES256-SHA:NULL-SHA256:@SECLEVEL=0;")
        site.serve_tls(ANONYMOUS, good, "ssl_protocols TLSv1.2; ssl_ciphers aNULL:@SECLEVEL=0;")
        ordered = "AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:NULL-SHA256:CAMELLIA128-SHA:@SECLEVEL=0"
        site.serve_tls(ORDERED, good, f"ssl_protocols TLSv1.2; ssl_ciphers {ordered}; ssl_prefer_server_ciphers on;")
        site.serve_tls(HUGE, good, "ssl_protocols TLSv1.2;", chain=[middle] * 300)
        site.serve(PLAIN_H2, flags="http2")
        site.start()
        yield site


@pytest.fixture(scope="module")
def told(site: WebSite) -> dict[int, dict[str, Any]]:
    return site.scan(name="target")


def problems(line: dict[str, Any]) -> list[str]:
    found: list[str] = line["tls"]["certificate"]["problems"]
    return found


def test_one_that_is_as_it_should_be(told: dict[int, dict[str, Any]]) -> None:
    tls = told[GOOD]["tls"]
    assert (tls["versions"], tls["weaknesses"], problems(told[GOOD])) == (["TLSv1.2", "TLSv1.3"], [], [])
    assert [one["common_name"] for one in tls["chain"]] == ["one in between"]
    details = told[GOOD]["service"]["details"]
    assert (details["title"], details["h2"]) == (TITLE, "yes")
    assert "max_concurrent_streams=128" in details["h2-settings"]


def test_what_is_wrong_with_a_certificate(told: dict[int, dict[str, Any]]) -> None:
    assert problems(told[EXPIRED]) == ["expired"]
    assert problems(told[OTHER_NAME]) == ["wrong-name"]
    assert problems(told[WEAK_KEY]) == ["weak-key"]
    assert problems(told[BROKEN]) == ["broken-chain"]


def test_a_chain_of_three(told: dict[int, dict[str, Any]]) -> None:
    assert problems(told[CHAIN]) == []
    chain = told[CHAIN]["tls"]["chain"]
    assert [(one["common_name"], one["self_signed"], one["problems"]) for one in chain] == [
        ("one in between", False, []),
        ("an authority", True, []),
    ]


def test_an_old_version_alone(told: dict[int, dict[str, Any]]) -> None:
    tls = told[OLD]["tls"]
    assert (tls["version"], tls["versions"], tls["weaknesses"]) == ("TLSv1", ["TLSv1"], ["tlsv1", "no-authentication"])
    assert told[OLD]["service"]["details"]["title"] == TITLE


def test_weak_ciphers_are_named(told: dict[int, dict[str, Any]]) -> None:
    assert told[NULLS]["tls"]["weaknesses"] == ["no-encryption"]
    assert told[ANONYMOUS]["tls"]["weaknesses"] == ["no-authentication"]


def test_certificates_without_end_are_told_by_their_size(told: dict[int, dict[str, Any]]) -> None:
    service, tls = told[HUGE]["service"], told[HUGE]["tls"]
    words = service["extra"].split()
    assert (service["name"], words[:2], words[3]) == ("ssl", ["certificates", "of"], "bytes")
    assert 200_000 < int(words[2]) < 300_000
    assert (tls["versions"], "certificate" in tls) == (["TLSv1.2"], False)


def test_one_that_wants_a_certificate_of_ours(told: dict[int, dict[str, Any]]) -> None:
    assert told[CLIENTS]["tls"]["wants_certificate"]
    assert "wants_certificate" not in told[GOOD]["tls"]


def test_http_2_without_tls(told: dict[int, dict[str, Any]]) -> None:
    service = told[PLAIN_H2]["service"]
    assert (service["name"], service["product"], service["details"]["h2"], service["details"]["title"]) == (
        *("http", "nginx", "yes"),
        TITLE,
    )


def test_every_cipher(site: WebSite) -> None:
    told = site.scan("--tls-ciphers", ports=[ORDERED, GOOD])
    (accepted,) = told[ORDERED]["tls"]["ciphers"]
    assert accepted == {
        "version": "TLSv1.2",
        "names": [
            *("TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_NULL_SHA256"),
            "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
        ],
        "preference": "server",
    }
    newest = told[GOOD]["tls"]["ciphers"][-1]
    assert (newest["version"], newest["preference"]) == ("TLSv1.3", "client")
    assert {name.removeprefix("TLS_") for name in newest["names"]} == {
        *("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"),
    }


def test_nginx_has_not_died(site: WebSite, told: dict[int, dict[str, Any]]) -> None:
    assert told
    assert site.process.poll() is None
