"""Ethernet with VLAN tags (IEEE 802.1Q), and ARP (RFC 826), for people."""

from __future__ import annotations

from hatoba.messages import _N
from hatoba.packets.dissect_fields import Cursor, hexadecimal
from hatoba.packets.dissect_names import ARP_OPERATIONS, ETHERTYPES, numbered

_READERS = {0x0800: "ipv4", 0x0806: "arp", 0x8100: "vlan", 0x86DD: "ipv6", 0x88A8: "vlan"}


def read_ethernet(cursor: Cursor) -> str:
    cursor.open("Ethernet")
    cursor.mac("eth_dst", _N("destination hardware address"))
    cursor.mac("eth_src", _N("source hardware address"))
    return _type(cursor)


def read_vlan(cursor: Cursor) -> str:
    cursor.open("VLAN")
    cursor.number(2, "vlan", _N("priority and VLAN number"), lambda value: f"{value >> 13}, {value & 0xFFF}")
    return _type(cursor)


def _type(cursor: Cursor) -> str:
    kind = cursor.number(
        2, "eth_type", _N("type"), lambda value: f"0x{value:04x}" + (f" ({ETHERTYPES[value]})" if value in ETHERTYPES else "")
    )
    return _READERS.get(kind, "data")


def read_arp(cursor: Cursor) -> str:
    cursor.open("ARP")
    cursor.number(2, "hardware", _N("hardware type"))
    cursor.number(2, "arp_protocol", _N("protocol type"), lambda value: f"0x{value:04x}")
    hardware_bytes = cursor.number(1, "hardware_bytes", _N("length of a hardware address"))
    protocol_bytes = cursor.number(1, "protocol_bytes", _N("length of a protocol address"))
    cursor.number(2, "operation", _N("operation"), lambda value: numbered(ARP_OPERATIONS, value))
    for whose, mac, ip in (
        ("sender", _N("sender's hardware address"), _N("sender's address")),
        ("target", _N("target's hardware address"), _N("target's address")),
    ):
        if hardware_bytes == 6:
            cursor.mac(f"{whose}_mac", mac)
        else:
            cursor.raw(hardware_bytes, f"{whose}_hardware", mac, hexadecimal)
        if protocol_bytes == 4:
            cursor.address(4, f"{whose}_ip", ip)
        else:
            cursor.raw(protocol_bytes, f"{whose}_protocol", ip, hexadecimal)
    return ""
