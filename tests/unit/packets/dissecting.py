"""Packets of scapy's making to dissect, one of every kind that hatoba sends or hears."""

from __future__ import annotations

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkCookieEcho, SCTPChunkInit
from scapy.packet import Packet as Scapy
from scapy.packet import Raw

MAC = "02:00:00:00:00:01"


def ip4(**fields: object) -> Scapy:
    return IP(src="198.18.0.1", dst="198.18.0.2", **fields)


def ip6(**fields: object) -> Scapy:
    return IPv6(src="fd00:18::1", dst="fd00:18::2", **fields)


def syn(**fields: object) -> Scapy:
    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 2)), ("NOP", None), ("WScale", 7)]
    return TCP(**({"sport": 61440, "dport": 22, "seq": 7, "flags": "S", "window": 1024, "options": options} | fields))


def init() -> Scapy:
    return SCTPChunkInit(init_tag=77, a_rwnd=5, n_out_streams=1, n_in_streams=2, init_tsn=8)


V4: dict[str, Scapy] = {
    "syn": ip4() / syn(),
    "xmas": ip4(ttl=37, id=9) / syn(flags="FPU", urgptr=3, options=[]),
    "udp": ip4() / UDP(sport=61440, dport=53) / b"\x1b[2Jhello",
    "sctp-init": ip4() / SCTP(sport=61440, dport=2905, tag=0) / init(),
    "sctp-cookie": ip4() / SCTP(sport=61440, dport=2905, tag=1) / SCTPChunkCookieEcho(cookie=b"abcde"),
    "sctp-abort": ip4() / SCTP(sport=2905, dport=61440, tag=1) / SCTPChunkAbort(),
    "echo": ip4() / ICMP(id=3, seq=4) / b"abcd",
    "timestamp": ip4() / ICMP(type=13, id=1, seq=2, ts_ori=5, ts_rx=6, ts_tx=7),
    "mask": ip4() / ICMP(type=17, id=1, seq=2, addr_mask="255.255.0.0"),
    "redirect": ip4() / ICMP(type=5, gw="198.18.0.9") / ip4() / syn(),
    "prohibited": ip4() / ICMP(type=3, code=13) / ip4() / syn(),
    "short quotation": ip4() / ICMP(type=3, code=3) / Raw(bytes(ip4() / UDP(sport=1, dport=2) / b"abcdef")[:28]),
    "too big": ip4() / ICMP(type=3, code=4, nexthopmtu=1400) / ip4() / syn(),
    "time": ip4() / ICMP(type=11) / ip4() / ICMP(id=3, seq=4),
    "error about an error": ip4() / ICMP(type=3, code=1) / ip4() / ICMP(type=3, code=1) / ip4() / syn(),
    "gre": ip4(proto=47) / b"\0\0\x08\0",
    "fragment": ip4(frag=100, flags="MF", proto=6) / b"abcdefgh",
    "options": ip4(options=[IPOption_RR()]) / syn(),
}
V6: dict[str, Scapy] = {
    "syn": ip6(fl=0x12345, tc=3) / syn(),
    "udp": ip6() / UDP(sport=61440, dport=53) / b"hello",
    "sctp-init": ip6() / SCTP(sport=61440, dport=2905) / init(),
    "echo": ip6() / ICMPv6EchoRequest(id=3, seq=4, data=b"abcd"),
    "prohibited": ip6() / ICMPv6DestUnreach(code=1) / ip6() / syn(),
    "too big": ip6() / ICMPv6PacketTooBig(mtu=1280) / ip6() / syn(),
    "time": ip6() / ICMPv6TimeExceeded() / ip6() / UDP(sport=1, dport=2),
    "parameter": ip6() / ICMPv6ParamProblem(code=1, ptr=6) / ip6(nh=99),
    "solicitation": ip6() / ICMPv6ND_NS(tgt="fd00:18::2") / ICMPv6NDOptSrcLLAddr(lladdr=MAC),
    "advertisement": ip6() / ICMPv6ND_NA(tgt="fd00:18::2", R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC),
    "router": ip6() / ICMPv6ND_RA(chlim=64, routerlifetime=1800) / ICMPv6NDOptSrcLLAddr(lladdr=MAC),
    "extensions": ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / syn(),
    "fragment": ip6() / IPv6ExtHdrFragment(offset=3, m=1, id=5, nh=6) / b"abcdefgh",
    "first fragment": ip6() / IPv6ExtHdrFragment(m=1, id=5) / UDP(sport=1, dport=2),
    "none": ip6(nh=59) / b"",
}
ETHERNET: dict[str, Scapy] = {
    "who-has": Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=MAC, psrc="198.18.0.1", pdst="198.18.0.2"),
    "is-at": Ether(src=MAC, dst="02:00:00:00:00:02") / ARP(op=2, hwsrc=MAC, psrc="198.18.0.1", pdst="198.18.0.2"),
    "syn": Ether(src=MAC, dst="02:00:00:00:00:02") / ip4() / syn(),
    "tagged": Ether(src=MAC, dst="02:00:00:00:00:02") / Dot1Q(vlan=7, prio=3) / ip6() / syn(),
    "foreign": Ether(src=MAC, dst="02:00:00:00:00:02", type=0x88CC) / b"lldp",
}
BY_FAMILY = {4: V4, 6: V6}
ALL = [
    *((name, family, bytes(packet)) for family, packets in BY_FAMILY.items() for name, packet in packets.items()),
    *((name, 0, bytes(packet)) for name, packet in ETHERNET.items()),
]
"""Name, family (0: from the Ethernet header on), bytes."""
