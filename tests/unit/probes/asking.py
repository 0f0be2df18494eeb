"""Probes as a scan with the key (1, 2) sends them, and their bytes with a name beside each."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np

from hatoba.packets import layouts
from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.packets.layouts import ETHERNET_BYTES
from hatoba.packets.segment import Segment
from hatoba.packets.siphash import cookie
from hatoba.probes.method import Method

KEY = (1, 2)
SOURCE = {4: "198.18.0.1", 6: "fd00:18::1"}
TARGET = {4: "198.18.0.2", 6: "fd00:18::2"}
MAC, HOP = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
SPORT = 61440

Fields = list[tuple[str, int]]
"""Names and sizes, in order."""
_INIT = [("initiate_tag", 4), ("window_credit", 4), ("out_streams", 2), ("in_streams", 2), ("first_tsn", 4)]
_QUERY = [("icmp_type", 1), ("icmp_code", 1), ("icmp_checksum", 2), ("identifier", 2), ("sequence", 2)]
TRANSPORT: dict[int, Fields] = {
    1: _QUERY,
    6: [(name, np.dtype(kind).itemsize) for name, kind in layouts.TCP_FIELDS],
    17: [("sport", 2), ("dport", 2), ("udp_bytes", 2), ("udp_checksum", 2)],
    58: _QUERY,
    132: [
        ("sport", 2),
        ("dport", 2),
        ("verification_tag", 4),
        ("crc32c", 4),
        ("chunk", 1),
        ("chunk_flags", 1),
        ("chunk_bytes", 2),
    ],
}
REST = {1: "content", 6: "options", 17: "payload", 58: "content", 132: "content"}


def template_of(method: Method, family: int, ports: list[int], link_bytes: int = ETHERNET_BYTES) -> FrameTemplate:
    segments = method.wording(family, np.array(ports, np.uint16)).segments
    return FrameTemplate(family, link_bytes, MAC, ip_address(SOURCE[family]).packed, segments)


def frame(template: FrameTemplate, variant: int, port: int) -> tuple[int, bytes]:
    """The cookie of the probe to *port*, and its frame."""
    dst = np.frombuffer(ip_address(TARGET[template.family]).packed, np.uint8)[None, :]
    hop = np.frombuffer(HOP, np.uint8)[None, :]
    sport, dport = np.array([SPORT], np.uint16), np.array([port], np.uint16)
    cookies = cookie(KEY, dst, sport, dport)
    frames = np.zeros((1, template.frame_bytes), np.uint8)
    frames[0, : len(template.frame(variant))] = np.frombuffer(template.frame(variant), np.uint8)
    template.filler().fill(frames, Varying(dst, sport, dport, cookies, hop), np.array([variant]))
    return int(cookies[0]), frames[0, : len(template.frame(variant))].tobytes()


def annotated(title: str, family: int, segment: Segment, raw: bytes) -> str:
    """A line for each field: offset, bytes, name. What is all the same over many lines is left out."""
    names = {4: layouts.IPV4_FIELDS, 6: layouts.IPV6_FIELDS}[family]
    kinds = np.dtype([*layouts.ETHERNET_FIELDS, *names])
    fields = [(name, kinds[name].itemsize) for name in kinds.names or ()]
    fields += TRANSPORT.get(segment.protocol, [])
    if segment.protocol == 132 and raw[kinds.itemsize + 12] == 1:
        fields += _INIT
    rest = len(raw) - sum(size for _name, size in fields)
    lines = [f"{title} over IPv{family}: {len(raw)} bytes"]
    at = 0
    for name, size in fields:
        lines.append(_line(at, raw[at : at + size], name))
        at += size
    word = REST.get(segment.protocol, "content")
    rows = [raw[start : start + 16] for start in range(at, at + rest, 16)]
    for place, row in enumerate(rows):
        if row == bytes(16) and rows[place - 1 : place + 2] == [bytes(16)] * 3:
            lines += [] if lines[-1] == "   *" else ["   *"]
        else:
            lines.append(_line(at + 16 * place, row, word))
    return "\n".join(lines) + "\n"


def _line(at: int, raw: bytes, name: str) -> str:
    return f"{at:4}  {raw.hex(' '):<48}{name}".rstrip()
