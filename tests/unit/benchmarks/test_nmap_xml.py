"""States out of nmap's XML."""

from __future__ import annotations

import pytest

from benchmarks.nmap_xml import read
from benchmarks.truth import HostStates

REPORT = """<?xml version="1.0"?>
<nmaprun><host><status state="up"/><address addr="198.18.0.2" addrtype="ipv4"/>
<address addr="02:18:00:00:00:01" addrtype="mac"/>
<ports><extraports state="closed" count="2"/>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/></port>
<port protocol="tcp" portid="25"><state state="filtered" reason="no-response"/></port></ports></host>
<host><status state="down"/><address addr="198.18.0.3" addrtype="ipv4"/></host></nmaprun>"""


def test_ports_by_address_and_what_is_summed_up() -> None:
    assert read(REPORT) == {"198.18.0.2": HostStates({22: "open", 25: "filtered"}, "closed")}


def test_where_two_states_are_summed_up_nobody_can_say_which_port_has_which() -> None:
    told = read(REPORT.replace('count="2"/>', 'count="1"/><extraports state="filtered" count="1"/>'))
    assert told["198.18.0.2"].rest == "missing"


def test_a_report_that_breaks_off_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no element|unclosed|not well-formed"):
        read(REPORT[:-20])
