"""What holds data: TFTP, memcached, the browser of Microsoft SQL Server, BitTorrent's distributed table."""

from __future__ import annotations

import re
import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_16, COOKIE_32, COOKIE_HEX, digits, lower_half
from hatoba.probes.udp_questions.question import question

_READ, _ERROR = 1, 5
_NO_SUCH_FILE = b"hatoba-" + COOKIE_HEX
_NAMED_FILE = re.compile(rb"hatoba-([0-9a-f]{8})")


def _repeats_read(datagram: bytes, cookie: int) -> bool | None:
    """Some servers say in the error which file they don't have."""
    if datagram[:2] != struct.pack(">H", _ERROR):
        return None
    found = _NAMED_FILE.search(datagram)
    return found[1] == digits(cookie) if found else None


_FRAME = struct.Struct(">HHHH")
_VERSION = b"version\r\n"


def _repeats_version(datagram: bytes, cookie: int) -> bool | None:
    """Request, place in the answer, datagrams of the answer, reserved."""
    if len(datagram) <= _FRAME.size or datagram[_FRAME.size :] == _VERSION:
        return None
    number, place, count, reserved = _FRAME.unpack_from(datagram)
    if reserved or place >= count:
        return None
    return bool(number == lower_half(cookie))


_ALL_INSTANCES = 3

_STRING = re.compile(rb"(\d{1,5}):")
_NUMBER = re.compile(rb"i-?\d{1,20}e")
# Keys in order, as BEP 3 demands; ro (BEP 43) keeps us out of the node's own table.
_PING = b"d1:ad2:id20:" + b"hatoba".ljust(20, b"-") + b"e1:q4:ping2:roi1e1:t4:" + COOKIE_32 + b"1:y1:qe"


def _end(data: bytes, at: int) -> int | None:
    """Where the bencoded value at *at* ends; None where it is broken."""
    depth = 0
    while at < len(data):
        if found := _STRING.match(data, at):
            at = found.end() + int(found[1])
            if at > len(data):
                return None
        elif found := _NUMBER.match(data, at):
            at = found.end()
        elif data[at] in b"dl":
            depth, at = depth + 1, at + 1
        elif data[at : at + 1] == b"e" and depth:
            depth, at = depth - 1, at + 1
        else:
            return None
        if not depth:
            return at
    return None


def _entries(data: bytes) -> dict[bytes, bytes]:
    """The raw values of a bencoded dictionary by their raw keys, as far as it is whole."""
    entries: dict[bytes, bytes] = {}
    key_at = 1
    while data[:1] == b"d" and (value_at := _end(data, key_at)) is not None and (end := _end(data, value_at)) is not None:
        entries[data[key_at:value_at]] = data[value_at:end]
        key_at = end
    return entries


def _repeats_ping(datagram: bytes, cookie: int) -> bool | None:
    entries = _entries(datagram)
    if entries.get(b"1:y") not in (b"1:r", b"1:e") or b"1:t" not in entries:
        return None
    return entries[b"1:t"] == b"4:" + cookie.to_bytes(4, "big")


QUESTIONS = (
    question(
        "tftp",
        (69,),
        struct.pack(">H", _READ) + _NO_SUCH_FILE + b"\0octet\0",
        "RFC 1350 sections 4 and 5",
        _N("asks for a file that surely is not there; the error comes from a port of the server's choosing"),
        _repeats_read,
    ),
    question(
        "memcached",
        (11211,),
        COOKIE_16 + struct.pack(">HHH", 0, 1, 0) + _VERSION,
        "memcached, doc/protocol.txt, UDP protocol",
        _N("asks for the server's version"),
        _repeats_version,
    ),
    question(
        "mssql",
        (1434,),
        bytes([_ALL_INSTANCES]),
        "MC-SQLR section 2.2.2",
        _N("asks the browser of Microsoft SQL Server for its instances"),
    ),
    question(
        "bittorrent",
        (6881,),
        _PING,
        "BEP 5, BEP 43",
        _N("a ping to a node of the distributed hash table, from one that is not to be entered there"),
        _repeats_ping,
    ),
)
