"""Whole probes: templates written once, then per packet only the fields that vary, for thousands of packets at once.

The checksums use the constant part of the sum, taken from the template, plus the varying fields (``packets.checksum``,
``packets.crc32c``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatoba.packets import checksum
from hatoba.packets.crc32c import VaryingCrc
from hatoba.packets.distinct import distinct
from hatoba.packets.items import items
from hatoba.packets.layouts import ADDRESS_BYTES, ETHERNET_BYTES, ETHERTYPE, IP, IP_BYTES, UDP
from hatoba.packets.segment import Form, Place, Segment, Sum

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)

Bytes2D = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.int64]


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
    segments: tuple[Segment, ...]
    """The ways to ask, at least one."""

    @property
    def protocols(self) -> frozenset[int]:
        """IANA's numbers of the protocols that are asked in."""
        return frozenset(segment.protocol for segment in self.segments)

    @property
    def frame_bytes(self) -> int:
        """The length of the longest frame."""
        return self._segment_at + max(len(segment.data) for segment in self.segments)

    @property
    def uniform(self) -> bool:
        """Whether all frames are alike but for what varies: a wire then writes the template into its memory only once."""
        return len(self.segments) == 1

    @property
    def destination(self) -> slice:
        """Where a frame holds the address that it goes to."""
        end = self._segment_at
        return slice(end - ADDRESS_BYTES[self.family], end)

    @property
    def _segment_at(self) -> int:
        return self.link_bytes + IP_BYTES[self.family]

    def frame(self, variant: int = 0) -> bytes:
        """One frame with all varying fields zero."""
        segment = self.segments[variant]
        link = bytes(6) + self.source_mac + ETHERTYPE[self.family].to_bytes(2, "big") if self.link_bytes else b""
        header = np.zeros(1, IP[self.family])
        header["ttl"] = segment.ttl
        header["src"] = np.frombuffer(self.source, np.uint8)
        if self.family == 4:
            header["version_ihl"] = 0x45
            header["total_bytes"] = header.itemsize + len(segment.data)
            header["fragment"] = 0x4000  # don't fragment, so that the identification may be anything (RFC 6864 section 4.1)
            header["ip_protocol"] = segment.protocol
        else:
            header["version_class_flow"] = 6 << 28
            header["payload_bytes"] = len(segment.data)
            header["next_header"] = segment.protocol
        return link + header.tobytes() + segment.data

    def filler(self) -> FrameFiller:
        return FrameFiller(self)


@dataclass(frozen=True, slots=True)
class Varying:
    """What varies from probe to probe, one entry each."""

    dst: Bytes2D
    sport: npt.NDArray[np.uint16]
    dport: npt.NDArray[np.uint16]
    cookie: npt.NDArray[np.uint32]
    mac: Bytes2D | None = None
    """Hardware address of the next hop."""

    def at(self, rows: npt.NDArray[np.intp]) -> Varying:
        mac = None if self.mac is None else self.mac[rows]
        return Varying(self.dst[rows], self.sport[rows], self.dport[rows], self.cookie[rows], mac)


class FrameFiller:
    """Writes the varying fields of many frames at once."""

    def __init__(self, template: FrameTemplate) -> None:
        self._template = template
        self._fillers: dict[int, _VariantFiller] = {}

    def fill(self, frames: Bytes2D, varying: Varying, variants: npt.NDArray[np.intp] | None = None) -> Lengths | None:
        """Fill *frames* (n, at least ``frame_bytes``) with (n, ...) values; the length of each, None where all are alike.

        Frames of a uniform template hold it already. Else each is written whole; *variants* says which segment each takes.
        """
        if self._template.uniform:
            self._filler(0).fill(frames, varying)
            return None
        if variants is None:
            raise ValueError("a template of several segments needs to be told which one each frame takes")
        lengths = np.zeros(len(frames), np.int64)
        for variant in distinct(variants).tolist():
            filler = self._filler(variant)
            rows = np.flatnonzero(variants == variant)
            whole = np.tile(filler.frame, (len(rows), 1))
            filler.fill(whole, varying.at(rows))
            frames[rows, : len(filler.frame)] = whole
            lengths[rows] = len(filler.frame)
        return lengths

    def _filler(self, variant: int) -> _VariantFiller:
        """Made when it is first needed: a template may have hundreds of variants."""
        if variant not in self._fillers:
            self._fillers[variant] = _VariantFiller(self._template, variant)
        return self._fillers[variant]


