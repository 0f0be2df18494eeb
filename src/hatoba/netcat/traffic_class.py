"""Names for the type of service, IPv4's octet and IPv6's traffic class (``-T``)."""

from __future__ import annotations

from hatoba.errors import UsageError
from hatoba.messages import _

_PRECEDENCE = {
    "lowcost": 0x02,
    "reliability": 0x04,
    "throughput": 0x08,
    "lowdelay": 0x10,
    "critical": 0xA0,
    "inetcontrol": 0xC0,
    "netcontrol": 0xE0,
}
"""RFC 791 section 3.1, RFC 1349 section 4."""

_CLASSES = {
    "ef": 46 << 2,
    **{f"cs{number}": number << 5 for number in range(8)},
    **{f"af{group}{drop}": (group << 3 | drop << 1) << 2 for group in range(1, 5) for drop in range(1, 4)},
}
"""Differentiated services: RFC 3246 (ef), RFC 2474 section 4.2.2 (cs), RFC 2597 section 6 (af). The lower two bits are
ECN's."""

KEYWORDS = {**_PRECEDENCE, **_CLASSES}


def parse_traffic_class(word: str) -> int:
    """The octet for a keyword or a number, decimal or hexadecimal. Raises UsageError."""
    if (value := KEYWORDS.get(word.lower())) is not None:
        return value
    try:
        value = int(word, 16 if word.lower().startswith("0x") else 10)
    except ValueError:
        value = -1
    if not 0 <= value <= 255:
        raise UsageError(
            _("-T {word}: type a number from 0 to 255, or one of: {keywords}").format(word=word, keywords=" ".join(KEYWORDS))
        )
    return value
