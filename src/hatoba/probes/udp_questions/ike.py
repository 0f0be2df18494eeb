"""IKE: the first message of each version, and whether an answer answers it.

::

    initiator's SPI (8)  responder's SPI (8)
    next payload (1)  version (1)  exchange (1)  flags (1)  message (4)  length (4)

RFC 7296 section 3.1 and RFC 2408 section 3.1 have the same header; the answer repeats the initiator's SPI.
"""

from __future__ import annotations

import struct

from hatoba.probes.udp_questions.draft import COOKIE_32, Draft

_SPI_FRONT = b"hato"
_SPI = _SPI_FRONT + COOKIE_32
_REST = struct.Struct(">BBBBII")
_HEADER_BYTES = 28
_NAT_MARKER = bytes(4)

_SA_V1, _SA, _KE, _NONCE, _LAST = 1, 33, 34, 40, 0
_V1, _V2 = 0x10, 0x20
_MAIN_MODE, _INFORMATIONAL_V1, _SA_INIT = 2, 5, 34
_INITIATOR, _RESPONSE = 0x08, 0x20

_KEY_LENGTH = 0x800E
_ENCRYPTION, _PRF, _INTEGRITY, _GROUP = 1, 2, 3, 4
_AES_CBC, _X25519 = 12, 31
# Kind, number, bits of key. RFC 7296 section 3.3.2, RFC 4868, RFC 8031; the groups are X25519, P-256, MODP 2048, MODP 1024.
_TRANSFORMS = (
    (_ENCRYPTION, _AES_CBC, 256),
    (_ENCRYPTION, _AES_CBC, 128),
    (_ENCRYPTION, 3, 0),
    *((_PRF, number, 0) for number in (5, 2)),
    *((_INTEGRITY, number, 0) for number in (12, 2)),
    *((_GROUP, number, 0) for number in (_X25519, 19, 14, 2)),
)
# Encryption (AES, 3DES), bits of key, hash (SHA-256, SHA-1), group. RFC 2409 appendix A.
_TRANSFORMS_V1 = ((7, 256, 4, 14), (7, 128, 2, 14), (7, 128, 2, 2), (5, 0, 2, 2))
_PRESHARED = 1


def _header(first: int, version: int, exchange: int, flags: int, payloads: bytes) -> Draft:
    message, no_responder = 0, bytes(8)
    return _SPI + no_responder + _REST.pack(first, version, exchange, flags, message, _HEADER_BYTES + len(payloads)) + payloads


def _payload(following: int, body: bytes) -> bytes:
    return struct.pack(">BBH", following, 0, 4 + len(body)) + body


def _attribute(kind: int, value: int) -> bytes:
    return struct.pack(">HH", 0x8000 | kind, value)


def sa_init() -> Draft:
    """RFC 7296 section 1.2: proposal, a public value, a nonce. The value is anybody's: any 32 bytes are one of X25519."""
    transforms = b""
    for place, (kind, number, bits) in enumerate(_TRANSFORMS):
        body = struct.pack(">BBH", kind, 0, number) + (_attribute(_KEY_LENGTH, bits) if bits else b"")
        transforms += _payload(3 if place < len(_TRANSFORMS) - 1 else _LAST, body)
    first, ike, spi_bytes = 1, 1, 0
    proposal = _payload(_LAST, bytes([first, ike, spi_bytes, len(_TRANSFORMS)]) + transforms)
    public = struct.pack(">HH", _X25519, 0) + bytes(range(1, 33))
    payloads = _payload(_KE, proposal) + _payload(_NONCE, public) + _payload(_LAST, bytes(range(33, 65)))
    return _header(_SA, _V2, _SA_INIT, _INITIATOR, payloads)


def main_mode() -> Draft:
    """RFC 2409 section 5.4: the proposal alone."""
    transforms = b""
    for place, (encryption, bits, digest, group) in enumerate(_TRANSFORMS_V1, 1):
        attributes = _attribute(1, encryption) + (_attribute(14, bits) if bits else b"")
        attributes += _attribute(2, digest) + _attribute(3, _PRESHARED) + _attribute(4, group)
        attributes += _attribute(11, 1) + _attribute(12, 28800)  # a life of as many seconds
        key_ike = 1
        following = 3 if place < len(_TRANSFORMS_V1) else _LAST
        transforms += _payload(following, struct.pack(">BBH", place, key_ike, 0) + attributes)
    first, isakmp, spi_bytes = 1, 1, 0
    proposal = _payload(_LAST, bytes([first, isakmp, spi_bytes, len(_TRANSFORMS_V1)]) + transforms)
    ipsec, identity_only = 1, 1
    return _header(_SA_V1, _V1, _MAIN_MODE, 0, _payload(_LAST, struct.pack(">II", ipsec, identity_only) + proposal))


def over_nat(message: Draft) -> Draft:
    """RFC 3948 section 2.2: on port 4500 four zeros tell it from ESP."""
    return _NAT_MARKER + message


def repeats_ike(datagram: bytes, cookie: int) -> bool | None:
    """Of either version: who does not know ours says so in its own."""
    message = datagram[4:] if datagram.startswith(_NAT_MARKER) else datagram
    if len(message) < _HEADER_BYTES:
        return None
    _first, version, exchange, flags, _number, length = _REST.unpack_from(message, 16)
    if length > len(message):
        return None
    match version >> 4:
        case 1:
            answers = exchange == _INFORMATIONAL_V1 or (exchange == _MAIN_MODE and any(message[8:16]))
        case 2:
            answers = bool(flags & _RESPONSE)
        case _:
            answers = False
    return message[:8] == _SPI_FRONT + cookie.to_bytes(4, "big") if answers else None
