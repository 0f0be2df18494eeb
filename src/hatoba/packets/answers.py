"""From frames to facts: what may answer a probe, read out of whole batches of captured packets.

Every frame starts at its IP header. What is malformed, cut short, a later fragment, or not an answer at all gives no row;
nothing here raises on what the network sent. The first fragment of a long answer says all that we ask for. Extension headers
of IPv6 are stepped over, but not in what ICMP errors quote: our probes carry none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.packets.distinct import one_of
from hatoba.packets.items import items, joined
from hatoba.packets.layouts import (
    ADDRESS_BYTES,
    EXTENSION_HEADERS,
    FRAGMENT,
    ICMP_ERRORS,
    ICMP_OF,
    ICMP_REPLIES,
    IP_BYTES,
    SCTP,
    TCP,
    UDP,
)

Bytes2D = npt.NDArray[np.uint8]
Starts = npt.NDArray[np.int64]

TCP_SEGMENT, ICMP_ERROR, UDP_DATAGRAM, SCTP_PACKET, ICMP_REPLY, OTHER_PACKET = 1, 2, 3, 4, 5, 6

ANSWER = np.dtype(
    [
        ("kind", "u1"),  # TCP_SEGMENT ... OTHER_PACKET
        ("protocol", "u1"),  # IANA's number: of the packet, of an ICMP error's quoted one
        ("source", "u1", 16),  # who sent the packet; the first 4 bytes for IPv4
        ("target", "u1", 16),  # the probed address: the source itself, or the quoted destination
        ("sport", "u2"),  # our port; the identifier of ICMP
        ("dport", "u2"),  # the probed port; 0 where there is none
        ("flags", "u1"),  # of a TCP segment; the type of the first chunk of an SCTP packet
        ("seq", "u4"),  # of the segment, or the quoted probe's; the verification tag of SCTP; the sequence number of ICMP
        ("ack", "u4"),
        ("window", "u2"),
        ("ttl", "u1"),
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("tag", "u4"),  # of a quoted probe: identification of IPv4, flow label of IPv6
        ("row", "u4"),  # which frame it was read from
        (
            "data_at",
            "u2",
        ),  # where in that frame the content begins: UDP's payload, what an ICMP error quotes behind IP's header
        ("data_bytes", "u2"),  # how much of it was captured
        ("at_s", "f8"),
    ]
)
"""One possible answer. Whether it answers a probe of ours is for the probe's judge to say."""

_ICMP_BYTES = 8
_QUOTED_TRANSPORT_BYTES = 8  # RFC 792: at least 64 bits of the original data: the ports and the sequence number
_LEAST_BYTES = {TCP: 20, UDP: 8, SCTP: 16}  # of what stands behind the IP header; SCTP's holds at least one chunk header
_QUOTED_LENGTH = {4: (5, 4, (3, 11, 12)), 6: (4, 8, (1, 3))}
"""In which byte of an ICMP header it is told how much is quoted, in how many bytes at a time, in which types (RFC 4884 section
4); 0 where it is not."""
_FRAGMENT_OFFSET = {4: 0x1FFF, 6: 0xFFF8}  # its bits (RFC 791 section 3.1, RFC 8200 section 4.5)
_EXTENSION_BYTES = 8  # the least; their lengths are told in units of eight, the first of them not counted
_MOST_EXTENSIONS = 5  # each of them once, destination options twice (RFC 8200 section 4.1)
_IS_READ = {family: one_of(np.arange(256), (*_LEAST_BYTES, ICMP_OF[family])) for family in (4, 6)}
"""Protocols, by IANA's number, whose packets are read."""
_IS_EXTENSION = np.zeros(256, bool)
_IS_EXTENSION[list(EXTENSION_HEADERS)] = True


