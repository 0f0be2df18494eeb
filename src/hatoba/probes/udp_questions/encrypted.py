"""QUIC and DTLS: both let a client show that it is where it says before they keep anything of it."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_32, Draft
from hatoba.probes.udp_questions.question import question

_LONG_HEADER = 0xC0
_RESERVED_VERSION = 0x1A2A3A4A
"""One of those that no server may ever know, 0x?a?a?a?a (RFC 9000 section 15)."""
_LEAST_INITIAL_BYTES = 1200
_THEIRS_FRONT, _OURS_FRONT = b"hato", b"oba "


def _unknown_version() -> Draft:
    """RFC 8999 section 5.1: version, length and connection identity of the destination, then of the source. A server
    answers only what is as long as a first packet must be (RFC 9000 section 6.1)."""
    head = struct.pack(">BI", _LONG_HEADER, _RESERVED_VERSION)
    draft = head + bytes([8]) + (_THEIRS_FRONT + COOKIE_32) + bytes([8]) + (_OURS_FRONT + COOKIE_32)
    return draft + bytes(_LEAST_INITIAL_BYTES - len(draft))


def _repeats_unknown_version(datagram: bytes, cookie: int) -> bool | None:
    """RFC 8999 section 6: version 0; the identities exchanged; the versions that the server knows."""
    if len(datagram) < 27 or not datagram[0] & 0x80 or any(datagram[1:5]):
        return None
    number = cookie.to_bytes(4, "big")
    return datagram[5:23] == b"\x08" + _OURS_FRONT + number + b"\x08" + _THEIRS_FRONT + number


_ALERT, _HANDSHAKE = 21, 22
_CLIENT_HELLO, _HELLO_VERIFY = 1, 3
_DTLS_1_0, _DTLS_1_2 = 0xFEFF, 0xFEFD
_RECORD_BYTES = 13
_FEW = 16
_CIPHERS = (
    0xC02B,  # ECDHE-ECDSA, AES-128-GCM
    0xC02F,  # ECDHE-RSA, AES-128-GCM
    0xC0AE,  # ECDHE-ECDSA, AES-128-CCM-8: CoAP, RFC 7252 section 9.1.3.3
    0xC0A8,  # PSK, AES-128-CCM-8: CoAP, RFC 7252 section 9.1.3.1
    0x002F,  # RSA, AES-128-CBC
)
_CURVES = (0x001D, 0x0017)  # X25519, P-256
_SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0201)


def _list(*numbers: int) -> bytes:
    return struct.pack(f">H{len(numbers)}H", 2 * len(numbers), *numbers)


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack(">HH", kind, len(content)) + content


def _client_hello() -> Draft:
    """RFC 6347 section 4.2. The server answers with a cookie of its own in a record that has our record's number (section
    4.2.1), so the number is ours to choose."""
    extensions = _extension(10, _list(*_CURVES)) + _extension(11, bytes([1, 0])) + _extension(13, _list(*_SIGNATURES))
    nothing = bytes([0])
    hello = (
        struct.pack(">H", _DTLS_1_2)
        + (COOKIE_32 + bytes(range(1, 29)))  # random
        + (nothing + nothing)  # session, cookie
        + _list(*_CIPHERS)
        + bytes([1, 0])  # no compression
        + struct.pack(">H", len(extensions))
        + extensions
    )
    size = len(hello).to_bytes(3, "big")
    message, fragment_at = bytes(2), bytes(3)
    handshake = bytes([_CLIENT_HELLO]) + size + message + fragment_at + size + hello
    epoch, number = bytes(2), bytes(2) + COOKIE_32
    return struct.pack(">BH", _HANDSHAKE, _DTLS_1_0) + epoch + number + struct.pack(">H", len(handshake)) + handshake


def _repeats_client_hello(datagram: bytes, cookie: int) -> bool | None:
    """A server that counts its records for itself can't be told from one that answers somebody else's first record."""
    if len(datagram) <= _RECORD_BYTES or datagram[0] not in (_ALERT, _HANDSHAKE) or datagram[1] != 0xFE:
        return None
    kind = datagram[_RECORD_BYTES]
    if datagram[0] == _HANDSHAKE and kind == _CLIENT_HELLO:
        return None
    number = int.from_bytes(datagram[5:11], "big")
    if number == cookie:
        return True
    return False if datagram[0] == _HANDSHAKE and kind == _HELLO_VERIFY and number >= _FEW else None


QUESTIONS = (
    question(
        "quic",
        (80, 443, 853, 8443),
        _unknown_version(),
        "RFC 9000 sections 6.1 and 15, RFC 8999 section 6",
        _N("asks in a version that can't exist; the server names the versions that it knows, and keeps nothing"),
        _repeats_unknown_version,
    ),
    question(
        "dtls",
        (443, 853, 2083, 3391, 4433, 5349, 5684, 6514, 10161),
        _client_hello(),
        "RFC 6347 section 4.2.1",
        _N(
            "begins a handshake; the server sends a cookie of its own before it keeps anything; some, such as GnuTLS, "
            "count their records for themselves and repeat nothing"
        ),
        _repeats_client_hello,
    ),
)