class _VariantFiller:
    def __init__(self, template: FrameTemplate, variant: int) -> None:
        self._template, self._segment = template, template.segments[variant]
        raw = template.frame(variant)
        self.frame = np.frombuffer(raw, np.uint8)
        self._ip_at = template.link_bytes
        self._at = template.link_bytes + IP_BYTES[template.family]
        self._ip_sum = np.uint32(checksum.words_sum(raw[self._ip_at : self._at]))
        constant = checksum.words_sum(self._segment.data)
        if self._segment.sum is Sum.INTERNET:
            constant += checksum.pseudo_header_sum(template.source, b"", self._segment.protocol, len(self._segment.data))
        self._sum = np.uint32(constant)
        self._varying_places = list(self._places())
        self._crc = VaryingCrc(self._segment.data, self._varying_places) if self._segment.sum is Sum.CRC32C else None

    def _places(self) -> Iterable[int]:
        """Offsets in the segment of all bytes that vary."""
        for start in (self._segment.sport_at, self._segment.dport_at):
            if start is not None:
                yield from (start, start + 1)
        for place in self._segment.cookies:
            yield from range(place.at, place.at + place.form.value)

    def fill(self, frames: Bytes2D, varying: Varying) -> None:
        """*frames* hold this variant's template."""
        template, segment = self._template, self._segment
        if varying.mac is not None and template.link_bytes == ETHERNET_BYTES:
            items(frames[:, :6])[:] = items(varying.mac)
        items(frames[:, template.destination])[:] = items(varying.dst)
        dst_sum = checksum.rows_sum(varying.dst)
        self._fill_ip(frames, varying, dst_sum)
        total = self._sum + dst_sum if segment.sum is Sum.INTERNET else np.full(len(frames), self._sum)
        for start, value in ((segment.sport_at, varying.sport), (segment.dport_at, varying.dport)):
            if start is not None:
                self._put16(frames, start, value)
                total += value
        for place in segment.cookies:
            total += self._put_cookie(frames, place, varying.cookie)
        self._put_sum(frames, total)

    def _fill_ip(self, frames: Bytes2D, varying: Varying, dst_sum: npt.NDArray[np.uint32]) -> None:
        if self._template.family == 4:
            total = dst_sum + self._ip_sum
            if self._segment.tag_ip:
                tag = ip_tag(4, varying.cookie)
                frames[:, self._ip_at + 4 : self._ip_at + 6].view(">u2")[:, 0] = tag
                total += tag
            frames[:, self._ip_at + 10 : self._ip_at + 12].view(">u2")[:, 0] = checksum.fold(total)
        elif self._segment.tag_ip:
            word = ip_tag(6, varying.cookie) | np.uint32(6 << 28)
            frames[:, self._ip_at : self._ip_at + 4].view(">u4")[:, 0] = word

    def _put16(self, frames: Bytes2D, start: int, value: npt.NDArray[np.uint16]) -> None:
        frames[:, self._at + start : self._at + start + 2].view(">u2")[:, 0] = value

    def _put_cookie(self, frames: Bytes2D, place: Place, cookie: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """Write it, and what it adds to the checksum."""
        written = frames[:, self._at + place.at : self._at + place.at + place.form.value]
        if place.form is Form.U32 and place.at % 2 == 0:  # the way of every TCP probe
            written.view(">u4")[:, 0] = cookie
            return (cookie >> np.uint32(16)) + (cookie & np.uint32(0xFFFF))
        written[:] = cookie_bytes(place.form, cookie)
        total = checksum.rows_sum(written)
        # At an odd place each byte weighs as the other of its pair does (RFC 1071 section 2 B).
        return total if place.at % 2 == 0 else _swapped(total)

    def _put_sum(self, frames: Bytes2D, total: npt.NDArray[np.uint32]) -> None:
        at = self._at + self._segment.sum_at
        match self._segment.sum:
            case Sum.INTERNET | Sum.PLAIN:
                folded = checksum.fold(total)
                if self._segment.protocol == UDP:
                    folded[folded == 0] = 0xFFFF  # zero would say that there is no checksum (RFC 768)
                frames[:, at : at + 2].view(">u2")[:, 0] = folded
            case Sum.CRC32C:
                assert self._crc is not None
                places = np.array(self._varying_places) + self._at
                frames[:, at : at + 4].view("<u4")[:, 0] = self._crc.of(frames[:, places])


def ip_tag(family: int, cookie: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The part of *cookie* that goes into the IP header: 16 bits of identification, or 20 bits of flow label.

    Never zero: for an identification of zero the kernel puts one of its own.
    """
    tag = cookie & np.uint32(0xFFFF if family == 4 else 0xFFFFF)
    found: npt.NDArray[np.uint32] = np.maximum(tag, np.uint32(1))
    return found


def cookie_bytes(form: Form, cookie: npt.NDArray[np.uint32]) -> Bytes2D:
    """Each cookie as the bytes that a probe carries, (n, ``form.value``)."""
    raw = np.ascontiguousarray(cookie.astype(">u4")).view(np.uint8).reshape(-1, 4)
    match form:
        case Form.U16:
            return raw[:, 2:]
        case Form.U32:
            return raw
        case Form.HEX:
            digits = np.empty((len(raw), 8), np.uint8)
            digits[:, 0::2], digits[:, 1::2] = _HEX[raw >> 4], _HEX[raw & 15]
            return digits


def _swapped(total: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    folded = (total & np.uint32(0xFFFF)) + (total >> np.uint32(16))
    folded = (folded & np.uint32(0xFFFF)) + (folded >> np.uint32(16))
    swapped: npt.NDArray[np.uint32] = (folded & np.uint32(0xFF)) << np.uint32(8) | folded >> np.uint32(8)
    return swapped
