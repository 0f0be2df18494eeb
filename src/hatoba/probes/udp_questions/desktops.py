"""Screens from afar: XDMCP, Citrix, pcAnywhere."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.question import question

_QUERY = 2


def _xdmcp() -> bytes:
    """X.Org, X Display Manager Control Protocol, Query: version 1, no authentication names."""
    version, no_names = 1, bytes([0])
    return struct.pack(">HHH", version, _QUERY, len(no_names)) + no_names


def _ica_browser() -> bytes:
    """Length (little endian), version, function, the protocol's mark, then nothing."""
    size, version, hello, mark = 32, 1, 0x30, bytes.fromhex("02fda8e3")
    return (struct.pack("<HBB", size, version, hello) + mark).ljust(size, b"\0")


QUESTIONS = (
    question(
        "xdmcp",
        (177,),
        _xdmcp(),
        "X.Org, X Display Manager Control Protocol 1.1",
        _N("asks whether somebody may log in here; the display manager is willing or unwilling, and opens no session"),
    ),
    question(
        "citrix",
        (1604,),
        _ica_browser(),
        "SecuriTeam, 5CP0B1F80S (Citrix publishes no description)",
        _N("greets the ICA browser of old Citrix servers"),
    ),
    question(
        "pcanywhere",
        (5632,),
        b"NQ",
        "unixwiz.net, pcascan (Symantec publishes no description)",
        _N("asks for the host's name"),
    ),
    question(
        "pcanywhere-status",
        (5632,),
        b"ST",
        "unixwiz.net, pcascan (Symantec publishes no description)",
        _N("asks whether the host is free"),
    ),
)
