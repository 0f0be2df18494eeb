"""What a network's router or address server is asked: DHCP, NAT-PMP, PCP, RIP. None of these reserves or changes anything."""

from __future__ import annotations

import struct

from hatoba.messages import _N
from hatoba.probes.udp_questions.draft import COOKIE_32, Draft
from hatoba.probes.udp_questions.question import question

_BOOT_REQUEST, _BOOT_REPLY = 1, 2
_DHCP_COOKIE = bytes([99, 130, 83, 99])
_DHCP_HEADER_BYTES = 236
_LEAST_BOOTP_BYTES = 300
_INFORM = bytes([53, 1, 8])
_WANTED = bytes([55, 2, 1, 3])  # subnet mask, routers
_END = b"\xff"


def _inform() -> Draft:
    """RFC 2131 section 4.4.3. INFORM and not DISCOVER, for which a server would set an address aside.

    Who asks so has an address and says which. Ours is not known here, so it is one that nobody can be reached at (RFC 1122
    section 3.2.1.3): dnsmasq then answers to where the question came from.
    """
    ethernet, address_bytes, hops = 1, 6, 0
    head = bytes([_BOOT_REQUEST, ethernet, address_bytes, hops]) + COOKIE_32
    seconds_and_flags, client, other_addresses = bytes(4), bytes([0, 0, 0, 1]), bytes(12)
    hardware_address = bytes.fromhex("020000000000").ljust(16, b"\0")
    names = bytes(64 + 128)
    fixed = head + seconds_and_flags + client + other_addresses + hardware_address + names
    draft = fixed + _DHCP_COOKIE + _INFORM + _WANTED + _END
    return draft + bytes(_LEAST_BOOTP_BYTES - len(draft))  # RFC 1542 section 2.1


def _repeats_inform(datagram: bytes, cookie: int) -> bool | None:
    if datagram[:1] != bytes([_BOOT_REPLY]) or datagram[_DHCP_HEADER_BYTES : _DHCP_HEADER_BYTES + 4] != _DHCP_COOKIE:
        return None
    return datagram[4:8] == cookie.to_bytes(4, "big")


def _announce() -> bytes:
    """RFC 6887 sections 7.1 and 14.1: opcode 0, which makes no mapping."""
    version, opcode, reserved, lifetime = 2, 0, 0, 0
    client = bytes(10) + b"\xff\xff" + bytes(4)  # an IPv4 address of ours, not told
    return struct.pack(">BBHI", version, opcode, reserved, lifetime) + client


_RIP_REQUEST, _RIP_RESPONSE = 1, 2
_RIP_VERSION = 2
_INFINITY = 16
_RIP_ENTRY = struct.Struct(">HH4s4s4sI")
_RIP_HEAD = struct.Struct(">BBH")


def _whole_table() -> bytes:
    """RFC 2453 section 3.9.1: one entry of family 0 with an infinite metric asks for all."""
    return _RIP_HEAD.pack(_RIP_REQUEST, _RIP_VERSION, 0) + _RIP_ENTRY.pack(0, 0, bytes(4), bytes(4), bytes(4), _INFINITY)


def _one_route() -> Draft:
    """RFC 2453 section 3.9.1: the router fills the metric in and sends the entry back. The cookie stands for the address."""
    family, tag, mask, next_hop = 2, 0, b"\xff" * 4, bytes(4)
    head = _RIP_HEAD.pack(_RIP_REQUEST, _RIP_VERSION, 0) + struct.pack(">HH", family, tag)
    return head + COOKIE_32 + mask + next_hop + struct.pack(">I", _INFINITY)


def _repeats_one_route(datagram: bytes, cookie: int) -> bool | None:
    if len(datagram) < _RIP_HEAD.size + _RIP_ENTRY.size or (len(datagram) - _RIP_HEAD.size) % _RIP_ENTRY.size:
        return None
    if datagram[0] != _RIP_RESPONSE or datagram[1] not in (1, 2):
        return None
    return datagram[8:12] == cookie.to_bytes(4, "big")


QUESTIONS = (
    question(
        "dhcp",
        (67,),
        _inform(),
        "RFC 2131 section 4.4.3",
        _N(
            "asks for settings without an address (INFORM), because DISCOVER would make the server set one aside; "
            "dnsmasq answers, most others to port 68 only, and so are silent here"
        ),
        _repeats_inform,
    ),
    question(
        "rip",
        (520,),
        _whole_table(),
        "RFC 2453 section 3.9.1",
        _N(
            "asks for the whole routing table, as diagnostic programs do; routers that take requests from port 520 only, "
            "such as BIRD, are silent"
        ),
    ),
    question(
        "rip-route",
        (520,),
        _one_route(),
        "RFC 2453 section 3.9.1",
        _N("asks for the metric of one route; the router sends the entry back"),
        _repeats_one_route,
    ),
    question(
        "pcp",
        (5351,),
        _announce(),
        "RFC 6887 section 14.1",
        _N("asks whether the server is there (ANNOUNCE), which makes no mapping; an error is an answer, too"),
    ),
    question(
        "nat-pmp",
        (5351,),
        bytes(2),  # version 0, opcode 0
        "RFC 6886 section 3.2",
        _N("asks for the gateway's external address"),
    ),
)
