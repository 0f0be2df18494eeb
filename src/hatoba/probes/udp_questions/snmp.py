"""SNMP: the discovery of an engine (version 3), then a harmless value with the community that is public by convention."""

from __future__ import annotations

from functools import partial

from hatoba.messages import _N
from hatoba.probes.udp_questions.ber import (
    COOKIE_NUMBER,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    elements,
    inside,
    integer,
    is_cookie_number,
    tlv,
)
from hatoba.probes.udp_questions.draft import Draft
from hatoba.probes.udp_questions.question import question

_GET, _RESPONSE, _REPORT = 0xA0, 0xA2, 0xA8
_V1, _V2C, _V3 = 0, 1, 3
_REPORTABLE = 0x04
_USER_BASED = 3
_MOST_BYTES = 65507
_UPTIME = bytes([0x2B, 6, 1, 2, 1, 1, 3, 0])
"""1.3.6.1.2.1.1.3.0, sysUpTime: short, and in every agent (RFC 3418 section 2)."""

_EMPTY = tlv(OCTET_STRING)


def _get(*bindings: Draft) -> Draft:
    error_status = error_index = integer(0)
    return tlv(_GET, COOKIE_NUMBER, error_status, error_index, tlv(SEQUENCE, *bindings))


def _community(version: int) -> Draft:
    """RFC 1157 section 4 and RFC 3416 section 3."""
    uptime = tlv(SEQUENCE, tlv(OID, _UPTIME), tlv(NULL))
    return tlv(SEQUENCE, integer(version), tlv(OCTET_STRING, b"public"), _get(uptime))


def _discovery() -> Draft:
    """RFC 3414 section 4: nobody's name, no engine, no values; the engine reports its own identity."""
    header = tlv(SEQUENCE, COOKIE_NUMBER, integer(_MOST_BYTES), tlv(OCTET_STRING, bytes([_REPORTABLE])), integer(_USER_BASED))
    engine, boots, time, user, authentication, privacy = _EMPTY, integer(0), integer(0), _EMPTY, _EMPTY, _EMPTY
    security = tlv(OCTET_STRING, tlv(SEQUENCE, engine, boots, time, user, authentication, privacy))
    context_engine, context_name = _EMPTY, _EMPTY
    return tlv(SEQUENCE, integer(_V3), header, security, tlv(SEQUENCE, context_engine, context_name, _get()))


def _repeats(version: int, datagram: bytes, cookie: int) -> bool | None:
    match inside(datagram, SEQUENCE):
        case [(0x02, found), (0x04, _community), (0xA2, pdu), *_rest] if found == bytes([version]):
            numbers = elements(pdu)
        case _:
            return None
    return is_cookie_number(numbers[0][1], cookie) if numbers and numbers[0][0] == INTEGER else None


def _repeats_discovery(datagram: bytes, cookie: int) -> bool | None:
    match inside(datagram, SEQUENCE):
        case [(0x02, b"\x03"), (0x30, header), (0x04, _security), (0x30, scoped), *_rest]:
            tags = [tag for tag, _content in elements(scoped)]
            numbers = elements(header)
        case _:
            return None
    if tags[2:3] not in ([_REPORT], [_RESPONSE]) or not numbers or numbers[0][0] != INTEGER:
        return None
    return is_cookie_number(numbers[0][1], cookie)


QUESTIONS = (
    question(
        "snmp-v3",
        (161,),
        _discovery(),
        "RFC 3412 section 6, RFC 3414 section 4",
        _N("discovers the agent's engine, which needs no name and no password; the agent reports its identity"),
        _repeats_discovery,
    ),
    question(
        "snmp-v2c",
        (161,),
        _community(_V2C),
        "RFC 3416 section 3, RFC 3418 section 2",
        _N("asks how long the agent has been up, as community 'public'; an agent that does not know the community is silent"),
        partial(_repeats, _V2C),
    ),
    question(
        "snmp-v1",
        (161,),
        _community(_V1),
        "RFC 1157 section 4, RFC 3418 section 2",
        _N("the same in version 1, for old devices"),
        partial(_repeats, _V1),
    ),
)
