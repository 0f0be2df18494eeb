"""Game servers: Valve's and id Software's."""

from __future__ import annotations

import re
import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_HEX, digits
from hatoba.probes.udp_questions.question import question

_NO_CONNECTION = b"\xff\xff\xff\xff"
_CHALLENGE = re.compile(rb"\\challenge\\([^\\\n]{0,64})")
_STATUS_TEXT = _N("asks for the server's settings and players")


def _quake() -> bytes:
    """A control packet with its length, then request 2 (server info), the game and the protocol's version."""
    body = bytes([2]) + b"QUAKE\0" + bytes([3])
    return struct.pack(">HH", 0x8000, 4 + len(body)) + body


def _repeats_info(datagram: bytes, cookie: int) -> bool | None:
    if not datagram.startswith(_NO_CONNECTION + b"infoResponse"):
        return None
    found = _CHALLENGE.search(datagram)
    return found[1] == digits(cookie) if found else None


QUESTIONS = (
    question(
        "a2s",
        tuple(range(27015, 27021)),
        _NO_CONNECTION + b"TSource Engine Query\0",
        "Valve Developer Community, Server queries, A2S_INFO",
        _N("asks a Steam game server about itself; it answers with that, or with a number to ask again with"),
    ),
    question(
        "quake",
        (26000,),
        _quake(),
        "J. Cash, Quake network packets, 1996",
        _N("asks a server of the first Quake about itself"),
    ),
    question(
        "quakeworld",
        (27500, 27910),
        _NO_CONNECTION + b"status\n",
        "QuakeWorld network protocol, section 3 (connectionless messages)",
        _STATUS_TEXT,
    ),
    question(
        "quake3",
        (27960,),
        _NO_CONNECTION + b"getinfo " + COOKIE_HEX,
        "id Software, Quake III server commands; ioquake3, OOB commands",
        _N("asks a server of Quake III and its kin about itself; it gives our word back"),
        _repeats_info,
    ),
)
