"""Tunnels: IKE of both versions, L2TP, OpenVPN, GTP."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_16, COOKIE_32, Draft, lower_half
from hatoba.probes.udp_questions.ike import main_mode, over_nat, repeats_ike, sa_init
from hatoba.probes.udp_questions.question import question

_IKE_TEXT = _N(
    "proposes common algorithms (IKE version 2, first message); the answer is a choice or a refusal, and whoever chooses "
    "forgets the half-made association by itself"
)
_IKE_V1_TEXT = _N("the same in version 1, main mode")

_L2TP_CONTROL = 0xC802  # type, length and sequence present; version 2
_L2TP_MASK = 0xC00F
_MANDATORY = 0x8000


def _avp(kind: int, value: Draft | bytes) -> Draft:
    ietf = 0
    return Draft(struct.pack(">HHH", _MANDATORY | 6 + len(value), ietf, kind)) + value


_FIRST_AVP_AT = 12
_SCCRQ = _avp(0, struct.pack(">H", 1))


def _start_connection() -> Draft:
    """RFC 2661 section 6.1. The peer addresses its answer to the tunnel number that we assign."""
    values = (
        _SCCRQ
        + _avp(2, bytes([1, 0]))  # protocol version 1.0
        + _avp(3, struct.pack(">I", 3))  # framing: asynchronous and synchronous
        + _avp(7, b"hatoba")
        + _avp(9, COOKIE_16)
    )
    tunnel = session = sent = expected = 0
    return struct.pack(">HHHHHH", _L2TP_CONTROL, 12 + len(values), tunnel, session, sent, expected) + values


def _repeats_start_connection(datagram: bytes, cookie: int) -> bool | None:
    if len(datagram) < 12:
        return None
    flags, length, tunnel = struct.unpack_from(">HHH", datagram)
    if flags & _L2TP_MASK != _L2TP_CONTROL & _L2TP_MASK or length > len(datagram):
        return None
    if datagram[_FIRST_AVP_AT : _FIRST_AVP_AT + len(_SCCRQ)] == _SCCRQ.data:
        return None
    return bool(tunnel == lower_half(cookie))


_RESET_CLIENT, _RESET_SERVER = 7, 8
_SESSION_FRONT = b"hato"


def _reset() -> Draft:
    """OpenVPN's first packet: operation, session, no acknowledgement, packet number 0."""
    return bytes([_RESET_CLIENT << 3]) + (_SESSION_FRONT + COOKIE_32) + bytes([0]) + bytes(4)


def _repeats_reset(datagram: bytes, cookie: int) -> bool | None:
    """After the server's session: how many packets it acknowledges, their numbers, and whose session that was."""
    if len(datagram) < 10 or datagram[0] >> 3 != _RESET_SERVER or not datagram[9]:
        return None
    at = 10 + 4 * datagram[9]
    if len(datagram) < at + 8:
        return None
    return datagram[at : at + 8] == _SESSION_FRONT + cookie.to_bytes(4, "big")


_ECHO_REQUEST, _ECHO_RESPONSE, _VERSION_NOT_SUPPORTED = 1, 2, 3


def _gtp1() -> Draft:
    """3GPP TS 29.060 section 6: version 1 with a sequence number."""
    flags, endpoint = 0x32, 0
    return struct.pack(">BBHI", flags, _ECHO_REQUEST, 4, endpoint) + COOKIE_16 + bytes(2)


def _gtp2() -> Draft:
    """3GPP TS 29.274 section 5.5: version 2 without an endpoint, three bytes of sequence number; and the recovery counter."""
    recovery = struct.pack(">BHBB", 3, 1, 0, 0)
    return struct.pack(">BBHB", 0x40, _ECHO_REQUEST, 4 + len(recovery), 0) + COOKIE_16 + bytes(1) + recovery


def _repeats_gtp(datagram: bytes, cookie: int) -> bool | None:
    """An answer has the version of its sender: one that does not know ours says so in its own."""
    if len(datagram) < 8 or datagram[1] not in (_ECHO_RESPONSE, _VERSION_NOT_SUPPORTED):
        return None
    number = lower_half(cookie)
    match datagram[0] >> 5:
        case 1 if datagram[0] & 0x10 and datagram[0] & 0x02 and len(datagram) >= 12:
            return int.from_bytes(datagram[8:10], "big") == number
        case 2 if not datagram[0] & 0x08:
            return int.from_bytes(datagram[4:7], "big") == number
    return None


QUESTIONS = (
    question("ike", (500,), sa_init(), "RFC 7296 sections 1.2 and 3", _IKE_TEXT, repeats_ike),
    question("ike-v1", (500,), main_mode(), "RFC 2408 section 4.5, RFC 2409 section 5", _IKE_V1_TEXT, repeats_ike),
    question(
        "ike-nat",
        (4500,),
        over_nat(sa_init()),
        "RFC 3948 section 2.2, RFC 7296 sections 1.2 and 3",
        _N("the question of port 500 behind the four zeros that mark it here"),
        repeats_ike,
    ),
    question(
        "ike-v1-nat",
        (4500,),
        over_nat(main_mode()),
        "RFC 3948 section 2.2, RFC 2408 section 4.5",
        _N("the same in version 1, main mode, behind the four zeros that mark it here"),
        repeats_ike,
    ),
    question(
        "openvpn",
        (1194,),
        _reset(),
        "OpenVPN, Network protocol (doc_protocol_overview.h)",
        _N("begins a session; a server with tls-auth or tls-crypt is silent by design, because we don't have its key"),
        _repeats_reset,
    ),
    question(
        "l2tp",
        (1701,),
        _start_connection(),
        "RFC 2661 sections 3.1 and 6.1",
        _N("begins a control connection that is never completed; the peer answers, and forgets it by itself"),
        _repeats_start_connection,
    ),
    question(
        "gtp-c",
        (2123,),
        _gtp1(),
        "3GPP TS 29.060 section 7.2.1",
        _N("an echo request of mobile networks, version 1"),
        _repeats_gtp,
    ),
    question(
        "gtp-c-v2",
        (2123,),
        _gtp2(),
        "3GPP TS 29.274 section 7.1.1",
        _N("an echo request of mobile networks, version 2"),
        _repeats_gtp,
    ),
    question(
        "gtp-u",
        (2152,),
        _gtp1(),
        "3GPP TS 29.281 section 7.2.1",
        _N("an echo request to the carrier of users' data"),
        _repeats_gtp,
    ),
)