class _Packets:
    """Captured packets whose IP header is sound."""

    def __init__(self, family: int, frames: Bytes2D, lengths: npt.NDArray[np.uint32], at_s: npt.NDArray[np.float64]) -> None:
        header_bytes = IP_BYTES[family]
        self.family = family
        self.row = np.flatnonzero(lengths >= header_bytes)
        if self.row.size != len(frames):
            frames, lengths, at_s = frames[self.row], lengths[self.row], at_s[self.row]
        self.frames, self.at_s = frames, at_s
        lengths = np.minimum(lengths, frames.shape[1])
        if family == 4:
            self.start = (frames[:, 0] & 15).astype(np.int64) * 4
            begins = (_u16(frames, 6) & _FRAGMENT_OFFSET[4]) == 0
            self.good = (frames[:, 0] >> 4 == 4) & (self.start >= 20) & begins
            self.protocol = frames[:, 9]
            said = _u16(frames, 2).astype(np.uint32)
        else:
            self.start = np.full(len(frames), header_bytes, dtype=np.int64)
            self.good = frames[:, 0] >> 4 == 6
            self.protocol = frames[:, 6]
            said = _u16(frames, 4).astype(np.uint32) + np.uint32(header_bytes)
        self.lengths = np.minimum(lengths, said)  # what follows is the link's padding
        if family == 6 and (extended := np.flatnonzero(_IS_EXTENSION[self.protocol])).size:
            self.protocol = self.protocol.copy()  # it was a view of the frames
            self._step_over_extensions(extended)
        self.good &= self.lengths >= self.start

    def _step_over_extensions(self, extended: npt.NDArray[np.intp]) -> None:
        """Let the packets at these places start behind their extension headers; more of them than make sense are no good."""
        for _header in range(_MOST_EXTENSIONS):
            whole = self.lengths[extended] >= self.start[extended] + _EXTENSION_BYTES
            self.good[extended[~whole]] = False
            extended = extended[whole]
            if not extended.size:
                return
            header = _slices(self.frames[extended], self.start[extended], _EXTENSION_BYTES)
            fragments = self.protocol[extended] == FRAGMENT
            self.good[extended[fragments & (_u16(header, 2) & _FRAGMENT_OFFSET[6] > 0)]] = False
            self.start[extended] += np.where(fragments, 8, 8 + header[:, 1].astype(np.int64) * 8)
            self.protocol[extended] = header[:, 0]
            extended = extended[self.good[extended] & _IS_EXTENSION[header[:, 0]]]
        self.good[extended] = False

    def of(self, protocol: int, least_bytes: int) -> npt.NDArray[np.intp]:
        """Places of those of *protocol* that have so much behind the IP header."""
        its = self.protocol == protocol
        if its.any():  # most batches are of one protocol
            its &= self.good & (self.lengths >= self.start + least_bytes)
        return np.flatnonzero(its)

    def at(self, places: npt.NDArray[np.intp]) -> Bytes2D:
        """The packets at these ascending places, from their IP header on."""
        return self.frames if len(places) == len(self.frames) else self.frames[places]

    def rows(self, places: npt.NDArray[np.intp], kind: int) -> npt.NDArray[np.void]:
        """Rows of dtype :data:`ANSWER` with all that the IP header tells."""
        rows = np.zeros(len(places), ANSWER)
        if not len(rows):
            return rows
        frames = self.at(places)
        rows["kind"], rows["protocol"] = kind, self.protocol[places]
        if self.family == 4:
            items(rows["source"][:, :4])[:] = items(frames[:, 12:16])
            rows["ttl"] = frames[:, 8]
        else:
            items(rows["source"])[:] = items(frames[:, 8:24])
            rows["ttl"] = frames[:, 7]
        items(rows["target"])[:] = items(rows["source"])
        rows["row"] = self.row[places]
        rows["at_s"] = self.at_s[places]
        return rows


