"""Talking: SIP, STUN, TeamSpeak."""

from __future__ import annotations

import re
import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_32, COOKIE_HEX, Draft, digits
from hatoba.probes.udp_questions.question import question

_OURS = b"@hatoba.invalid"
_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def _options() -> Draft:
    """RFC 3261 section 11. With Max-Forwards 0 nobody passes it on (section 16.3); rport (RFC 3581) brings the answer
    back to the port that asked."""
    return (
        b"OPTIONS sip:hatoba.invalid SIP/2.0\r\nVia: SIP/2.0/UDP hatoba.invalid;branch=z9hG4bK"
        + COOKIE_HEX
        + b";rport\r\nMax-Forwards: 0\r\nFrom: <sip:hatoba@hatoba.invalid>;tag="
        + COOKIE_HEX
        + b"\r\nTo: <sip:hatoba.invalid>\r\nCall-ID: "
        + COOKIE_HEX
        + _OURS
        + b"\r\nCSeq: 1 OPTIONS\r\nContact: <sip:hatoba@hatoba.invalid>\r\nContent-Length: 0\r\n\r\n"
    )


def _repeats_options(datagram: bytes, cookie: int) -> bool | None:
    if not datagram.startswith(b"SIP/2.0 "):
        return None
    found = _CALL_ID.search(datagram.partition(b"\r\n\r\n")[0])
    return found[1].strip() == digits(cookie) + _OURS if found else None


_BINDING, _BINDING_SUCCESS, _BINDING_ERROR = 0x0001, 0x0101, 0x0111
_MAGIC = 0x2112A442
_STUN_HEADER = struct.Struct(">HHI")
_TRANSACTION_FRONT = b"hatoba\0\0"


def _binding() -> Draft:
    """RFC 8489 section 5; the transaction has 96 bits."""
    return _STUN_HEADER.pack(_BINDING, 0, _MAGIC) + _TRANSACTION_FRONT + COOKIE_32


def _repeats_binding(datagram: bytes, cookie: int) -> bool | None:
    if len(datagram) < 20:
        return None
    kind, _length, magic = _STUN_HEADER.unpack_from(datagram)
    if kind not in (_BINDING_SUCCESS, _BINDING_ERROR) or magic != _MAGIC:
        return None
    return datagram[8:20] == _TRANSACTION_FRONT + cookie.to_bytes(4, "big")


_INIT = b"TS3INIT1"
_INIT_PACKET, _NO_CLIENT, _UNENCRYPTED_INIT = 101, 0, 0x88
_TO_SERVER, _TO_CLIENT = struct.Struct(">8sHHB"), struct.Struct(">8sHB")
_A_CLIENT_VERSION = 0x063BECE9


def _first_step() -> Draft:
    """The first of five packets of the greeting; the server keeps nothing after its answer."""
    step, no_time = 0, 0
    head = _TO_SERVER.pack(_INIT, _INIT_PACKET, _NO_CLIENT, _UNENCRYPTED_INIT)
    return head + struct.pack(">IBI", _A_CLIENT_VERSION, step, no_time) + COOKIE_32 + bytes(8)


def _repeats_first_step(datagram: bytes, cookie: int) -> bool | None:
    """The random bytes come back in the opposite order."""
    start = _TO_CLIENT.size
    if not datagram.startswith(_INIT) or len(datagram) != start + 1 + 16 + 4 or datagram[start] != 1:
        return None
    return datagram[-4:] == cookie.to_bytes(4, "little")


QUESTIONS = (
    question(
        "sip",
        (5060,),
        _options(),
        "RFC 3261 section 11, RFC 3581 section 3",
        _N("asks what the server can do (OPTIONS); any status is an answer"),
        _repeats_options,
    ),
    question(
        "stun",
        (3478, 19302),
        _binding(),
        "RFC 8489 sections 5 and 6.1",
        _N("asks from which address and port we are seen (Binding)"),
        _repeats_binding,
    ),
    question(
        "teamspeak",
        (9987,),
        _first_step(),
        "ReSpeak, TS3 protocol paper, section 2.1",
        _N("the first step of TeamSpeak 3's greeting; the server sends our random bytes back and keeps nothing"),
        _repeats_first_step,
    ),
)
