from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hatoba.reports.nmap_xml_scripts import http_scripts, tls_scripts
from hatoba.service import CipherList, Facts, Tls, WebShield
from tests.unit.reports.services import CERTIFICATE, HTTP

SHIELDS = (WebShield("Cloudflare", ("cdn", "waf"), "header", b"cf-ray: 1"), WebShield("", ("waf",), "refusal", b""))
DETAILS = {
    "title": "a <b>", "generator": "WordPress 6", "allow": "GET, HEAD,OPTIONS", "dav": "1,2", "favicon-mmh3": "-12",
    "favicon-sha256": "ab", "waf-test": "refused", "status": "200 OK",
}  # fmt: skip


def read(scripts: object) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(f"<port>{''.join(scripts)}</port>")  # type: ignore[arg-type]
    return {one.get("id", ""): one for one in root}


def test_web_servers_by_the_names_that_consumers_know() -> None:
    found = read(http_scripts(Facts("http", details=tuple(DETAILS.items()), shields=SHIELDS)))
    assert {name: one.get("output") for name, one in found.items()} == {
        "http-title": "a <b>",
        "http-generator": "WordPress 6",
        "http-methods": "Supported Methods: GET HEAD OPTIONS",
        "http-webdav-scan": "WebDAV: 1,2",
        "http-favicon": "MurmurHash3: -12\nSHA-256: ab",
        "http-waf-detect": "IDS/IPS/WAF detected",
        "http-waf-fingerprint": "Detected WAF\n  Cloudflare (cdn, waf), by header\n  unknown (waf), by refusal",
    }
    assert [one.text for one in found["http-methods"].iterfind("table[@key='Supported Methods']/elem")] == [
        "GET",
        "HEAD",
        "OPTIONS",
    ]
    assert found["http-favicon"].findtext("elem[@key='mmh3']") == "-12"


def test_what_is_not_known_has_no_script() -> None:
    assert read(http_scripts(Facts("http", details=(("waf-test", "no-difference"),)))) == {}
    assert read(tls_scripts(Tls("TLSv1.3", "x", certificate=CERTIFICATE))) == {}


def test_ciphers_as_consumers_of_ssl_enum_ciphers_read_them() -> None:
    lists = (
        CipherList("TLSv1", ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"), "server"),
        CipherList("TLSv1.3", ("TLS_AES_128_GCM_SHA256",)),
    )
    script = read(tls_scripts(Tls("TLSv1.3", "x", ciphers=lists)))["ssl-enum-ciphers"]
    names = script.iterfind("table[@key='TLSv1.0']/table[@key='ciphers']/table/elem[@key='name']")
    assert [one.text for one in names] == list(lists[0].ciphers)
    assert script.findtext("table[@key='TLSv1.0']/elem[@key='cipher preference']") == "server"
    assert script.findtext("table[@key='TLSv1.0']/table[@key='warnings']/elem") == "3des"
    assert script.find("table[@key='TLSv1.3']/table[@key='warnings']") is None
    output = script.get("output") or ""
    assert "\n  TLSv1.0: \n    ciphers: \n      TLS_RSA_WITH_3DES_EDE_CBC_SHA\n" in output


def test_what_nmap_has_no_script_for() -> None:
    tls = Tls(
        "TLSv1.2", "x", versions=("TLSv1", "TLSv1.2"), weaknesses=("tlsv1",), certificate=CERTIFICATE, chain=(CERTIFICATE,)
    )
    script = read(tls_scripts(tls))["hatoba-tls"]
    assert [one.text for one in script.iterfind("table[@key='versions']/elem")] == ["TLSv1.0", "TLSv1.2"]
    assert [one.text for one in script.iterfind("table[@key='problems']/elem")] == ["wrong-name", "weak-key"]
    assert script.findtext("table[@key='chain']/table/elem[@key='subject']") == "CN=target.lab,O=lab"


def test_what_a_stranger_says_does_not_break_it() -> None:
    evil = '\x1b"<&>\x00]]>'
    facts = replace(HTTP, details=tuple((name, evil) for name in DETAILS), shields=(WebShield(evil, (evil,), evil, b""),))
    certificate = replace(CERTIFICATE, subject=evil, issuer=evil, problems=(evil,))
    tls = Tls(
        evil, evil, versions=(evil,), certificate=certificate, chain=(certificate,), ciphers=(CipherList(evil, (evil,), evil),)
    )
    for element in (*read(http_scripts(facts)).values(), *read(tls_scripts(tls)).values()):
        assert "\x1b" not in "".join(element.itertext()) + (element.get("output") or "")
