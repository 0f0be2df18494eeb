"""Who is who: Kerberos, LDAP without a connection, RADIUS. Nothing here logs in or tries to."""

from __future__ import annotations

import re
import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.ber import (
    BIT_STRING,
    BOOLEAN,
    COOKIE_NUMBER,
    ENUMERATED,
    GENERAL_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    inside,
    integer,
    is_cookie_number,
    tlv,
)
from hatoba.probes.udp_questions.draft import COOKIE_HEX, Draft, digits
from hatoba.probes.udp_questions.question import question

_REALM_END = b".invalid"
_REALM = COOKIE_HEX + _REALM_END
"""A realm that can't be (RFC 6761 section 6.4)."""
_REALM_SEEN = re.compile(rb"([0-9a-f]{8})\.invalid", re.IGNORECASE)

_AS_REQ, _KRB_ERROR = 0x6A, 0x7E
_PRINCIPAL, _SERVICE = 1, 2
_ENCRYPTIONS = (18, 17, 23)  # AES-256, AES-128, RC4; RFC 3962, RFC 4757


def _field(number: int, content: Draft) -> Draft:
    return tlv(0xA0 | number, content)


def _names(kind: int, *names: Draft | bytes) -> Draft:
    strings = (tlv(GENERAL_STRING, name) for name in names)
    return tlv(SEQUENCE, _field(0, integer(kind)), _field(1, tlv(SEQUENCE, *strings)))


def _ticket_request() -> Draft:
    """RFC 4120 section 5.4.1, for somebody who does not exist, in a realm that does not exist."""
    body = tlv(
        SEQUENCE,
        _field(0, tlv(BIT_STRING, bytes(5))),  # no options: no unused bits, then 32 zeros
        _field(1, _names(_PRINCIPAL, b"hatoba")),
        _field(2, tlv(GENERAL_STRING, _REALM)),
        _field(3, _names(_SERVICE, b"krbtgt", _REALM)),
        _field(5, tlv(GENERALIZED_TIME, b"20370101000000Z")),
        _field(7, integer(1)),
        _field(8, tlv(SEQUENCE, *map(integer, _ENCRYPTIONS))),
    )
    version, message = 5, 10
    return tlv(_AS_REQ, tlv(SEQUENCE, _field(1, integer(version)), _field(2, integer(message)), _field(4, body)))


def _repeats_ticket_request(datagram: bytes, cookie: int) -> bool | None:
    """The error names the service that was asked for, unless the server puts its own realm there."""
    if not inside(datagram, _KRB_ERROR):
        return None
    realms = [realm.lower() for realm in _REALM_SEEN.findall(datagram)]
    return digits(cookie) in realms if realms else None


_SEARCH_ENTRY, _SEARCH_DONE = 0x64, 0x65


def _root_search() -> Draft:
    """RFC 4511 section 4.5.1: which versions of LDAP the server speaks, from its root entry."""
    any_entry = tlv(0x87, b"objectClass")
    base_only, never = tlv(ENUMERATED, b"\0"), tlv(ENUMERATED, b"\0")
    no_limit, with_values = integer(0), tlv(BOOLEAN, b"\0")
    wanted = tlv(SEQUENCE, tlv(OCTET_STRING, b"supportedLDAPVersion"))
    search = tlv(0x63, tlv(OCTET_STRING), base_only, never, no_limit, no_limit, with_values, any_entry, wanted)
    return tlv(SEQUENCE, COOKIE_NUMBER, search)


def _repeats_root_search(datagram: bytes, cookie: int) -> bool | None:
    match inside(datagram, SEQUENCE):
        case [(tag, number), (operation, _content), *_rest] if tag == INTEGER and operation in (_SEARCH_ENTRY, _SEARCH_DONE):
            return is_cookie_number(number, cookie)
    return None


_STATUS_SERVER = 12
_MESSAGE_AUTHENTICATOR = 80


def _status() -> bytes:
    """RFC 5997 section 3. Without a shared secret nobody can fill the Message-Authenticator in."""
    identifier, request_authenticator = 1, bytes(16)
    attributes = bytes([_MESSAGE_AUTHENTICATOR, 18]) + bytes(16)
    return struct.pack(">BBH", _STATUS_SERVER, identifier, 20 + len(attributes)) + request_authenticator + attributes


QUESTIONS = (
    question(
        "kerberos",
        (88,),
        _ticket_request(),
        "RFC 4120 sections 5.4.1 and 5.9.1",
        _N("asks for a ticket in a realm that can't exist, for nobody; no password is tried, the server answers with an error"),
        _repeats_ticket_request,
    ),
    question(
        "cldap",
        (389,),
        _root_search(),
        "MS-ADTS section 7.7 (LDAP over UDP), RFC 4511 section 4.5.1",
        _N("asks the root entry which versions of LDAP the server speaks; Active Directory answers"),
        _repeats_root_search,
    ),
    question(
        "radius",
        (1645, 1646, 1812, 1813),
        _status(),
        "RFC 5997 section 3",
        _N("asks for the server's status; by design, a server is silent to all but clients that share a secret with it"),
    ),
)
