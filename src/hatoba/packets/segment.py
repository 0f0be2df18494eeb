"""What follows the IP header of a probe: its constant bytes, and the places of what varies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Form(Enum):
    """How a cookie is written: how many bytes it takes."""

    U16 = 2
    """Its lower half."""
    U32 = 4
    HEX = 8
    """Eight lower-case hexadecimal digits, for protocols made of text."""


class Place(NamedTuple):
    """Where a cookie goes: ``at`` bytes from the segment's start, odd or even."""

    at: int
    form: Form = Form.U32


class Sum(Enum):
    """How a segment is protected against damage."""

    NONE = "none"
    INTERNET = "internet"
    """RFC 1071 over the pseudo header and the segment."""
    PLAIN = "plain"
    """RFC 1071 over the segment alone, as ICMP and IGMP have it for IPv4."""
    CRC32C = "crc32c"
    """RFC 9260 appendix A."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The bytes from the transport header on; ports, cookie and checksum are zero in ``data``."""

    protocol: int
    """IANA's number of the protocol, what IP calls next header."""
    data: bytes
    cookies: tuple[Place, ...] = ()
    sport_at: int | None = 0
    """Where the source port goes, or what stands in for it (the identifier of ICMP); two bytes."""
    dport_at: int | None = 2
    sum: Sum = Sum.INTERNET
    sum_at: int = 0
    """Where the checksum goes."""
    tag_ip: bool = True
    """Whether the cookie goes into the IP header, too: into the identification of IPv4 (RFC 791) or the flow label of IPv6
    (RFC 6437), for ICMP errors that quote no more than the first eight bytes of a segment."""
    ttl: int = 64
    """Time to live, or hop limit."""