def read_answers(
    family: int, frames: Bytes2D, lengths: npt.NDArray[np.uint32], at_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.void]:
    """Rows of dtype :data:`ANSWER`, in no particular order, for those *frames* (n, width) that may answer a probe.

    *lengths* are the captured bytes of each frame; what lies beyond them in its row is never looked at.
    """
    if frames.shape[1] < IP_BYTES[family] or not len(frames):
        return np.zeros(0, ANSWER)
    packets = _Packets(family, frames, lengths, at_s)
    icmp = ICMP_OF[family]
    kinds = [
        _segments(packets, packets.of(TCP, _LEAST_BYTES[TCP])),
        _icmp_errors(packets, packets.of(icmp, _ICMP_BYTES + IP_BYTES[family] + _QUOTED_TRANSPORT_BYTES)),
        _icmp_replies(packets, packets.of(icmp, _ICMP_BYTES)),
        _datagrams(packets, packets.of(UDP, _LEAST_BYTES[UDP])),
        _sctp_packets(packets, packets.of(SCTP, _LEAST_BYTES[SCTP])),
        _others(packets),
    ]
    heard = [rows for rows in kinds if len(rows)]
    if not heard:
        return np.zeros(0, ANSWER)
    return heard[0] if len(heard) == 1 else joined(heard)


def content(answer: np.void, frames: Bytes2D) -> bytes:
    """What the field ``data_at`` of *answer* points to, as far as it was captured."""
    start = int(answer["data_at"])
    return frames[answer["row"], start : start + int(answer["data_bytes"])].tobytes()


