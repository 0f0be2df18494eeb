"""NTP: a client's request, and the control message that asks for a server's variables."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_16, COOKIE_32, lower_half
from hatoba.probes.udp_questions.question import question

_VERSION = 4
_CLIENT, _SERVER, _CONTROL = 3, 4, 6
_READ_VARIABLES = 2
_HEADER_BYTES, _CONTROL_BYTES = 48, 12
_ORIGIN_AT = 24
_SECONDS = 0xE0000000.to_bytes(4, "big")
"""Of the transmit timestamp, so that it is not zero, which would mean that it is not known. The cookie is the fraction."""

_REQUEST = bytes([_VERSION << 3 | _CLIENT]) + bytes(39) + _SECONDS + COOKIE_32

_READ = (
    bytes([2 << 3 | _CONTROL, _READ_VARIABLES])
    + COOKIE_16
    + struct.pack(">HHHH", 0, 0, 0, 0)  # status, association (0: the system itself), offset, count
)


def _mode(datagram: bytes) -> int:
    return datagram[0] & 7


def _repeats(datagram: bytes, cookie: int) -> bool | None:
    """A server gives the transmit timestamp back as origin timestamp, also in a kiss of death."""
    if len(datagram) < _HEADER_BYTES or _mode(datagram) != _SERVER:
        return None
    return datagram[_ORIGIN_AT : _ORIGIN_AT + 8] == _SECONDS + cookie.to_bytes(4, "big")


def _repeats_control(datagram: bytes, cookie: int) -> bool | None:
    response = 0x80
    if len(datagram) < _CONTROL_BYTES or _mode(datagram) != _CONTROL or not datagram[1] & response:
        return None
    return int.from_bytes(datagram[2:4], "big") == lower_half(cookie)


QUESTIONS = (
    question(
        "ntp",
        (123,),
        _REQUEST,
        "RFC 5905 section 7.3",
        _N("asks for the time; a server gives our transmit timestamp back, even where it refuses"),
        _repeats,
    ),
    question(
        "ntp-control",
        (123,),
        _READ,
        "RFC 9327 sections 2 and 3",
        _N("asks ntpd for its variables (mode 6); chrony and well-kept servers are silent"),
        _repeats_control,
    ),
)
