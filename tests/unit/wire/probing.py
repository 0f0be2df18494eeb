"""Frames for the wires under test, as short as a test can say them."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import numpy.typing as npt

from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.packets.layouts import SYN
from hatoba.packets.segment import Segment
from hatoba.probes.tcp_segment import segment
from hatoba.wire.base import PacketWire

US = {4: "198.18.0.1", 6: "fd00:18::1"}
HOST = {4: "198.18.0.2", 6: "fd00:18::2"}
FIRST_PORT = 61_440
MAC = bytes.fromhex("020000000001")


def packed(*addresses: str) -> npt.NDArray[np.uint8]:
    """(n, 4|16)"""
    return np.array([list(ip_address(address).packed) for address in addresses], np.uint8)


def template(family: int, link_bytes: int = 0, *more: Segment) -> FrameTemplate:
    """Of SYN probes; with *more*, of others as well."""
    return FrameTemplate(family, link_bytes, MAC, ip_address(US[family]).packed, (segment(family, SYN), *more))


def send(
    wire: PacketWire, dst: npt.NDArray[np.uint8], dport: list[int], seq: int = 7, variants: list[int] | None = None
) -> None:
    """One probe from the first source port to each (dst, dport): a SYN, or whichever *variants* say. Back when all left."""
    ports, done = np.array(dport, np.uint16), 0
    while done < len(ports):
        frames = wire.reserve(len(ports) - done)
        assert len(frames)
        these, done = slice(done, done + len(frames)), done + len(frames)
        sport, seqs = np.full(len(frames), FIRST_PORT, np.uint16), np.full(len(frames), seq, np.uint32)
        chosen = None if variants is None else np.array(variants)[these]
        lengths = wire.template.filler().fill(frames, Varying(dst[these], sport, ports[these], seqs), chosen)
        wire.commit(len(frames), lengths)
    wire.drain()
