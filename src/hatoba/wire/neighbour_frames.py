"""Who has this address? Questions and answers of ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) as arrays.

Only an answer to a question of ours counts: one that names our hardware address and our address as where it goes. Told at
Ethernet's level it may be a broadcast, as RFC 3927 section 2.5 wants for link-local addresses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.packets import checksum
from hatoba.packets.distinct import among
from hatoba.packets.layouts import (
    ADDRESS_BYTES,
    ARP,
    ETHERNET_BYTES,
    ETHERNET_FIELDS,
    ETHERTYPE,
    ETHERTYPE_ARP,
    ICMP6,
    NEIGHBOUR,
)
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.routes import Link

FRAME = {4: ARP, 6: NEIGHBOUR}
_ARP_BODY = np.dtype(ARP.descr[len(ETHERNET_FIELDS) :])
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOLICITED = 1 << 30
_TARGET_ADDRESS = 2  # RFC 4861 section 4.6.1: the target's link-layer address
_FIRST_OPTION = 40 + 24
_MOST_OPTIONS = 4
_NO_MACS = np.array([0, 0xFFFFFFFFFFFF], np.uint64)

# linux/bpf_common.h: class | size | mode
_WORD, _HALF, _BYTE, _EQUAL, _RETURN = 0x20, 0x28, 0x30, 0x15, 0x06

Bytes2D = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Who has which address, in the order in which it was told."""

    addresses: Bytes2D
    """(n, 4) or (n, 16)"""
    macs: Bytes2D
    """(n, 6)"""
    at_s: npt.NDArray[np.float64]
    """When each answer arrived, on the scan's clock."""

    def __len__(self) -> int:
        return len(self.addresses)


def questions(family: int, link: Link, source: bytes, targets: Bytes2D) -> npt.NDArray[np.void]:
    """A frame for each of *targets*, (n, 4) or (n, 16), as :data:`FRAME`."""
    return (_arp_requests if family == 4 else _solicitations)(link, source, targets)


def _arp_requests(link: Link, source: bytes, targets: Bytes2D) -> npt.NDArray[np.void]:
    frames = np.zeros(len(targets), ARP)
    frames["eth_dst"] = 0xFF
    frames["eth_src"] = frames["sender_mac"] = np.frombuffer(link.mac, np.uint8)
    frames["eth_type"] = ETHERTYPE_ARP
    frames["hardware"], frames["protocol"], frames["hardware_bytes"], frames["protocol_bytes"] = 1, ETHERTYPE[4], 6, 4
    frames["operation"] = 1
    frames["sender_ip"] = np.frombuffer(source, np.uint8)
    frames["target_ip"] = targets
    return frames


def _solicitations(link: Link, source: bytes, targets: Bytes2D) -> npt.NDArray[np.void]:
    frames = np.zeros(len(targets), NEIGHBOUR)
    frames["eth_dst"][:, :3] = (0x33, 0x33, 0xFF)  # RFC 2464 section 7
    frames["eth_dst"][:, 3:] = targets[:, 13:]
    frames["eth_src"] = frames["option_mac"] = np.frombuffer(link.mac, np.uint8)
    frames["eth_type"] = ETHERTYPE[6]
    frames["version_class_flow"] = 6 << 28
    frames["payload_bytes"] = 32
    frames["next_header"], frames["ttl"] = ICMP6, 255
    frames["src"] = np.frombuffer(source, np.uint8)
    frames["dst"][:, :13] = np.frombuffer(bytes.fromhex("ff0200000000000000000001ff"), np.uint8)  # solicited-node, RFC 4291
    frames["dst"][:, 13:] = targets[:, 13:]
    frames["icmp_type"] = _SOLICITATION
    frames["target"] = targets
    frames["option_type"], frames["option_units"] = 1, 1
    raw = frames.view(np.uint8).reshape(len(frames), NEIGHBOUR.itemsize)
    # The pseudo header is both addresses, the length and the next header (RFC 8200 section 8.1).
    total = checksum.rows_sum(raw[:, 14 + 8 :]) + np.uint32(32 + ICMP6)
    frames["icmp_checksum"] = checksum.fold(total)
    return frames


def answers(
    family: int, link: Link, source: bytes, frames: Bytes2D, lengths: npt.NDArray[np.uint32], at_s: npt.NDArray[np.float64]
) -> Told:
    """What packets, (n, WIDTH_BYTES) from behind the Ethernet header on, tell of addresses; all others are left out."""
    genuine, addresses, macs = (_arp_replies if family == 4 else _advertisements)(link, source, frames, lengths)
    numbers = np.zeros((len(macs), 8), np.uint8)
    numbers[:, 2:] = macs
    genuine &= ~among(numbers.view(">u8").ravel(), _NO_MACS)
    return Told(addresses[genuine], macs[genuine], at_s[genuine])


