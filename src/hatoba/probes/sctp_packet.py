"""What both SCTP methods share: a packet with one chunk (RFC 9260 section 3)."""

from __future__ import annotations

import struct

from hatoba.packets.answers import SCTP_PACKET
from hatoba.packets.layouts import SCTP
from hatoba.packets.segment import Place, Segment, Sum
from hatoba.probes.method import Heard, Mask
from hatoba.probes.unreachable import quotes, recognised

INIT, INIT_ACK, ABORT, COOKIE_ECHO = 1, 2, 6, 10
COMMON_HEADER_BYTES = 12
_CHECKSUM_AT = 8
VERIFICATION_TAG = Place(4)


def packet(chunk_type: int, value: bytes, cookies: tuple[Place, ...]) -> Segment:
    """A packet whose verification tag is zero, but for what *cookies* write into it."""
    chunk = struct.pack(">BBH", chunk_type, 0, 4 + len(value)) + value
    common = struct.pack(">HHII", 0, 0, 0, 0)
    return Segment(SCTP, common + chunk + bytes(-len(chunk) % 4), cookies, sum=Sum.CRC32C, sum_at=_CHECKSUM_AT)


def answering(heard: Heard, chunk_type: int) -> Mask:
    """Packets whose first chunk is of this type and whose verification tag is the cookie (RFC 9260 section 8.5)."""
    answers = heard.answers
    found: Mask = (answers["kind"] == SCTP_PACKET) & (answers["flags"] == chunk_type) & (answers["seq"] == heard.cookies)
    return found


def quoting(heard: Heard, cookie: Place) -> Mask:
    """ICMP errors that quote one of our packets, whose cookie stands at *cookie*."""
    errors = quotes(heard, SCTP)
    return recognised(heard, errors, [(errors, cookie)])
