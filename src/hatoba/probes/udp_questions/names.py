"""Questions about names: DNS, its two siblings on the local link, and NetBIOS."""

from __future__ import annotations

import struct
from functools import partial

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_16, Draft, lower_half
from hatoba.probes.udp_questions.question import question

SOA, PTR, TXT, NBSTAT = 6, 12, 16, 33
IN, CHAOS = 1, 3

_HEADER = struct.Struct(">HHHHHH")
_RESPONSE, _OPCODE = 0x8000, 0x7800


def _name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _asked(name: bytes, kind: int, family: int) -> bytes:
    return name + struct.pack(">HH", kind, family)


def _query(asked: bytes) -> Draft:
    """RFC 1035 section 4.1: no flag set, so no server asks another one on our behalf."""
    flags, questions, nothing = 0, 1, 0
    return COOKIE_16 + struct.pack(">HHHHH", flags, questions, nothing, nothing, nothing) + asked


def _repeats(asked: bytes, datagram: bytes, cookie: int) -> bool | None:
    """The identification, and the question where it is given back. mDNS's unasked announcements have identification 0."""
    if len(datagram) < _HEADER.size:
        return None
    number, flags, questions, *_counts = _HEADER.unpack_from(datagram)
    if flags & (_RESPONSE | _OPCODE) != _RESPONSE or questions > 1:
        return None
    if number != lower_half(cookie):
        return False
    return not questions or datagram[_HEADER.size : _HEADER.size + len(asked)].lower() == asked.lower()


_VERSION = _asked(_name(b"version", b"bind"), TXT, CHAOS)
_ROOT = _asked(_name(), SOA, IN)
_SERVICES = _asked(_name(b"_services", b"_dns-sd", b"_udp", b"local"), PTR, IN)
_LOOPBACK = _asked(_name(b"1", b"0", b"0", b"127", b"in-addr", b"arpa"), PTR, IN)
# RFC 1001 section 14.1: each half byte of the sixteen of "*" becomes a letter from A on.
_ANY_NETBIOS_NAME = _name(b"".join(bytes([0x41 + (byte >> 4), 0x41 + (byte & 15)]) for byte in b"*" + bytes(15)))
_NODE_STATUS = _asked(_ANY_NETBIOS_NAME, NBSTAT, IN)

QUESTIONS = (
    question(
        "dns",
        (53,),
        _query(_VERSION),
        "RFC 1035 section 4.1, RFC 4892 section 2",
        _N("asks for the server's version (CHAOS TXT version.bind); a refusal is an answer, too"),
        partial(_repeats, _VERSION),
    ),
    question(
        "dns-root",
        (53,),
        _query(_ROOT),
        "RFC 1035 section 4.1",
        _N("asks who is responsible for the root, without recursion; for servers that pass over the class CHAOS"),
        partial(_repeats, _ROOT),
    ),
    question(
        "netbios",
        (137,),
        _query(_NODE_STATUS),
        "RFC 1002 section 4.2.17",
        _N("asks for the node's status; Windows and Samba answer with their table of names"),
        partial(_repeats, _NODE_STATUS),
    ),
    question(
        "mdns",
        (5353,),
        _query(_SERVICES),
        "RFC 6762 sections 5.5 and 6.7, RFC 6763 section 9",
        _N("asks which kinds of services there are; a responder that announces none, or is on another link, is silent"),
        partial(_repeats, _SERVICES),
    ),
    question(
        "llmnr",
        (5355,),
        _query(_LOOPBACK),
        "RFC 4795 sections 2.4 and 2.5",
        _N(
            "asks for the name of 127.0.0.1; the standard wants questions by multicast, so most responders are silent by design"
        ),
        partial(_repeats, _LOOPBACK),
    ),
)
