"""What ``--tls-ciphers`` finds, beside nmap's ssl-enum-ciphers on the same servers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from hatoba.lab import Lab
from tests.net.identify.web_servers import Maker, WebSite

pytestmark = pytest.mark.peer("nmap", "nginx")

USUAL, EVERYTHING = 443, 8443


def nmap_ciphers(site: WebSite, ports: str) -> dict[tuple[int, str], set[str]]:
    """By port and version. nmap calls TLS 1.3's suites by their draft's names."""
    command = ["nmap", "-Pn", "-sT", "-T4", "--script", "ssl-enum-ciphers", "-oX", "-", "-p", ports, "198.18.0.2"]
    found = {}
    for port in ElementTree.fromstring(site.scanner.run(command).stdout).iter("port"):
        for version in port.iterfind("script[@id='ssl-enum-ciphers']/table"):
            names = {one.text or "" for one in version.iterfind("table[@key='ciphers']/table/elem[@key='name']")}
            named = {name.replace("TLS_AKE_WITH_", "TLS_") for name in names}
            found[int(port.get("portid", "")), version.get("key", "").replace("TLSv1.0", "TLSv1")] = named
    return found


def test_both_find_the_same() -> None:
    with Lab("ciphers") as lab:
        site = WebSite(lab)
        owner = Maker.root("target")
        site.serve_tls(USUAL, owner)
        site.serve_tls(EVERYTHING, owner, "ssl_protocols TLSv1.1 TLSv1.2; ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0;")
        site.start()
        told = site.scan("--tls-ciphers")
        ours = {(port, one["version"]): set(one["names"]) for port, line in told.items() for one in line["tls"]["ciphers"]}
        assert len(ours[EVERYTHING, "TLSv1.2"]) > 30
        assert ours == nmap_ciphers(site, f"{USUAL},{EVERYTHING}")
