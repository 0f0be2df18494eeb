"""Headers as structured dtypes, network byte order, no padding: an array of frames *is* an array of these.

IPv4 (RFC 791 section 3.1)::

     0                   1                   2                   3
    |Version|  IHL  |Type of Service|          Total Length         |
    |         Identification        |Flags|      Fragment Offset    |
    |  Time to Live |    Protocol   |         Header Checksum       |
    |                       Source Address                          |
    |                    Destination Address                        |

TCP (RFC 9293 section 3.1)::

    |          Source Port          |       Destination Port        |
    |                        Sequence Number                        |
    |                    Acknowledgment Number                      |
    |  Data |Rsrvd |C|E|U|A|P|R|S|F |            Window             |
    | Offset|      |W|C|R|C|S|S|Y|I |                               |
    |           Checksum            |         Urgent Pointer        |
"""

from __future__ import annotations

from typing import Any

import numpy as np

ETHERNET_BYTES = 14
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
ETHERTYPE_ARP = 0x0806
IP_BYTES = {4: 20, 6: 40}
ADDRESS_BYTES = {4: 4, 6: 16}
ICMP, IGMP, TCP, UDP, ICMP6, SCTP = 1, 2, 6, 17, 58, 132
"""IANA's numbers of protocols above IP."""
ICMP_OF = {4: ICMP, 6: ICMP6}
ICMP_ERRORS = {4: (3, 11), 6: (1, 3, 4)}
"""Types that quote a packet: unreachable, time exceeded (RFC 792); IPv6's parameter problem, too (RFC 4443)."""
ICMP_REPLIES = {4: (0, 14, 18), 6: (129,)}
"""Echo, timestamp and address mask reply (RFC 792, RFC 950); RFC 4443 section 4.2."""

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS = 0, 43, 44, 60
EXTENSION_HEADERS = (HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS)
"""What may stand between the header of IPv6 and the protocol above it in clear (RFC 8200 section 4)."""

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

ETHERNET_FIELDS: list[Any] = [("eth_dst", "u1", 6), ("eth_src", "u1", 6), ("eth_type", ">u2")]

IPV4_FIELDS: list[Any] = [
    ("version_ihl", "u1"),
    ("tos", "u1"),
    ("total_bytes", ">u2"),
    ("ip_id", ">u2"),
    ("fragment", ">u2"),
    ("ttl", "u1"),
    ("ip_protocol", "u1"),
    ("ip_checksum", ">u2"),
    ("src", "u1", 4),
    ("dst", "u1", 4),
]

IPV6_FIELDS: list[Any] = [
    ("version_class_flow", ">u4"),
    ("payload_bytes", ">u2"),
    ("next_header", "u1"),
    ("ttl", "u1"),
    ("src", "u1", 16),
    ("dst", "u1", 16),
]

TCP_FIELDS: list[Any] = [
    ("sport", ">u2"),
    ("dport", ">u2"),
    ("seq", ">u4"),
    ("ack", ">u4"),
    ("data_offset", "u1"),
    ("flags", "u1"),
    ("window", ">u2"),
    ("tcp_checksum", ">u2"),
    ("urgent", ">u2"),
]

ARP = np.dtype(
    [
        *ETHERNET_FIELDS,
        ("hardware", ">u2"),
        ("protocol", ">u2"),
        ("hardware_bytes", "u1"),
        ("protocol_bytes", "u1"),
        ("operation", ">u2"),
        ("sender_mac", "u1", 6),
        ("sender_ip", "u1", 4),
        ("target_mac", "u1", 6),
        ("target_ip", "u1", 4),
    ]
)
"""Ethernet and ARP, RFC 826."""

NEIGHBOUR = np.dtype(
    [
        *ETHERNET_FIELDS,
        *IPV6_FIELDS,
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("icmp_checksum", ">u2"),
        ("icmp_flags", ">u4"),
        ("target", "u1", 16),
        ("option_type", "u1"),
        ("option_units", "u1"),
        ("option_mac", "u1", 6),
    ]
)
"""Ethernet, IPv6 and a neighbour solicitation or advertisement with one link-layer address option, RFC 4861 section 4.3."""

TCP_HEADER = np.dtype(TCP_FIELDS)
IP = {4: np.dtype(IPV4_FIELDS), 6: np.dtype(IPV6_FIELDS)}
