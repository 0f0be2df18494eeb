"""Systems in nmap's XML, held against nmap's own DTD."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.peers.test_services_xml import DTD
from tests.unit.reports.scans import report
from tests.unit.reports.systems import hostile_system, systems


@pytest.mark.peer("nmap", "xmllint")
@pytest.mark.parametrize("words", ["", '"/><x>&amp;', "\x1b[2J\n\u202e", "波止場\ud800"])
def test_valid_by_nmaps_dtd(words: str, tmp_path: Path) -> None:
    path = tmp_path / "systems.xml"
    path.write_text(report("xml", hostile_system(words) if words else systems()), encoding="ascii")
    command = ["xmllint", "--noout", "--dtdvalid", str(DTD), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
