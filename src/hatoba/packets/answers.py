"""From frames to facts: TCP segments and ICMP errors read out of whole batches of captured packets.

Every frame starts at its IP header. What is malformed, cut short, a fragment, or not an answer at all gives no row; nothing
here raises on what the network sent. Extension headers of IPv6 are not walked: no answer to our probes carries them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.packets.layouts import ADDRESS_BYTES, IP_BYTES

Bytes2D = npt.NDArray[np.uint8]

TCP_SEGMENT, ICMP_ERROR = 1, 2

ANSWER = np.dtype(
    [
        ("kind", "u1"),  # TCP_SEGMENT or ICMP_ERROR
        ("source", "u1", 16),  # who sent the packet; the first 4 bytes for IPv4
        ("target", "u1", 16),  # the probed address: the source itself, or the quoted destination
        ("sport", "u2"),  # our port
        ("dport", "u2"),  # the probed port
        ("flags", "u1"),  # of the segment, or of nothing
        ("seq", "u4"),  # of the segment, or the quoted probe's
        ("ack", "u4"),
        ("window", "u2"),
        ("ttl", "u1"),
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("at_s", "f8"),
    ]
)
"""One possible answer. Whether it answers a probe of ours is for the probe's judge to say."""

_TCP, _ICMP, _ICMP6 = 6, 1, 58
_ERROR_TYPES = {4: (3, 11), 6: (1, 3, 4)}
_ICMP_BYTES = 8
_QUOTED_TRANSPORT_BYTES = 8  # RFC 792: at least 64 bits of the original data: the ports and the sequence number


def read_answers(
    family: int, frames: Bytes2D, lengths: npt.NDArray[np.uint32], at_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.void]:
    """Rows of dtype :data:`ANSWER` for those *frames* (n, width) that hold a TCP segment or an ICMP error about one.

    *lengths* are the captured bytes of each frame; what lies beyond them in its row is never looked at.
    """
    header_bytes = IP_BYTES[family]
    fit = np.flatnonzero(lengths >= header_bytes + _ICMP_BYTES)
    if frames.shape[1] < header_bytes + _ICMP_BYTES or not fit.size:
        return np.zeros(0, ANSWER)
    if fit.size != len(frames):
        frames, lengths, at_s = frames[fit], lengths[fit], at_s[fit]
    lengths = np.minimum(lengths, frames.shape[1])
    if family == 4:
        start = (frames[:, 0] & 15).astype(np.int64) * 4
        whole = (_u16(frames, 6) & 0x3FFF) == 0  # neither a later fragment nor the first of several
        good = (frames[:, 0] >> 4 == 4) & (start >= 20) & whole
        protocol = frames[:, 9]
        said = _u16(frames, 2).astype(np.uint32)
        icmp = _ICMP
    else:
        start = np.full(len(frames), header_bytes, dtype=np.int64)
        good = frames[:, 0] >> 4 == 6
        protocol = frames[:, 6]
        said = _u16(frames, 4).astype(np.uint32) + np.uint32(header_bytes)
        icmp = _ICMP6
    lengths = np.minimum(lengths, said)  # what follows is the link's padding
    tcp_rows = np.flatnonzero(good & (protocol == _TCP) & (lengths >= start + 20))
    icmp_rows = np.flatnonzero(
        good & (protocol == icmp) & (lengths >= start + _ICMP_BYTES + header_bytes + _QUOTED_TRANSPORT_BYTES)
    )
    tcp = _segments(family, frames[tcp_rows], start[tcp_rows], at_s[tcp_rows])
    if not icmp_rows.size:
        return tcp
    errors = _errors(family, frames[icmp_rows], start[icmp_rows], lengths[icmp_rows], at_s[icmp_rows])
    return np.concatenate([tcp, errors])


def _segments(
    family: int, frames: Bytes2D, start: npt.NDArray[np.int64], at_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.void]:
    rows = np.zeros(len(frames), ANSWER)
    if not len(frames):
        return rows
    header = _slices(frames, start, 20)
    rows["kind"] = TCP_SEGMENT
    _put_source(family, rows, frames)
    rows["target"] = rows["source"]
    rows["dport"] = _u16(header, 0)
    rows["sport"] = _u16(header, 2)
    rows["seq"] = _u32(header, 4)
    rows["ack"] = _u32(header, 8)
    rows["flags"] = header[:, 13]
    rows["window"] = _u16(header, 14)
    rows["at_s"] = at_s
    return rows


def _errors(
    family: int, frames: Bytes2D, start: npt.NDArray[np.int64], lengths: npt.NDArray[np.uint32], at_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.void]:
    icmp = _slices(frames, start, _ICMP_BYTES)
    quoted = start + _ICMP_BYTES
    inner = _slices(frames, quoted, IP_BYTES[family])
    if family == 4:
        inner_start = quoted + (inner[:, 0] & 15).astype(np.int64) * 4
        good = (inner[:, 0] >> 4 == 4) & (inner[:, 9] == _TCP) & (inner[:, 0] & 15 >= 5) & ((_u16(inner, 6) & 0x1FFF) == 0)
    else:
        inner_start = quoted + IP_BYTES[6]
        good = (inner[:, 0] >> 4 == 6) & (inner[:, 6] == _TCP)
    good &= np.isin(icmp[:, 0], _ERROR_TYPES[family]) & (lengths >= inner_start + _QUOTED_TRANSPORT_BYTES)
    chosen = np.flatnonzero(good)
    rows = np.zeros(len(chosen), ANSWER)
    if not chosen.size:
        return rows
    frames, icmp, inner = frames[chosen], icmp[chosen], inner[chosen]
    transport = _slices(frames, inner_start[chosen], _QUOTED_TRANSPORT_BYTES)
    rows["kind"] = ICMP_ERROR
    _put_source(family, rows, frames)
    width = ADDRESS_BYTES[family]
    rows["target"][:, :width] = inner[:, IP_BYTES[family] - width :]
    rows["sport"] = _u16(transport, 0)
    rows["dport"] = _u16(transport, 2)
    rows["seq"] = _u32(transport, 4)
    rows["icmp_type"] = icmp[:, 0]
    rows["icmp_code"] = icmp[:, 1]
    rows["at_s"] = at_s[chosen]
    return rows


def _put_source(family: int, rows: npt.NDArray[np.void], frames: Bytes2D) -> None:
    if family == 4:
        rows["source"][:, :4] = frames[:, 12:16]
        rows["ttl"] = frames[:, 8]
    else:
        rows["source"] = frames[:, 8:24]
        rows["ttl"] = frames[:, 7]


def _slices(frames: Bytes2D, start: npt.NDArray[np.int64], width: int) -> Bytes2D:
    """*width* bytes of each row from its own *start*; a view where all start alike, which they do but for IP options."""
    first = int(start[0])
    if (start == first).all():
        return frames[:, first : first + width]
    return np.take_along_axis(frames, start[:, None] + np.arange(width), axis=1)


def _u16(rows: Bytes2D, offset: int) -> npt.NDArray[np.uint16]:
    result: npt.NDArray[np.uint16] = (rows[:, offset].astype(np.uint16) << np.uint16(8)) | rows[:, offset + 1]
    return result


def _u32(rows: Bytes2D, offset: int) -> npt.NDArray[np.uint32]:
    result: npt.NDArray[np.uint32] = (_u16(rows, offset).astype(np.uint32) << np.uint32(16)) | _u16(rows, offset + 2)
    return result
