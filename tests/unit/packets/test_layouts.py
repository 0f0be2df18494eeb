"""The layouts are the headers of the RFCs: scapy reads and writes the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from hatoba.packets import layouts

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
FIELDS = {4: layouts.IPV4_FIELDS, 6: layouts.IPV6_FIELDS}
TCP_VALUES = {
    "sport": 61440,
    "dport": 443,
    "seq": 0x01020304,
    "ack": 0xA1A2A3A4,
    "flags": layouts.SYN | layouts.URG,
    "window": 1025,
    "urgent": 770,
}


def tcp_frame(family: int, link_bytes: int, option_bytes: int) -> np.dtype[np.void]:
    """The headers one behind the other, as they stand in a frame."""
    link = layouts.ETHERNET_FIELDS if link_bytes else []
    return np.dtype([*link, *FIELDS[family], *layouts.TCP_FIELDS, ("options", "u1", option_bytes)])


@pytest.mark.parametrize("link_bytes", [0, 14])
@pytest.mark.parametrize("options", [0, 4, 40])
def test_ipv4_and_tcp(link_bytes: int, options: int) -> None:
    tcp = TCP(sport=61440, dport=443, seq=0x01020304, ack=0xA1A2A3A4, flags="SU", window=1025, urgptr=770)
    tcp.options = [("NOP", None)] * options
    packet = IP(src="198.18.0.1", dst="198.18.0.2", tos=4, id=9, ttl=63, flags="DF") / tcp
    packet = Ether(src=MAC, dst=OTHER) / packet if link_bytes else packet
    raw = bytes(packet)
    layout = tcp_frame(4, link_bytes, options)
    assert layout.itemsize == len(raw)
    row = np.frombuffer(raw, layout)[0]
    read = type(packet)(raw)
    assert row["version_ihl"] == 0x45
    assert (row["tos"], row["ip_id"], row["fragment"], row["ttl"], row["ip_protocol"]) == (4, 9, 0x4000, 63, 6)
    assert (row["total_bytes"], row["ip_checksum"]) == (read[IP].len, read[IP].chksum)
    assert (row["src"].tobytes(), row["dst"].tobytes()) == (bytes([198, 18, 0, 1]), bytes([198, 18, 0, 2]))
    assert {name: row[name] for name in TCP_VALUES} == TCP_VALUES
    assert (row["data_offset"] >> 4, row["tcp_checksum"]) == (5 + options // 4, read[TCP].chksum)
    if link_bytes:
        assert (row["eth_dst"].tobytes().hex(":"), row["eth_src"].tobytes().hex(":"), row["eth_type"]) == (OTHER, MAC, 0x0800)


@pytest.mark.parametrize("link_bytes", [0, 14])
def test_ipv6_and_tcp(link_bytes: int) -> None:
    packet = IPv6(src="fd00:18::1", dst="fd00:18::2", tc=3, fl=77, hlim=63) / TCP(sport=61440, dport=443, flags="S")
    packet = Ether(src=MAC, dst=OTHER) / packet if link_bytes else packet
    raw = bytes(packet)
    layout = tcp_frame(6, link_bytes, 0)
    assert layout.itemsize == len(raw)
    row = np.frombuffer(raw, layout)[0]
    assert row["version_class_flow"] == 6 << 28 | 3 << 20 | 77
    assert (row["payload_bytes"], row["next_header"], row["ttl"]) == (20, 6, 63)
    assert row["src"].tobytes() == bytes.fromhex("fd000018000000000000000000000001")
    assert row["dst"].tobytes() == bytes.fromhex("fd000018000000000000000000000002")
    assert (row["sport"], row["dport"], row["flags"]) == (61440, 443, layouts.SYN)


def test_the_sizes_are_those_of_the_headers() -> None:
    assert {family: layouts.IP[family].itemsize for family in (4, 6)} == layouts.IP_BYTES == {4: 20, 6: 40}
    assert layouts.TCP_HEADER.itemsize == 20
    assert np.dtype(layouts.ETHERNET_FIELDS).itemsize == layouts.ETHERNET_BYTES == 14


def test_the_protocols_have_iana_s_numbers() -> None:
    numbers = {name: IP(proto=getattr(layouts, name)).sprintf("%IP.proto%") for name in ("ICMP", "IGMP", "TCP", "UDP", "SCTP")}
    assert numbers == {name: name.lower() for name in numbers}
    assert IPv6(nh=layouts.ICMP6).sprintf("%IPv6.nh%") == "ICMPv6"


def test_arp() -> None:
    raw = bytes(Ether(src=MAC, dst=OTHER) / ARP(op=2, hwsrc=MAC, psrc="198.18.0.1", hwdst=OTHER, pdst="198.18.0.2"))
    assert layouts.ARP.itemsize == len(raw)
    row = np.frombuffer(raw, layouts.ARP)[0]
    assert (row["eth_type"], row["hardware"], row["protocol"]) == (layouts.ETHERTYPE_ARP, 1, layouts.ETHERTYPE[4])
    assert (row["hardware_bytes"], row["protocol_bytes"], row["operation"]) == (6, 4, 2)
    assert (row["sender_mac"].tobytes().hex(":"), row["target_mac"].tobytes().hex(":")) == (MAC, OTHER)
    assert (row["sender_ip"].tolist(), row["target_ip"].tolist()) == ([198, 18, 0, 1], [198, 18, 0, 2])


def test_neighbour_discovery() -> None:
    solicitation = ICMPv6ND_NS(tgt="fd00:18::2") / ICMPv6NDOptSrcLLAddr(lladdr=MAC)
    raw = bytes(Ether(src=MAC, dst=OTHER) / IPv6(src="fd00:18::1", dst="ff02::1:ff00:2") / solicitation)
    assert layouts.NEIGHBOUR.itemsize == len(raw)
    row = np.frombuffer(raw, layouts.NEIGHBOUR)[0]
    assert (row["icmp_type"], row["icmp_code"], row["next_header"], row["ttl"]) == (135, 0, 58, 255)
    assert row["target"].tobytes() == bytes.fromhex("fd000018000000000000000000000002")
    assert (row["option_type"], row["option_units"], row["option_mac"].tobytes().hex(":")) == (1, 1, MAC)
