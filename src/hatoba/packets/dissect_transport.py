"""What ports live in, for people: TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260); and IGMP (RFC 2236), the small neighbour."""

from __future__ import annotations

from collections.abc import Callable

from hatoba.messages import _N
from hatoba.packets.dissect_fields import MALFORMED, MORE, Cursor, hexadecimal
from hatoba.packets.dissect_names import SCTP_CHUNKS, numbered

_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
FLAG_LETTERS = "FSRPAUEC"
"""A letter for each, as tcpdump and nmap have them, the lowest bit first."""

_IGMP_TYPES = {0x11: "query", 0x12: "report-v1", 0x16: "report-v2", 0x17: "leave", 0x22: "report-v3"}


def flag_names(value: int) -> str:
    return ", ".join(name for bit, name in enumerate(_FLAGS) if value >> bit & 1) or "-"


def flag_letters(value: int) -> str:
    """``SA`` for SYN and ACK; a dash where none is set."""
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if value >> bit & 1) or "-"


def _ports(cursor: Cursor) -> None:
    cursor.number(2, "sport", _N("source port"))
    cursor.number(2, "dport", _N("destination port"))


def read_tcp(cursor: Cursor) -> str:
    cursor.open("TCP")
    start = cursor.at
    _ports(cursor)
    cursor.number(4, "seq", _N("sequence number"))
    cursor.number(4, "ack", _N("acknowledgement number"))
    words = cursor.peek_or_cut(1, "offset", _N("header length")) >> 4
    cursor.number(1, "offset", _N("header length"), lambda value: str((value >> 4) * 4), MALFORMED if words < 5 else "")
    cursor.number(1, "flags", _N("flags"), flag_names)
    cursor.number(2, "window", _N("window"))
    cursor.checksum()
    cursor.number(2, "urgent", _N("urgent pointer"))
    if words > 5:
        _tcp_options(cursor, start + 4 * words)
    return "data"


def _number(option: bytes) -> str:
    return str(int.from_bytes(option[2:], "big"))


def _timestamps(option: bytes) -> str:
    return f"{int.from_bytes(option[2:6], 'big')}, {int.from_bytes(option[6:], 'big')}"


def _as_bytes(option: bytes) -> str:
    return f"{option[0]} {hexadecimal(option[2:])}".strip()


_TCP_OPTIONS: dict[int, tuple[int, str, str, Callable[[bytes], str]]] = {
    2: (4, "mss", _N("option: maximum segment size"), _number),
    3: (3, "ws", _N("option: window scale"), _number),
    4: (2, "sackok", _N("option: selective acknowledgements permitted"), lambda _option: ""),
    8: (10, "ts", _N("option: timestamps"), _timestamps),
}
"""By kind: its length, key, name, and how to show the whole option (RFC 9293 section 3.2, RFC 7323, RFC 2018)."""


def _tcp_options(cursor: Cursor, end: int) -> None:
    if end > cursor.end:
        cursor.raw(end - cursor.at, "options", _N("options"), hexadecimal)  # cut short
    while cursor.at < end:
        kind, room = cursor.peek(1), end - cursor.at
        if kind == 0:
            cursor.rest("padding", _N("end of options"), upto=end)
        elif kind == 1:
            cursor.number(1, "nop", _N("option"), lambda _value: "no-operation")
        elif room < 2 or not 2 <= (length := cursor.peek(1, 1)) <= room:
            cursor.rest("options", _N("options"), MALFORMED, upto=end)
        elif kind in _TCP_OPTIONS and _TCP_OPTIONS[kind][0] == length:
            _length, key, name, show = _TCP_OPTIONS[kind]
            cursor.raw(length, key, name, show)
        else:
            cursor.raw(length, "option", _N("option"), _as_bytes)


def read_udp(cursor: Cursor) -> str:
    cursor.open("UDP")
    available = cursor.left
    _ports(cursor)
    length = cursor.peek_or_cut(2, "length", _N("length"))
    cursor.number(2, "length", _N("length"), note=MALFORMED if length < 8 else MORE if length > available else "")
    cursor.checksum()
    if 8 <= length <= available:
        cursor.end = cursor.at + length - 8
    return "data"


def read_sctp(cursor: Cursor) -> str:
    cursor.open("SCTP")
    _ports(cursor)
    cursor.number(4, "vtag", _N("verification tag"), lambda value: f"0x{value:08x}")
    cursor.checksum(4)
    while cursor.left:
        _chunk(cursor)
    return ""


def _chunk(cursor: Cursor) -> None:
    """RFC 9260 section 3.2; the length counts the chunk's own header but not the padding to four bytes."""
    start = cursor.at
    kind = cursor.number(1, "chunk", _N("chunk type"), lambda value: numbered(SCTP_CHUNKS, value))
    cursor.number(1, "chunk_flags", _N("chunk flags"), lambda value: f"0x{value:02x}")
    length = cursor.peek_or_cut(2, "chunk_length", _N("chunk length"))
    cursor.number(2, "chunk_length", _N("chunk length"), note=MALFORMED if length < 4 else "")
    if length < 4:
        cursor.rest("payload", _N("payload"))
        return
    if kind in (1, 2) and length >= 20:
        cursor.number(4, "init_tag", _N("initiate tag"), lambda value: f"0x{value:08x}")
        cursor.number(4, "rwnd", _N("advertised receiver window"))
        cursor.number(2, "outbound", _N("outbound streams"))
        cursor.number(2, "inbound", _N("inbound streams"))
        cursor.number(4, "tsn", _N("initial sequence number"))
    if (more := start + length - cursor.at) > 0:
        cursor.raw(more, "chunk_value", _N("chunk value"), hexadecimal)
    cursor.rest("padding", _N("padding"), upto=cursor.at + (-length) % 4)


def read_igmp(cursor: Cursor) -> str:
    cursor.open("IGMP")
    cursor.number(1, "type", _N("type"), lambda value: numbered(_IGMP_TYPES, value))
    cursor.number(1, "response", _N("maximum response time"))
    cursor.checksum()
    cursor.address(4, "group", _N("group address"))
    return "data"
