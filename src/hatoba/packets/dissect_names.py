"""Names of numbers, for packets that people read. Words of the trade, the same in every language.

Sources: IANA's registries "Protocol Numbers", "ICMP Parameters" and "ICMPv6 Parameters"; RFC 9260 section 3.2 (SCTP chunks).
"""

from __future__ import annotations

PROTOCOLS = {
    0: "hop-by-hop",
    1: "icmp",
    2: "igmp",
    4: "ipv4",
    6: "tcp",
    8: "egp",
    17: "udp",
    33: "dccp",
    41: "ipv6",
    43: "routing",
    44: "fragment",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "ipv6-icmp",
    59: "no-next-header",
    60: "destination-options",
    88: "eigrp",
    89: "ospf",
    103: "pim",
    108: "ipcomp",
    112: "vrrp",
    115: "l2tp",
    132: "sctp",
    135: "mobility",
    136: "udp-lite",
}

ETHERTYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x8100: "VLAN", 0x86DD: "IPv6", 0x88A8: "VLAN"}

ICMP_TYPES = {
    0: "echo-reply",
    3: "unreachable",
    4: "source-quench",
    5: "redirect",
    8: "echo-request",
    9: "router-advertisement",
    10: "router-solicitation",
    11: "time-exceeded",
    12: "parameter-problem",
    13: "timestamp-request",
    14: "timestamp-reply",
    17: "mask-request",
    18: "mask-reply",
}
ICMP_CODES = {
    (3, 0): "net-unreach",
    (3, 1): "host-unreach",
    (3, 2): "proto-unreach",
    (3, 3): "port-unreach",
    (3, 4): "fragmentation-needed",
    (3, 5): "source-route-failed",
    (3, 6): "net-unknown",
    (3, 7): "host-unknown",
    (3, 8): "host-isolated",
    (3, 9): "net-prohibited",
    (3, 10): "host-prohibited",
    (3, 11): "net-unreach-for-tos",
    (3, 12): "host-unreach-for-tos",
    (3, 13): "admin-prohibited",
    (3, 14): "precedence-violation",
    (3, 15): "precedence-cutoff",
    (11, 1): "reassembly-time-exceeded",
}
ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})
"""The types that quote the packet they are about (RFC 1122 section 3.2.2)."""

ICMP6_TYPES = {
    1: "unreachable",
    2: "packet-too-big",
    3: "time-exceeded",
    4: "parameter-problem",
    128: "echo-request",
    129: "echo-reply",
    130: "listener-query",
    131: "listener-report",
    132: "listener-done",
    133: "router-solicitation",
    134: "router-advertisement",
    135: "neighbour-solicitation",
    136: "neighbour-advertisement",
    137: "redirect",
    143: "listener-report-v2",
}
ICMP6_CODES = {
    (1, 0): "no-route",
    (1, 1): "admin-prohibited",
    (1, 2): "beyond-scope",
    (1, 3): "addr-unreach",
    (1, 4): "port-unreach",
    (1, 5): "policy-fail",
    (1, 6): "reject-route",
    (3, 1): "reassembly-time-exceeded",
    (4, 0): "bad-header-field",
    (4, 1): "unknown-next-header",
    (4, 2): "unknown-option",
}
ICMP6_ERRORS = frozenset({1, 2, 3, 4})
"""RFC 4443 section 2.1 reserves all types below 128 for errors; these are in use, and quote."""

NEIGHBOUR_OPTIONS = {1: "source-mac", 2: "target-mac", 3: "prefix", 4: "redirected", 5: "mtu", 14: "nonce"}

SCTP_CHUNKS = {
    0: "DATA",
    1: "INIT",
    2: "INIT-ACK",
    3: "SACK",
    4: "HEARTBEAT",
    5: "HEARTBEAT-ACK",
    6: "ABORT",
    7: "SHUTDOWN",
    8: "SHUTDOWN-ACK",
    9: "ERROR",
    10: "COOKIE-ECHO",
    11: "COOKIE-ACK",
    14: "SHUTDOWN-COMPLETE",
}

ARP_OPERATIONS = {1: "who-has", 2: "is-at"}


def icmp_word(family: int, icmp_type: int, icmp_code: int) -> str:
    """The word for a type and code: the code's where it has one, else the type's; empty where neither is known."""
    types, codes = (ICMP_TYPES, ICMP_CODES) if family == 4 else (ICMP6_TYPES, ICMP6_CODES)
    return codes.get((icmp_type, icmp_code)) or types.get(icmp_type, "")


def numbered(names: dict[int, str], number: int) -> str:
    """``17 (udp)``, or the number alone."""
    return f"{number} ({names[number]})" if number in names else str(number)
