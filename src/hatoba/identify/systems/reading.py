"""One answer taken apart: what its headers say that tells systems apart.

Packets come from strangers and may be cut short anywhere: what is not there, or makes no sense, is None.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_END, _NOP, _MSS, _SCALE, _SACK, _STAMP = 0, 1, 2, 3, 4, 8
_WORDS = {_NOP: "nop", _MSS: "mss", _SCALE: "ws", _SACK: "sack", _STAMP: "ts"}
_LENGTHS = {_MSS: 4, _SCALE: 3, _SACK: 2, _STAMP: 10}
_DONT_FRAGMENT = 0x4000
_ICMP_BYTES = 8


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a TCP header (RFC 9293 section 3.1)."""

    order: str
    """Their words in order: ``mss sack ts nop ws``; ``eol`` for each byte of the end and its padding; a number for a kind that
    is not known here, with ``!`` behind one whose length makes no sense; ``none`` where there are none."""
    mss: int | None = None
    scale: int | None = None
    stamp: int | None = None
    """The sender's clock."""


@dataclass(frozen=True, slots=True)
class Answer:
    family: int
    source: bytes
    ttl: int
    tos: int
    dont_fragment: bool | None
    """None where there is no such bit: in IPv6."""
    identification: int | None
    """Of IPv4."""
    flags: int | None = None
    """Of a TCP segment; None where it is none."""
    window: int = 0
    seq: int = 0
    options: Options | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    quoted_bytes: int | None = None
    """How much an ICMP error quotes, from the quoted IP header on."""


def read(packet: bytes) -> Answer | None:
    """The packet from its IP header on, as much of it as was captured."""
    if not packet:
        return None
    if packet[0] >> 4 == 4:
        return _ipv4(packet)
    return _ipv6(packet) if packet[0] >> 4 == 6 else None


def _ipv4(packet: bytes) -> Answer | None:
    start = (packet[0] & 15) * 4
    if start < 20 or len(packet) < start:
        return None
    tos, total, identification, fragment, ttl, protocol = struct.unpack_from(">xBHHHBB", packet)
    whole = (4, packet[12:16], ttl, tos, bool(fragment & _DONT_FRAGMENT), identification)
    return _above(packet[:total], whole, protocol, start, total)


def _ipv6(packet: bytes) -> Answer | None:
    if len(packet) < 40:
        return None
    word, payload, protocol, ttl = struct.unpack_from(">IHBB", packet)
    return _above(packet[: 40 + payload], (6, packet[8:24], ttl, word >> 20 & 0xFF, None, None), protocol, 40, 40 + payload)


_Network = tuple[int, bytes, int, int, bool | None, int | None]


def _above(packet: bytes, network: _Network, protocol: int, start: int, total: int) -> Answer | None:
    if protocol == _TCP and len(packet) >= start + 20:
        seq, _ack, offset, flags, window = struct.unpack_from(">IIBBH", packet, start + 4)
        end = start + (offset >> 4) * 4
        if end < start + 20 or end > len(packet):
            return None
        return Answer(*network, flags=flags, window=window, seq=seq, options=read_options(packet[start + 20 : end]))
    if protocol in (_ICMP, _ICMP6) and len(packet) >= start + _ICMP_BYTES:
        quoted = max(total - start - _ICMP_BYTES, 0)
        return Answer(*network, icmp_type=packet[start], icmp_code=packet[start + 1], quoted_bytes=quoted)
    return None


def read_options(data: bytes) -> Options:
    """The options as far as they make sense."""
    words: list[str] = []
    values: dict[int, int] = {}
    at = 0
    while at < len(data):
        kind = data[at]
        if kind == _END:
            words += ["eol"] * (len(data) - at)
            break
        if kind == _NOP:
            words.append("nop")
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        sound = 2 <= length <= len(data) - at and length == _LENGTHS.get(kind, length)
        words.append(_WORDS.get(kind, str(kind)) + ("" if sound else "!"))
        if not sound:
            break
        values.setdefault(kind, int.from_bytes(data[at + 2 : at + min(length, 6)], "big"))
        at += length
    return Options(" ".join(words) or "none", values.get(_MSS), values.get(_SCALE), values.get(_STAMP))
