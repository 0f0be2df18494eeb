"""What a plain scan loads from its first line to its last, and what it leaves alone."""

from __future__ import annotations

import sys

import pytest

from hatoba.lab import Host
from tests.labs import MakeLab
from tests.unit.test_hatoba import UNWANTED

CODE = f"""
import sys
from hatoba.cli.main import main
sys.argv = ["hatoba", "--lang", "en", "scan", *sys.argv[1:]]
status = main()
print(status, *(name for name in {UNWANTED!r} if name in sys.modules))
"""


def _scan(host: Host, *arguments: str) -> tuple[str, str]:
    """What a scan from *host* printed; its exit status, and what of the unwanted it loaded."""
    done = host.run([sys.executable, "-P", "-c", CODE, *arguments])
    printed, _end, last = done.stdout.rstrip().rpartition("\n")
    return printed, last


@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_nothing_is_loaded_that_nobody_asked_for(make_lab: MakeLab, method: str) -> None:
    printed, last = _scan(make_lab().add_host("alone"), method, "-p", "1,2", "127.0.0.1")
    assert "2 closed" in printed
    assert last == "0"


def test_a_report_loads_itself_and_not_what_only_services_and_systems_need(make_lab: MakeLab) -> None:
    printed, last = _scan(make_lab().add_host("alone"), "-oX", "-", "-p", "1,2", "127.0.0.1")
    assert printed.count('state="closed"') == 2
    assert last == "0 hatoba.reports.nmap_xml"


def test_nor_where_hosts_have_to_be_found_and_their_open_ports_are_asked_again(make_lab: MakeLab) -> None:
    lab = make_lab()
    scanner = lab.add_host("scanner", ["198.18.0.1/24"])
    target = lab.add_host("target", ["198.18.0.2/24", "198.18.0.3/24"])
    lab.link(scanner, target)
    target.listen([80])
    for targets in (["198.18.0.2"], ["198.18.0.0/28", "--top-ports", "100"]):
        printed, last = _scan(scanner, "--syn", "-n", *targets)
        assert "80/tcp" in printed
        assert last == "0"
