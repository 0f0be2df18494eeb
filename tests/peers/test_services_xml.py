"""Services in nmap's XML, held against nmap's own DTD."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.reports.scans import report
from tests.unit.reports.services import SERVICES, SHIELDED, SURVEYED, hostile_service, service, services

DETAILS = {"title": "a", "generator": "b", "allow": "GET, HEAD", "dav": "1", "favicon-mmh3": "-1", "favicon-sha256": "ab"}
SURVEYED_WEB = service(443, replace(SHIELDED, details=(*SHIELDED.details, *DETAILS.items())), tls=SURVEYED)
DTD = Path("/usr/share/nmap/nmap.dtd")


@pytest.mark.peer("nmap", "xmllint")
@pytest.mark.parametrize("words", ["", '"/><x>&amp;', "\x1b[2J\n\u202e", "波止場\ud800"])
def test_valid_by_nmaps_dtd(words: str, tmp_path: Path) -> None:
    path = tmp_path / "services.xml"
    events = hostile_service(words) if words else [SURVEYED_WEB if event is SERVICES[3] else event for event in services()]
    path.write_text(report("xml", events), encoding="ascii")
    command = ["xmllint", "--noout", "--dtdvalid", str(DTD), str(path)]
    if not words:
        assert {"ssl-enum-ciphers", "hatoba-tls", "http-waf-fingerprint"} <= set(path.read_text().split('"'))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
