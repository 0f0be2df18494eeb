"""A packet read for people: which byte is what, for traces and annotated hex. One packet at a time, clarity over speed.

``dissect_*`` holds the readers, one file for a layer. A reader opens a header, takes its fields off the cursor and names the
reader of what follows; the loop here hands on. Nothing raises on what the network sent: what can't be read is said in the
field where it stops (``CUT_SHORT``), and every byte belongs to a field.
"""

from __future__ import annotations

from collections.abc import Callable

from hatoba.messages import _N
from hatoba.packets.dissect_fields import CUT_SHORT, MALFORMED, MORE, Cursor, Cut, Field, Header, Packet
from hatoba.packets.dissect_icmp import read_icmp, read_icmpv6
from hatoba.packets.dissect_ip import read_authentication, read_fragment, read_ipv4, read_ipv6, read_options
from hatoba.packets.dissect_link import read_arp, read_ethernet, read_vlan
from hatoba.packets.dissect_transport import read_igmp, read_sctp, read_tcp, read_udp

__all__ = ["CUT_SHORT", "MALFORMED", "MORE", "Field", "Header", "Packet", "dissect", "dissect_ethernet"]


def _read_data(cursor: Cursor) -> str:
    """Whatever no reader knows, or wants to know: a payload."""
    if cursor.left:
        cursor.open("data")
        cursor.rest("payload", _N("payload"))
    return ""


_READERS: dict[str, Callable[[Cursor], str]] = {
    "ethernet": read_ethernet,
    "vlan": read_vlan,
    "arp": read_arp,
    "ipv4": read_ipv4,
    "ipv6": read_ipv6,
    "ipv6-options": read_options,
    "ipv6-fragment": read_fragment,
    "ipv6-authentication": read_authentication,
    "icmp": read_icmp,
    "icmpv6": read_icmpv6,
    "igmp": read_igmp,
    "tcp": read_tcp,
    "udp": read_udp,
    "sctp": read_sctp,
    "data": _read_data,
}


def dissect(packet: bytes, family: int) -> Packet:
    """*packet* from its IP header on, IPv4 or IPv6."""
    return _read(packet, "ipv4" if family == 4 else "ipv6")


def dissect_ethernet(frame: bytes) -> Packet:
    """*frame* from its Ethernet header on, without the check sequence at its end."""
    return _read(frame, "ethernet")


def _read(data: bytes, reader: str) -> Packet:
    """Every reader but the last takes at least a byte, so this ends."""
    cursor = Cursor(data)
    try:
        while reader:
            reader = _READERS[reader](cursor)
    except Cut:
        pass  # said in the last field
    if cursor.at < len(data):
        cursor.depth, cursor.end = 0, len(data)
        cursor.open("data")
        cursor.rest("padding", _N("bytes after the packet's end"))
    return Packet(data, cursor.headers())
