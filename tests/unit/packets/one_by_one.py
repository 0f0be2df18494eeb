"""A reader of one packet, slow and plain, to set beside the vectorised one: the headers of RFC 791, 8200, 9293, 768, 9260, 792,
4443."""

from __future__ import annotations

from dataclasses import dataclass, replace

TCP_SEGMENT, ICMP_ERROR, UDP_DATAGRAM, SCTP_PACKET, ICMP_REPLY, OTHER_PACKET = 1, 2, 3, 4, 5, 6
TCP, UDP, SCTP = 6, 17, 132


@dataclass(frozen=True)
class Seen:
    """A possible answer; the fields of ``packets.answers.ANSWER`` without the time, and the content that they point to."""

    kind: int
    protocol: int
    source: bytes
    target: bytes
    ttl: int
    sport: int = 0
    dport: int = 0
    flags: int = 0
    seq: int = 0
    ack: int = 0
    window: int = 0
    icmp_type: int = 0
    icmp_code: int = 0
    tag: int = 0
    data: bytes = b""


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def seen(family: int, packet: bytes) -> Seen | None:
    """What *packet* (from its IP header on, as far as it was captured) tells, or None."""
    if family == 4:
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[0] & 15 < 5:
            return None
        if number(packet[6:8]) & 0x1FFF:
            return None
        start, said, protocol, ttl = (packet[0] & 15) * 4, number(packet[2:4]), packet[9], packet[8]
        source = packet[12:16]
    else:
        if len(packet) < 40 or packet[0] >> 4 != 6:
            return None
        start, said, protocol, ttl = 40, 40 + number(packet[4:6]), packet[6], packet[7]
        source = packet[8:24]
    if min(len(packet), said) < start:
        return None
    body = packet[start:said]
    if family == 6:
        behind = _behind_extensions(protocol, body)
        if behind is None:
            return None
        protocol, body = behind
    blank = Seen(OTHER_PACKET, protocol, source, source, ttl)
    if protocol == TCP:
        return _segment(blank, body)
    if protocol == UDP:
        return _datagram(blank, body)
    if protocol == SCTP:
        return _chunks(blank, body)
    if protocol == (1 if family == 4 else 58):
        return _error(family, blank, body) or _reply(family, blank, body)
    return blank


def _behind_extensions(protocol: int, body: bytes) -> tuple[int, bytes] | None:
    """Hop-by-hop options, routing, fragment, destination options; no more than five headers, and no later fragment."""
    for _header in range(5):
        if protocol not in (0, 43, 44, 60):
            return protocol, body
        size = 8 if protocol == 44 or len(body) < 2 else 8 + 8 * body[1]
        if len(body) < size or (protocol == 44 and number(body[2:4]) >> 3):
            return None
        protocol, body = body[0], body[size:]
    return None if protocol in (0, 43, 44, 60) else (protocol, body)


def _segment(blank: Seen, body: bytes) -> Seen | None:
    if len(body) < 20:
        return None
    ports = {"dport": number(body[0:2]), "sport": number(body[2:4])}
    numbers = {"seq": number(body[4:8]), "ack": number(body[8:12]), "flags": body[13], "window": number(body[14:16])}
    return replace(blank, kind=TCP_SEGMENT, **ports, **numbers)


def _datagram(blank: Seen, body: bytes) -> Seen | None:
    if len(body) < 8 or number(body[4:6]) < 8:
        return None
    data = body[8 : number(body[4:6])]
    return replace(blank, kind=UDP_DATAGRAM, dport=number(body[0:2]), sport=number(body[2:4]), data=data)


def _chunks(blank: Seen, body: bytes) -> Seen | None:
    if len(body) < 16:
        return None
    ports = {"dport": number(body[0:2]), "sport": number(body[2:4])}
    return replace(blank, kind=SCTP_PACKET, **ports, seq=number(body[4:8]), flags=body[12])


def _reply(family: int, blank: Seen, body: bytes) -> Seen | None:
    if len(body) < 8 or body[0] not in ((0, 14, 18) if family == 4 else (129,)):
        return None
    told = {"icmp_type": body[0], "icmp_code": body[1], "sport": number(body[4:6]), "seq": number(body[6:8])}
    return replace(blank, kind=ICMP_REPLY, **told, data=body[8:])


def _error(family: int, blank: Seen, body: bytes) -> Seen | None:
    if len(body) < 8 or body[0] not in ((3, 11) if family == 4 else (1, 3, 4)):
        return None
    quoted = body[8:]
    if family == 4:
        if len(quoted) < 20 or quoted[0] >> 4 != 4 or quoted[0] & 15 < 5 or number(quoted[6:8]) & 0x1FFF:
            return None
        protocol, tag, target, rest = quoted[9], number(quoted[4:6]), quoted[16:20], quoted[(quoted[0] & 15) * 4 :]
    else:
        if len(quoted) < 40 or quoted[0] >> 4 != 6:
            return None
        protocol, tag, target, rest = quoted[6], number(quoted[:4]) & 0xFFFFF, quoted[24:40], quoted[40:]
    if len(rest) < 8:
        return None
    told = {"protocol": protocol, "tag": tag, "icmp_type": body[0], "icmp_code": body[1]}
    if protocol in (TCP, UDP, SCTP):
        told |= {"sport": number(rest[0:2]), "dport": number(rest[2:4]), "seq": number(rest[4:8])}
    elif protocol == (1 if family == 4 else 58):
        told |= {"sport": number(rest[4:6]), "seq": number(rest[6:8])}
    else:
        told |= {"seq": number(rest[4:8])}
    return replace(blank, kind=ICMP_ERROR, target=target, data=rest, **told)
