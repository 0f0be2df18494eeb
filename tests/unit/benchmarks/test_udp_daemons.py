"""What the UDP benchmark reads out of the programs' words, and its table."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import cast

import pytest

from benchmarks.udp_daemons import CONTENDERS, Run, report
from hatoba.lab.topologies import UdpServices


@dataclass(frozen=True)
class Site:
    """The only thing that a report looks at."""

    programs: dict[int, str] = field(default_factory=lambda: {53: "named", 69: "in.tftpd"})
    ports: tuple[int, ...] = (53, 69)


@pytest.mark.parametrize(
    ("program", "line", "port"),
    [
        ("nmap -sU", "Discovered open port 53/udp on 198.18.0.2\n", 53),
        ("nmap -sU", "161/udp   open          snmp\n", 161),
        ("nmap -sU", "69/udp    open|filtered tftp\n", None),
        ("nmap -sU", "Completed UDP Scan at 04:17, 1.30s elapsed (7 total ports)\n", None),
        ("hatoba -sU", json.dumps({"type": "port", "port": 53, "state": "open"}), 53),
        ("hatoba -sU", json.dumps({"type": "port", "port": 69, "state": "open|filtered"}), None),
        ("hatoba -sU", json.dumps({"type": "end"}), None),
    ],
)
def test_open_ports_are_read(program: str, line: str, port: int | None) -> None:
    assert CONTENDERS[program][1](line) == port


def test_the_table_has_ratios_and_what_was_not_named() -> None:
    runs = {
        "hatoba -sU": [Run({53: 0.5, 69: 0.5}, 2.0, False), Run({53: 0.4, 69: 0.5}, 2.0, False)],
        "nmap -sU": [Run({53: 1.0}, 100.0, True), Run({53: 1.0}, 100.0, True)],
    }
    told = report(cast(UdpServices, Site()), runs).splitlines()
    assert told[2] == "| `hatoba -sU` | 2 of 2 | 0.50 s |  | 2.00 s |  |"
    assert told[3] == "| `nmap -sU` | 1 of 2 (not in.tftpd) | 1.00 s | > 2.0 times | > 100.00 s | > 50.0 times |"
    assert told[-1] == "| 69, in.tftpd | 0.50 s | not named |"