def _arp_replies(
    link: Link, source: bytes, frames: Bytes2D, lengths: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.bool_], Bytes2D, Bytes2D]:
    arp = np.ascontiguousarray(frames[:, : _ARP_BODY.itemsize]).view(_ARP_BODY)[:, 0]
    genuine = (lengths >= _ARP_BODY.itemsize) & (arp["operation"] == 2) & (arp["hardware"] == 1)
    genuine &= (arp["protocol"] == ETHERTYPE[4]) & (arp["hardware_bytes"] == 6) & (arp["protocol_bytes"] == 4)
    genuine &= _same(arp["target_mac"], link.mac) & _same(arp["target_ip"], source)
    return genuine, arp["sender_ip"], arp["sender_mac"]


def _advertisements(
    link: Link, source: bytes, frames: Bytes2D, lengths: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.bool_], Bytes2D, Bytes2D]:
    whole = np.zeros((len(frames), NEIGHBOUR.itemsize), np.uint8)
    whole[:, 14:] = frames[:, : NEIGHBOUR.itemsize - 14]
    told = whole.view(NEIGHBOUR)[:, 0]
    end = np.minimum(lengths.astype(np.int64), 40 + told["payload_bytes"].astype(np.int64))
    # RFC 4861 section 7.1.2: hop limit 255 shows that no router forwarded it.
    genuine = (told["version_class_flow"] >> 28 == 6) & (told["next_header"] == ICMP6) & (told["ttl"] == 255)
    genuine &= (told["icmp_type"] == _ADVERTISEMENT) & (told["icmp_code"] == 0) & (told["icmp_flags"] & _SOLICITED > 0)
    genuine &= _same(told["dst"], source)
    has_mac, macs = _target_link_layer(frames, end)
    return genuine & has_mac, told["target"], macs


def _target_link_layer(frames: Bytes2D, end: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], Bytes2D]:
    """Which advertisements say a hardware address among their options, and the first one that each says."""
    rows = np.arange(len(frames))
    found = np.zeros(len(frames), bool)
    macs = np.zeros((len(frames), 6), np.uint8)
    at = np.full(len(frames), _FIRST_OPTION)
    for _option in range(_MOST_OPTIONS):
        here = at + 8 <= end
        place = np.where(here, at, 0)
        kind, units = frames[rows, place], frames[rows, place + 1].astype(np.int64)
        hit = here & ~found & (kind == _TARGET_ADDRESS) & (units == 1)
        macs[hit] = frames[rows[hit, None], at[hit, None] + np.arange(2, 8)]
        found |= hit
        at = np.where(here & (units > 0), at + 8 * units, WIDTH_BYTES)
    return found, macs


def _same(column: Bytes2D, value: bytes) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (column == np.frombuffer(value, np.uint8)).all(axis=1)
    return same


def answers_program(family: int, source: bytes) -> bytes:
    """A classic BPF program that keeps answers to *source*, and little else. Offsets count from behind the Ethernet header.
    It only spares work: :func:`answers` looks at all of it."""
    if family == 4:
        wanted = [(_WORD, 0, 0x00010800), (_WORD, 4, 0x06040002), (_WORD, 24, int.from_bytes(source, "big"))]
    else:
        words = [source[at : at + 4] for at in range(0, ADDRESS_BYTES[6], 4)]
        wanted = [(_HALF, 6, ICMP6 << 8 | 255), (_BYTE, 40, _ADVERTISEMENT)]
        wanted += [(_WORD, 24 + 4 * number, int.from_bytes(word, "big")) for number, word in enumerate(words)]
    program = b""
    for number, (load, offset, value) in enumerate(wanted):
        to_the_end = 2 * (len(wanted) - number) - 1
        program += struct.pack("=HBBI", load, 0, 0, offset) + struct.pack("=HBBI", _EQUAL, 0, to_the_end, value)
    return program + struct.pack("=HBBI", _RETURN, 0, 0, WIDTH_BYTES) + struct.pack("=HBBI", _RETURN, 0, 0, 0)


def with_link_header(
    family: int, link: Link, frames: Bytes2D, lengths: npt.NDArray[np.uint32]
) -> tuple[Bytes2D, npt.NDArray[np.int64]]:
    """Arrived *frames*, whose Ethernet header the socket has taken off, with one again: to our hardware address, from the one
    that an ARP reply names; zeros where none is named."""
    whole = np.zeros((len(frames), ETHERNET_BYTES + frames.shape[1]), np.uint8)
    whole[:, :6] = np.frombuffer(link.mac, np.uint8)
    if family == 4:
        at = _ARP_BODY.fields["sender_mac"][1] if _ARP_BODY.fields else 0
        whole[:, 6:12] = frames[:, at : at + 6]
    ethertype = ETHERTYPE_ARP if family == 4 else ETHERTYPE[6]
    whole[:, 12:14] = np.frombuffer(ethertype.to_bytes(2, "big"), np.uint8)
    whole[:, ETHERNET_BYTES:] = frames
    return whole, lengths.astype(np.int64) + ETHERNET_BYTES
