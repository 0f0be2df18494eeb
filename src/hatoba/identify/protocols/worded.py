"""Datagrams that a UDP scan asks with, as questions of an interview: with a cookie of ours that never changes.

A scan's cookies are keyed for the scan and tell probes apart; a conversation has a socket of its own, and needs none.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from hatoba.packets.frames import cookie_bytes
from hatoba.probes.udp_questions import QUESTIONS

COOKIE = 0x6861746F
_BY_NAME = {one.name: one for one in QUESTIONS}


@cache
def payload(name: str) -> bytes:
    """The datagram of the question of this name."""
    asked = _BY_NAME[name]
    data = bytearray(asked.payload)
    for place in asked.cookies:
        raw = cookie_bytes(place.form, np.array([COOKIE], np.uint32)).tobytes()
        data[place.at : place.at + len(raw)] = raw
    return bytes(data)


def repeats(name: str, answer: bytes) -> bool:
    """Whether *answer* is one to that datagram."""
    return _BY_NAME[name].repeats(answer, COOKIE) is True
