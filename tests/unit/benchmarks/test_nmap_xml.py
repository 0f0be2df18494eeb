"""States out of nmap's XML, and how they are held against the truth."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benchmarks.nmap_xml import differences, read

REPORT = """<?xml version="1.0"?>
<nmaprun><host><status state="up"/><address addr="198.18.0.2" addrtype="ipv4"/>
<address addr="02:18:00:00:00:01" addrtype="mac"/>
<ports><extraports state="closed" count="2"/>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/></port>
<port protocol="tcp" portid="25"><state state="filtered" reason="no-response"/></port></ports></host></nmaprun>"""
TRUTH = {("198.18.0.2", 22): "open", ("198.18.0.2", 23): "closed", ("198.18.0.2", 24): "closed", ("198.18.0.2", 25): "filtered"}


def test_a_report_that_tells_the_truth_differs_in_nothing() -> None:
    assert not differences(read(REPORT), TRUTH)


@pytest.mark.parametrize(
    ("found", "truth", "told"),
    [
        ('portid="22"><state state="open"', 'portid="22"><state state="closed"', {"open as closed": 1}),
        ('<extraports state="closed" count="2"/>', "", {"closed as missing": 2}),
        ('addr="198.18.0.2"', 'addr="198.18.0.3"', {"closed as missing": 2, "open as missing": 1, "filtered as missing": 1}),
        # Where two states are summed up, nobody can say which port has which.
        ('count="2"/>', 'count="1"/><extraports state="filtered" count="1"/>', {"closed as missing": 2}),
    ],
)
def test_every_difference_is_counted(found: str, truth: str, told: dict[str, int]) -> None:
    assert differences(read(REPORT.replace(found, truth)), TRUTH) == told


def test_a_report_that_breaks_off_is_an_error() -> None:
    with pytest.raises(ET.ParseError):
        read(REPORT[:-20])
