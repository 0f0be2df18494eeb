"""nginx with ModSecurity and the OWASP Core Rule Set of the distribution, and without: ``--waf-test`` tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatoba.identify.waf_test import HARMLESS, SUSPICIOUS
from hatoba.lab import Lab
from tests import needs
from tests.net.identify.web_servers import MODSECURITY, RULES, WebSite

PLAIN, RULE_SET, NOTICES, CDN, MASKED, SILENT, APACHE = range(8001, 8008)
APACHE_MODULES = "/usr/lib/apache2/modules"
MASK = "The requested URL was rejected. Please consult with your administrator."
SUPPOSED_ENGINE = "OWASP Core Rule Set (ModSecurity or Coraza)"


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    needs.require_lab()
    needs.require_program("nginx")
    needs.require_program("apache2")
    for path in (MODSECURITY, RULES, f"{APACHE_MODULES}/mod_security2.so"):
        if not Path(path).exists():
            needs.lacking(f"there is no {path}")
    with Lab("wafs") as lab:
        site = WebSite(lab)
        rules = f"Include /etc/modsecurity/crs/crs-setup.conf\nInclude {RULES}/*.conf\nSecAuditEngine Off\n"
        for port, engine in ((RULE_SET, "On"), (NOTICES, "DetectionOnly")):
            settings = site.target.write(f"{engine}.conf", f"SecRuleEngine {engine}\n{rules}")
            site.serve(port, f"modsecurity on; modsecurity_rules_file {settings};")
        site.serve(PLAIN)
        site.serve(CDN, "add_header CF-RAY 8e2f0c1d2a3b4c5d-NRT always;")
        site.target.write("www/refused.html", f"<h1>{MASK}</h1>")
        site.serve(MASKED, 'if ($args ~ "passwd") { rewrite ^ /refused.html break; }')
        site.serve(SILENT, 'if ($args ~ "passwd") { return 444; }')
        site.start(f"load_module {MODSECURITY};")
        start_apache(site, rules)
        yield site


def start_apache(site: WebSite, rules: str) -> None:
    modules = ("mpm_event", "authz_core", "unique_id", "security2")
    config = site.target.write(
        "apache.conf",
        f"ServerRoot {site.folder}\nServerName target\nPidFile {site.folder}/apache.pid\nDefaultRuntimeDir {site.folder}\n"
        f"Mutex file:{site.folder}\nListen {APACHE}\nDocumentRoot {site.folder}/www\nUser nobody\nGroup nogroup\n"
        + "".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n" for name in modules)
        + f"ErrorLog /dev/stderr\nSecRuleEngine On\nSecDataDir {site.folder}\n{rules}",
    )
    site.target.serve(["apache2", "-DFOREGROUND", "-f", str(config)], ready="resuming normal operations")
    site.ports.append(APACHE)


@pytest.fixture(scope="module")
def told(site: WebSite) -> dict[int, dict[str, Any]]:
    return site.scan("--waf-test")


def shields(line: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.get("name", ""), one["sign"]) for one in line["service"].get("shields", [])]


def test_the_rule_set_is_recognised_by_how_it_counts(told: dict[int, dict[str, Any]]) -> None:
    assert shields(told[RULE_SET]) == [(SUPPOSED_ENGINE, "scoring")]
    assert told[RULE_SET]["service"]["shields"][0]["evidence"] == "HTTP/1.1 403 Forbidden"
    assert told[RULE_SET]["service"]["details"]["waf-test"] == "refused"


def test_so_it_is_inside_apache_where_modsecurity_alone_can_be(told: dict[int, dict[str, Any]]) -> None:
    assert shields(told[APACHE]) == [("OWASP Core Rule Set (ModSecurity)", "scoring")]


@pytest.mark.parametrize("port", [PLAIN, NOTICES])
def test_who_refuses_nothing_has_none(told: dict[int, dict[str, Any]], port: int) -> None:
    """A rule set that only takes notes can't be told from none."""
    assert shields(told[port]) == []
    assert told[port]["service"]["details"]["waf-test"] == "no-difference"


def test_a_field_is_enough(told: dict[int, dict[str, Any]]) -> None:
    assert shields(told[CDN]) == [("Cloudflare", "header")]


def test_a_page_that_names_its_maker_and_comes_with_200(told: dict[int, dict[str, Any]]) -> None:
    assert shields(told[MASKED]) == [("F5 BIG-IP ASM", "page")]


def test_one_that_hangs_up_and_says_nothing(told: dict[int, dict[str, Any]]) -> None:
    assert shields(told[SILENT]) == [("", "refusal")]


def test_what_is_sent_is_what_the_page_says_and_no_more(site: WebSite, told: dict[int, dict[str, Any]]) -> None:
    assert told
    sent = [line for line in site.requests(RULE_SET) if "hatoba=" in line]
    assert sent == [f"GET {path} HTTP/1.1" for path in (HARMLESS, SUSPICIOUS, *[HARMLESS] * 4)]
    assert [line for line in site.requests(PLAIN) if "hatoba=" in line] == sent[:2]


def test_without_the_option_nothing_suspicious_is_sent(site: WebSite, told: dict[int, dict[str, Any]]) -> None:
    before = len(site.requests(RULE_SET))
    again = site.scan(ports=[RULE_SET])
    assert shields(again[RULE_SET]) == []
    assert told[RULE_SET]["service"]["details"].keys() - again[RULE_SET]["service"]["details"].keys() == {"waf-test"}
    assert sorted(site.requests(RULE_SET)[before:]) == [
        *("GET / HTTP/1.1", "GET /favicon.ico HTTP/1.1", "OPTIONS / HTTP/1.1", "PRI * HTTP/2.0", "SSH-2.0-hatoba"),
    ]
