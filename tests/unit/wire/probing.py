"""Frames for the wires under test, as short as a test can say them."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.packets.frames import FrameTemplate
from hatoba.probes.syn import METHOD
from hatoba.wire.base import PacketWire

US = {4: "198.18.0.1", 6: "fd00:18::1"}
HOST = {4: "198.18.0.2", 6: "fd00:18::2"}
FIRST_PORT = 61_440
MAC = bytes.fromhex("020000000001")


def packed(*addresses: str) -> npt.NDArray[np.uint8]:
    """(n, 4|16)"""
    return np.array([list(ip_address(address).packed) for address in addresses], np.uint8)


def template(family: int, link_bytes: int = 0) -> FrameTemplate:
    return FrameTemplate(family, link_bytes, MAC, ip_address(US[family]).packed, METHOD.segment(family))


def send(wire: PacketWire, dst: npt.NDArray[np.uint8], dport: list[int], seq: int = 7) -> None:
    """One SYN from the first source port to each (dst, dport)."""
    count = len(dport)
    frames = wire.reserve(count)
    assert len(frames) == count
    wire.template.filler().fill(
        frames, dst, np.full(count, FIRST_PORT, np.uint16), np.array(dport, np.uint16), np.full(count, seq, np.uint32)
    )
    wire.commit(count)
