"""Whole probes: a template written once, then per packet only the fields that vary, through one structured view.

The checksums use the constant part of the sum, taken from the template, plus the varying fields (``packets.checksum``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.packets import checksum
from hatoba.packets.layouts import ADDRESS_BYTES, ETHERNET_BYTES, ETHERTYPE, IP, TCP_BYTES, tcp_frame

_TCP = 6
_TTL = 64


@dataclass(frozen=True, slots=True)
class FrameTemplate:
    """Frames of one scan on one link: everything but destination, ports and cookie is settled.

    ``link_bytes`` is 14 where the frame begins with an Ethernet header and 0 where the link has none.
    """

    family: int
    link_bytes: int
    source_mac: bytes
    source: bytes
    """Our address, 4 or 16 bytes."""
    segment: bytes
    """TCP header and options with ports, cookie and checksum zero."""
    cookie_field: str = "seq"

    @property
    def layout(self) -> np.dtype[np.void]:
        return tcp_frame(self.family, self.link_bytes, len(self.segment) - TCP_BYTES)

    def frame(self) -> bytes:
        """One frame with all varying fields zero."""
        link = bytes(6) + self.source_mac + ETHERTYPE[self.family].to_bytes(2, "big") if self.link_bytes else b""
        header = np.zeros(1, IP[self.family])
        header["ttl"] = _TTL
        header["src"] = np.frombuffer(self.source, np.uint8)
        if self.family == 4:
            header["version_ihl"] = 0x45
            header["total_bytes"] = header.itemsize + len(self.segment)
            header["fragment"] = 0x4000  # don't fragment, so that the identification may stay zero (RFC 6864 section 4.1)
            header["ip_protocol"] = _TCP
        else:
            header["version_class_flow"] = 6 << 28
            header["payload_bytes"] = len(self.segment)
            header["next_header"] = _TCP
        return link + header.tobytes() + self.segment

    def filler(self) -> FrameFiller:
        return FrameFiller(self)


class FrameFiller:
    """Writes the varying fields of many frames at once."""

    def __init__(self, template: FrameTemplate) -> None:
        self._template = template
        self._layout = template.layout
        frame = template.frame()
        self._ip_sum = np.uint32(checksum.words_sum(frame[template.link_bytes : template.link_bytes + 20]))
        constant = checksum.pseudo_header_sum(template.source, b"", _TCP, len(template.segment))
        self._tcp_sum = np.uint32(constant + checksum.words_sum(template.segment))

    def fill(
        self,
        frames: npt.NDArray[np.uint8],
        dst: npt.NDArray[np.uint8],
        sport: npt.NDArray[np.uint16],
        dport: npt.NDArray[np.uint16],
        cookie: npt.NDArray[np.uint32],
        dst_mac: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        """Fill *frames* (n, at least a frame's bytes), each of which holds the template, with (n, ...) values."""
        view = frames[:, : self._layout.itemsize].view(self._layout)[:, 0]
        if dst_mac is not None and self._template.link_bytes == ETHERNET_BYTES:
            view["eth_dst"] = dst_mac
        view["dst"] = dst
        dst_sum = checksum.rows_sum(dst[:, : ADDRESS_BYTES[self._template.family]])
        if self._template.family == 4:
            view["ip_checksum"] = checksum.fold(dst_sum + self._ip_sum)
        view["sport"] = sport
        view["dport"] = dport
        view[self._template.cookie_field] = cookie
        total = dst_sum + self._tcp_sum
        total += sport
        total += dport
        total += cookie >> np.uint32(16)
        total += cookie & np.uint32(0xFFFF)
        view["tcp_checksum"] = checksum.fold(total)
