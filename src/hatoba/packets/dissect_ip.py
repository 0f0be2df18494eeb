"""IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers, for people. Each reader returns which one comes next."""

from __future__ import annotations

from hatoba.messages import _N
from hatoba.packets import layouts
from hatoba.packets.dissect_fields import MALFORMED, MORE, Cursor, hexadecimal
from hatoba.packets.dissect_names import PROTOCOLS, numbered

DATA = "data"
"""The reader of whatever has none of its own."""

_NEXT_READERS = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
_EXTENSIONS = {0: "ipv6-options", 43: "ipv6-options", 44: "ipv6-fragment", 51: "ipv6-authentication", 60: "ipv6-options"}
"""IPv4 carries an authentication header just the same (RFC 4302 section 2)."""

_OPTION_NAMES = {7: "record-route", 68: "timestamp", 131: "loose-route", 137: "strict-route", 148: "router-alert"}


def _following(protocol: int, family: int) -> str:
    if protocol == 51 or (family == 6 and protocol in _EXTENSIONS):
        return _EXTENSIONS[protocol]
    return _NEXT_READERS.get(protocol, DATA)


def _end_at(cursor: Cursor, start: int, length: int) -> None:
    """The packet is *length* bytes long from *start*, whatever the link has put behind it."""
    cursor.end = min(cursor.end, start + length)


def _protocol(cursor: Cursor, name: str) -> int:
    return cursor.number(1, "protocol", name, lambda value: numbered(PROTOCOLS, value))


def read_ipv4(cursor: Cursor) -> str:
    cursor.open("IPv4")
    start, available = cursor.at, cursor.left
    if (first := cursor.peek_or_cut(1, "version", _N("version and header length"))) >> 4 != 4 or first & 15 < 5:
        return _not_ip(cursor)
    header_bytes = (first & 15) * 4
    cursor.number(1, "version", _N("version and header length"), lambda value: f"{value >> 4}, {(value & 15) * 4}")
    cursor.number(1, "tos", _N("type of service"), lambda value: f"0x{value:02x}")
    total = cursor.peek_or_cut(2, "length", _N("total length"))
    note = MORE if total > available else MALFORMED if total < header_bytes else ""
    cursor.number(2, "length", _N("total length"), note=note)
    cursor.number(2, "id", _N("identification"))
    fragment = cursor.number(2, "fragment", _N("fragment flags and offset"), _fragment)
    cursor.number(1, "ttl", _N("time to live"))
    protocol = _protocol(cursor, _N("protocol"))
    cursor.checksum()
    cursor.address(4, "src", _N("source address"))
    cursor.address(4, "dst", _N("destination address"))
    if total >= header_bytes:
        _end_at(cursor, start, total)
    _ipv4_options(cursor, start + header_bytes)
    return DATA if fragment & 0x1FFF else _following(protocol, 4)


def _fragment(value: int) -> str:
    flags = [word for bit, word in ((0x4000, "DF"), (0x2000, "MF"), (0x8000, "reserved")) if value & bit]
    return ", ".join([*flags, str((value & 0x1FFF) * 8)])


def _ipv4_options(cursor: Cursor, end: int) -> None:
    if end > cursor.end:
        cursor.raw(end - cursor.at, "options", _N("options"), hexadecimal)  # cut short
    while cursor.at < end:
        kind = cursor.peek(1)
        if kind == 0:
            cursor.rest("padding", _N("end of options"), upto=end)
        elif kind == 1:
            cursor.number(1, "nop", _N("option"), lambda _value: "no-operation")
        elif cursor.at + 2 > end or not 2 <= cursor.peek(1, 1) <= end - cursor.at:
            cursor.rest("options", _N("options"), MALFORMED, upto=end)
        else:
            cursor.raw(cursor.peek(1, 1), "option", _N("option"), _ipv4_option)


def _ipv4_option(raw: bytes) -> str:
    return f"{numbered(_OPTION_NAMES, raw[0])} {hexadecimal(raw[2:])}".strip()


def _not_ip(cursor: Cursor) -> str:
    cursor.number(1, "version", _N("version and header length"), lambda value: f"0x{value:02x}", MALFORMED)
    return DATA


def read_ipv6(cursor: Cursor) -> str:
    cursor.open("IPv6")
    start, available = cursor.at, cursor.left
    if cursor.peek_or_cut(1, "version", _N("version and header length")) >> 4 != 6:
        return _not_ip(cursor)
    cursor.number(
        4,
        "flow",
        _N("version, traffic class, flow label"),
        lambda value: f"{value >> 28}, 0x{value >> 20 & 0xFF:02x}, 0x{value & 0xFFFFF:05x}",
    )
    length = cursor.peek_or_cut(2, "length", _N("payload length"))
    cursor.number(2, "length", _N("payload length"), note=MORE if length + layouts.IP_BYTES[6] > available else "")
    following = _protocol(cursor, _N("next header"))
    cursor.number(1, "ttl", _N("hop limit"))
    cursor.address(16, "src", _N("source address"))
    cursor.address(16, "dst", _N("destination address"))
    _end_at(cursor, start, layouts.IP_BYTES[6] + length)
    return _following(following, 6)


def read_options(cursor: Cursor) -> str:
    """Hop-by-hop options, destination options, and routing headers: a length in units of eight bytes, the first not counted
    (RFC 8200 sections 4.3, 4.4, 4.6)."""
    cursor.open("IPv6-options")
    following = _protocol(cursor, _N("next header"))
    units = cursor.number(1, "length", _N("length in units of 8 bytes after the first"))
    cursor.raw(6 + 8 * units, "options", _N("options"), hexadecimal)
    return _following(following, 6)


def read_fragment(cursor: Cursor) -> str:
    """RFC 8200 section 4.5."""
    cursor.open("IPv6-fragment")
    following = _protocol(cursor, _N("next header"))
    cursor.number(1, "reserved", _N("reserved"))
    offset = cursor.number(
        2, "fragment", _N("fragment flags and offset"), lambda value: f"{'MF, ' if value & 1 else ''}{value & 0xFFF8}"
    )
    cursor.number(4, "id", _N("identification"))
    return DATA if offset & 0xFFF8 else _following(following, 6)


def read_authentication(cursor: Cursor) -> str:
    """A length in units of four bytes, two of them not counted (RFC 4302 section 2.2)."""
    cursor.open("AH")
    following = _protocol(cursor, _N("next header"))
    units = cursor.number(1, "length", _N("length in units of 4 bytes after the second"))
    cursor.number(2, "reserved", _N("reserved"))
    cursor.number(4, "spi", _N("security parameters index"), lambda value: f"0x{value:08x}")
    cursor.raw(4 * units, "icv", _N("sequence number and check value"), hexadecimal)
    return _following(following, 6)
