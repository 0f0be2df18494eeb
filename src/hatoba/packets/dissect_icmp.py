"""ICMP (RFC 792, RFC 950) and ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861), for people.

An error quotes the packet that it is about: the reader hands over to that packet's own, one level deeper.
"""

from __future__ import annotations

from hatoba.messages import _N
from hatoba.packets.dissect_fields import MALFORMED, Cursor, hexadecimal
from hatoba.packets.dissect_names import (
    ICMP6_CODES,
    ICMP6_ERRORS,
    ICMP6_TYPES,
    ICMP_CODES,
    ICMP_ERRORS,
    ICMP_TYPES,
    NEIGHBOUR_OPTIONS,
    numbered,
)

_DEEPEST = 1
"""An error is never about an error (RFC 1122 section 3.2.2): what claims to be is not read further."""


def _begin(cursor: Cursor, protocol: str, types: dict[int, str], codes: dict[tuple[int, int], str]) -> tuple[int, int]:
    cursor.open(protocol)
    kind = cursor.number(1, "type", _N("type"), lambda value: numbered(types, value))
    its_codes = {code: word for (owner, code), word in codes.items() if owner == kind}
    code = cursor.number(1, "code", _N("code"), lambda value: numbered(its_codes, value))
    cursor.checksum()
    return kind, code


def _quotation(cursor: Cursor, reader: str) -> str:
    if cursor.depth >= _DEEPEST:
        return "data"
    cursor.depth += 1
    return reader


def _echo(cursor: Cursor) -> None:
    cursor.number(2, "ident", _N("identifier"))
    cursor.number(2, "seq", _N("sequence number"))


def read_icmp(cursor: Cursor) -> str:
    kind, code = _begin(cursor, "ICMP", ICMP_TYPES, ICMP_CODES)
    if kind in ICMP_ERRORS:
        if kind == 5:
            cursor.address(4, "gateway", _N("gateway address"))
        elif kind == 12:
            cursor.number(1, "pointer", _N("pointer to the bad byte"))
            cursor.number(3, "unused", _N("unused"))
        else:
            # Byte 5 of the message may be the quotation's length (RFC 4884 section 4), the last two are the MTU of 3/4.
            cursor.number(2, "unused", _N("unused"))
            cursor.number(2, *(("mtu", _N("MTU of the next link")) if (kind, code) == (3, 4) else ("unused", _N("unused"))))
        return _quotation(cursor, "ipv4")
    if kind in (0, 8, 13, 14, 17, 18):
        _echo(cursor)
    if kind in (13, 14):
        cursor.number(4, "originate", _N("originate timestamp"))
        cursor.number(4, "receive", _N("receive timestamp"))
        cursor.number(4, "transmit", _N("transmit timestamp"))
    elif kind in (17, 18):
        cursor.address(4, "mask", _N("address mask"))
    return "data"


def read_icmpv6(cursor: Cursor) -> str:
    kind, _code = _begin(cursor, "ICMPv6", ICMP6_TYPES, ICMP6_CODES)
    if kind in ICMP6_ERRORS:
        names = {2: ("mtu", _N("MTU of the next link")), 4: ("pointer", _N("pointer to the bad byte"))}
        cursor.number(4, *names.get(kind, ("unused", _N("unused"))))
        return _quotation(cursor, "ipv6")
    if kind in (128, 129):
        _echo(cursor)
    elif kind == 134:
        cursor.number(1, "hops", _N("hop limit to use"))
        cursor.number(1, "flags", _N("flags"), lambda value: f"0x{value:02x}")
        cursor.number(2, "lifetime", _N("lifetime in seconds"))
        cursor.number(4, "reachable", _N("reachable time in milliseconds"))
        cursor.number(4, "retransmit", _N("retransmission time in milliseconds"))
        _neighbour_options(cursor)
    elif kind in (133, 135, 136, 137):
        cursor.number(4, "flags", _N("flags"), _advertised)
        if kind != 133:
            cursor.address(16, "target", _N("target address"))
        if kind == 137:
            cursor.address(16, "redirected", _N("redirected address"))
        _neighbour_options(cursor)
    return "data"


def _advertised(value: int) -> str:
    """RFC 4861 section 4.4: sent by a router, solicited, overrides what was known."""
    return ", ".join(word for bit, word in ((31, "R"), (30, "S"), (29, "O")) if value >> bit & 1) or "-"


def _neighbour_options(cursor: Cursor) -> None:
    """Type, length in units of eight bytes, value (RFC 4861 section 4.6)."""
    while cursor.left:
        kind = cursor.number(1, "option", _N("option"), lambda value: numbered(NEIGHBOUR_OPTIONS, value))
        units = cursor.peek_or_cut(1, "option_length", _N("length in units of 8 bytes"))
        cursor.number(1, "option_length", _N("length in units of 8 bytes"), note="" if units else MALFORMED)
        if not units:
            return
        if kind in (1, 2) and units == 1:
            cursor.mac("mac", _N("hardware address"))
        else:
            cursor.raw(8 * units - 2, "option_value", _N("option value"), hexadecimal)