def _segments(packets: _Packets, places: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    rows = packets.rows(places, TCP_SEGMENT)
    if not len(rows):
        return rows
    header = _slices(packets.at(places), packets.start[places], 20)
    rows["dport"] = _u16(header, 0)
    rows["sport"] = _u16(header, 2)
    rows["seq"] = _u32(header, 4)
    rows["ack"] = _u32(header, 8)
    rows["flags"] = header[:, 13]
    rows["window"] = _u16(header, 14)
    return rows


def _datagrams(packets: _Packets, places: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    rows = packets.rows(places, UDP_DATAGRAM)
    if not len(rows):
        return rows
    start = packets.start[places]
    header = _slices(packets.at(places), start, 8)
    rows["dport"] = _u16(header, 0)
    rows["sport"] = _u16(header, 2)
    said = _u16(header, 4).astype(np.int64)
    rows["data_at"] = start + 8
    rows["data_bytes"] = np.maximum(np.minimum(packets.lengths[places], start + said) - start - 8, 0)
    return rows.compress(said >= 8)


def _sctp_packets(packets: _Packets, places: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    rows = packets.rows(places, SCTP_PACKET)
    if not len(rows):
        return rows
    header = _slices(packets.at(places), packets.start[places], 16)
    rows["dport"] = _u16(header, 0)
    rows["sport"] = _u16(header, 2)
    rows["seq"] = _u32(header, 4)
    rows["flags"] = header[:, 12]
    return rows


def _icmp_replies(packets: _Packets, places: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    if places.size:
        types = _slices(packets.at(places), packets.start[places], 1)[:, 0]
        places = places[one_of(types, ICMP_REPLIES[packets.family])]
    rows = packets.rows(places, ICMP_REPLY)
    if not len(rows):
        return rows
    start = packets.start[places]
    header = _slices(packets.at(places), start, _ICMP_BYTES)
    rows["icmp_type"], rows["icmp_code"] = header[:, 0], header[:, 1]
    rows["sport"], rows["seq"] = _u16(header, 4), _u16(header, 6)
    rows["data_at"] = start + _ICMP_BYTES
    rows["data_bytes"] = packets.lengths[places] - start - _ICMP_BYTES
    return rows


def _others(packets: _Packets) -> npt.NDArray[np.void]:
    """Packets of all other protocols, whatever is in them."""
    return packets.rows(np.flatnonzero(packets.good & ~_IS_READ[packets.family][packets.protocol]), OTHER_PACKET)


def _icmp_errors(packets: _Packets, places: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    """Errors that quote a probe: of what transport protocol, the quoted header tells."""
    family = packets.family
    if places.size:
        types = _slices(packets.at(places), packets.start[places], 1)[:, 0]
        places = places[one_of(types, ICMP_ERRORS[family])]
    if not places.size:
        return np.zeros(0, ANSWER)
    start, frames = packets.start[places], packets.at(places)
    quoted = start + _ICMP_BYTES
    inner = _slices(frames, quoted, IP_BYTES[family])
    if family == 4:
        inner_start = quoted + (inner[:, 0] & 15).astype(np.int64) * 4
        good = (inner[:, 0] >> 4 == 4) & (inner[:, 0] & 15 >= 5) & ((_u16(inner, 6) & 0x1FFF) == 0)
    else:
        inner_start = quoted + IP_BYTES[6]
        good = inner[:, 0] >> 4 == 6
    good &= packets.lengths[places] >= inner_start + _QUOTED_TRANSPORT_BYTES
    chosen = np.flatnonzero(good)
    rows = packets.rows(places[chosen], ICMP_ERROR)
    if not chosen.size:
        return rows
    icmp = _slices(frames[chosen], start[chosen], _ICMP_BYTES)
    _put_quoted(family, rows, inner[chosen], _slices(frames[chosen], inner_start[chosen], _QUOTED_TRANSPORT_BYTES))
    rows["icmp_type"] = icmp[:, 0]
    rows["icmp_code"] = icmp[:, 1]
    rows["data_at"] = inner_start[chosen]
    rows["data_bytes"] = packets.lengths[places[chosen]] - inner_start[chosen]
    _leave_out_extensions(family, rows, icmp, quoted[chosen])
    return rows


def _leave_out_extensions(family: int, rows: npt.NDArray[np.void], icmp: Bytes2D, quoted: Starts) -> None:
    """Behind the quoted packet, whose length is told then, may follow what routers add (RFC 4884 section 4)."""
    at, unit, types = _QUOTED_LENGTH[family]
    said = icmp[:, at].astype(np.int64) * unit
    ends = np.where(one_of(icmp[:, 0], types) & (said > 0), quoted + said - rows["data_at"], rows["data_bytes"])
    rows["data_bytes"] = np.clip(ends, 0, rows["data_bytes"])


def _put_quoted(family: int, rows: npt.NDArray[np.void], inner: Bytes2D, transport: Bytes2D) -> None:
    """What the quoted probe's headers tell."""
    width = ADDRESS_BYTES[family]
    rows["target"] = 0
    rows["target"][:, :width] = inner[:, IP_BYTES[family] - width :]
    rows["protocol"] = inner[:, 9 if family == 4 else 6]
    rows["tag"] = _u16(inner, 4) if family == 4 else _u32(inner, 0) & np.uint32(0xFFFFF)
    ported = one_of(rows["protocol"], tuple(_LEAST_BYTES))
    icmp = rows["protocol"] == ICMP_OF[family]
    first, second = _u16(transport, 0), _u16(transport, 2)
    rows["sport"] = np.where(ported, first, np.where(icmp, _u16(transport, 4), 0))
    rows["dport"] = np.where(ported, second, 0)
    rows["seq"] = np.where(icmp, _u16(transport, 6), _u32(transport, 4))


def _slices(frames: Bytes2D, start: Starts, width: int) -> Bytes2D:
    """*width* bytes of each row from its own *start*; a view where all start alike, which they do but for options."""
    first = int(start[0])
    if (start == first).all():
        return frames[:, first : first + width]
    return np.take_along_axis(frames, start[:, None] + np.arange(width), axis=1)


def _u16(rows: Bytes2D, offset: int) -> npt.NDArray[np.uint16]:
    return rows[:, offset : offset + 2].view(">u2")[:, 0].astype(np.uint16)


def _u32(rows: Bytes2D, offset: int) -> npt.NDArray[np.uint32]:
    return rows[:, offset : offset + 4].view(">u4")[:, 0].astype(np.uint32)
