"""A reader of one packet, slow and plain, to set beside the vectorised one: the headers of RFC 791, 8200, 9293, 792, 4443."""

from __future__ import annotations

from dataclasses import dataclass

TCP_SEGMENT, ICMP_ERROR = 1, 2


@dataclass(frozen=True)
class Seen:
    """A possible answer; the fields of ``packets.answers.ANSWER`` without the time."""

    kind: int
    source: bytes
    target: bytes
    sport: int
    dport: int
    flags: int
    seq: int
    ack: int
    window: int
    ttl: int
    icmp_type: int
    icmp_code: int


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def seen(family: int, packet: bytes) -> Seen | None:
    """What *packet* (from its IP header on, as far as it was captured) tells, or None."""
    if family == 4:
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[0] & 15 < 5:
            return None
        if number(packet[6:8]) & 0x3FFF:  # more fragments, or an offset
            return None
        start, said, protocol, ttl = (packet[0] & 15) * 4, number(packet[2:4]), packet[9], packet[8]
        source = packet[12:16]
    else:
        if len(packet) < 40 or packet[0] >> 4 != 6:
            return None
        start, said, protocol, ttl = 40, 40 + number(packet[4:6]), packet[6], packet[7]
        source = packet[8:24]
    body = packet[start:said] if said >= start else b""
    if protocol == 6:
        return _segment(source, ttl, body)
    if protocol == (1 if family == 4 else 58):
        return _error(family, source, ttl, body)
    return None


def _segment(source: bytes, ttl: int, body: bytes) -> Seen | None:
    if len(body) < 20:
        return None
    dport, sport, seq, ack = number(body[0:2]), number(body[2:4]), number(body[4:8]), number(body[8:12])
    return Seen(TCP_SEGMENT, source, source, sport, dport, body[13], seq, ack, number(body[14:16]), ttl, 0, 0)


def _error(family: int, source: bytes, ttl: int, body: bytes) -> Seen | None:
    if len(body) < 8 or body[0] not in ((3, 11) if family == 4 else (1, 3, 4)):
        return None
    quoted = body[8:]
    if family == 4:
        if len(quoted) < 20 or quoted[0] >> 4 != 4 or quoted[0] & 15 < 5:
            return None
        if number(quoted[6:8]) & 0x1FFF or quoted[9] != 6:
            return None
        target, rest = quoted[16:20], quoted[(quoted[0] & 15) * 4 :]
    else:
        if len(quoted) < 40 or quoted[0] >> 4 != 6 or quoted[6] != 6:
            return None
        target, rest = quoted[24:40], quoted[40:]
    if len(rest) < 8:
        return None
    sport, dport, seq = number(rest[0:2]), number(rest[2:4]), number(rest[4:8])
    return Seen(ICMP_ERROR, source, target, sport, dport, 0, seq, 0, 0, ttl, body[0], body[1])
