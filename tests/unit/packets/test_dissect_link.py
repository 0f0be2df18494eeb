"""Ethernet, VLAN tags and ARP read as scapy reads them."""

from __future__ import annotations

import pytest
from scapy.layers.l2 import ARP, Ether

from hatoba.packets import dissect_link
from hatoba.packets.dissect import dissect_ethernet
from hatoba.packets.dissect_fields import Cursor
from tests.unit.packets.dissecting import ETHERNET, MAC


@pytest.mark.parametrize("name", ETHERNET)
def test_ethernet(name: str) -> None:
    data = bytes(ETHERNET[name])
    link, scapy = dissect_ethernet(data).headers[0], Ether(data)
    assert (link.text("eth_src"), link.text("eth_dst")) == (scapy.src, scapy.dst)
    assert link.text("eth_type").startswith(f"0x{scapy.type:04x}")


@pytest.mark.parametrize("name", ["who-has", "is-at"])
def test_arp(name: str) -> None:
    packet = dissect_ethernet(bytes(ETHERNET[name]))
    arp, scapy = packet.header("ARP"), ETHERNET[name][ARP]
    assert arp is not None
    assert arp.text("operation") == f"{scapy.op} ({name})"
    assert (arp.text("sender_mac"), arp.text("sender_ip"), arp.text("target_ip")) == (MAC, "198.18.0.1", "198.18.0.2")


def test_addresses_of_other_lengths_are_shown_as_bytes() -> None:
    body = bytes([0, 1, 8, 0, 2, 3, 0, 1]) + b"abcdefghij"
    packet = dissect_ethernet(bytes(Ether(src=MAC, dst=MAC, type=0x0806) / body))
    arp = packet.header("ARP")
    assert arp is not None
    assert [field.length for field in arp.fields[-4:]] == [2, 3, 2, 3]
    assert arp.text("sender_hardware") == "61 62"


def test_a_tag_is_read_and_what_follows_it() -> None:
    packet = dissect_ethernet(bytes(ETHERNET["tagged"]))
    assert [header.protocol for header in packet.headers] == ["Ethernet", "VLAN", "IPv6", "TCP"]
    assert packet.headers[1].text("vlan") == "3, 7"


def test_other_types_are_data() -> None:
    assert dissect_link.read_ethernet(Cursor(bytes(12) + b"\x88\xcc")) == "data"
