"""What was sent and received, as a file for Wireshark and tcpdump: pcapng, not the older pcap.

Only pcapng can say which way a packet went and over which interface, and its times may be in nanoseconds (IETF draft
"PCAP Now Generic (pcapng) Capture File Format", sections 4.1 to 4.3).

::

    Section Header          once
    Interface Description   once per interface, before its first packet
    Enhanced Packet         one per packet: interface, time, both lengths, the bytes, the flags that say the direction

All interfaces have link type Ethernet. The format would allow another for each, but libpcap, and so tcpdump, reads no file with
two. Packets that were sent without a link header, and all that arrived, whose header the wire takes off, get one whose two
addresses are zeros, as Linux itself has them in captures of its loopback: zeros say "not known", never a host.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from hatoba.errors import OutputError
from hatoba.output_file import open_claimed, writing_failed
from hatoba.packets.dissect_batch import PacketBatch
from hatoba.packets.distinct import distinct
from hatoba.packets.layouts import ETHERNET_BYTES, ETHERTYPE, IP_BYTES

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_LINK_ETHERNET = 1  # tcpdump.org/linktypes.html
_USER_APPLICATION, _NAME, _TIME_RESOLUTION, _FLAGS = 4, 2, 9, 2  # codes of options, each in its own block
_INBOUND, _OUTBOUND = 1, 2
_NANOSECONDS = b"\x09"  # ten to the minus ninth

_HEAD = [
    ("type", "<u4"),
    ("block_bytes", "<u4"),
    ("interface", "<u4"),
    ("time_high", "<u4"),
    ("time_low", "<u4"),
    ("captured_bytes", "<u4"),
    ("original_bytes", "<u4"),
]
_TAIL = [
    ("flags_code", "<u2"),
    ("flags_bytes", "<u2"),
    ("flags", "<u4"),
    ("end_of_options", "<u4"),
    ("block_bytes_again", "<u4"),
]


class CaptureFile:
    """A ``wire.traced.PacketObserver`` that writes what it is shown to the file at *path*, from its beginning.

    *epoch_shift_s*: what to add to the scan's clock to get seconds since the epoch, ``time.time() - clock()``, taken once.
    Every batch is in the file when :meth:`packets` is back, so that an interrupted scan leaves a file that can be read.

    Raises OutputError if the file can't be opened. What goes wrong later does not end the scan: nothing more is written, and
    ``failure`` says why.
    """

    def __init__(self, path: str, epoch_shift_s: float) -> None:
        self.path = path
        whole_s = int(epoch_shift_s)  # apart from the rest, or a float's 53 bits round the product to 256 nanoseconds
        self._shift_ns = whole_s * 10**9 + round((epoch_shift_s - whole_s) * 1e9)
        self._interfaces: dict[str, int] = {}
        self.failure: OutputError | None = None
        self._stream = open_claimed(path)
        self._head = section_header()
        """Until it is written, with the first packets or at the end."""

    def packets(self, batch: PacketBatch) -> None:
        known = len(self._interfaces)
        number = self._interfaces.setdefault(batch.interface, known)
        new = interface_description(batch.interface) if number == known else b""
        times_ns = np.rint(batch.at_s * 1e9).astype(np.int64) + self._shift_ns
        self._write(new + packet_blocks(batch, number, times_ns))

    def give_up(self) -> None:
        """Close it, where nothing was scanned after all: what stood there before stays."""
        self._head = b""
        self.close()

    def close(self) -> None:
        """Harmless when repeated."""
        if self._head:
            self._write(b"")
        try:
            self._stream.close()
        except OSError as error:
            self._fail(error)

    def _write(self, data: bytes) -> None:
        if self.failure is not None or self._stream.closed:
            return
        data, self._head = self._head + data, b""
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if self.failure is None:
            self.failure = OutputError(writing_failed(self.path, error))


def section_header() -> bytes:
    """Of a section whose length is not known beforehand."""
    body = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + _option(_USER_APPLICATION, b"hatoba") + _option(0, b"")
    return _block(_SECTION, body)


def interface_description(name: str) -> bytes:
    """Ethernet, packets of any length, times in nanoseconds. A name that is not known is left out."""
    body = struct.pack("<HHI", _LINK_ETHERNET, 0, 0)
    if name:
        body += _option(_NAME, name.encode())
    return _block(_INTERFACE, body + _option(_TIME_RESOLUTION, _NANOSECONDS) + _option(0, b""))


def packet_blocks(batch: PacketBatch, interface: int, times_ns: npt.NDArray[np.int64]) -> bytes:
    """One block for each packet, in the batch's order. Packets of one length are built together."""
    lengths = distinct(batch.lengths)
    if len(lengths) == 1:
        return _equal_blocks(batch, interface, times_ns, slice(None), int(lengths[0])).tobytes()
    blocks = [b""] * len(batch)
    for length in lengths.tolist():
        rows = np.flatnonzero(batch.lengths == length)
        built = _equal_blocks(batch, interface, times_ns, rows, length)
        for row, block in zip(rows.tolist(), built.tolist(), strict=True):
            blocks[row] = block
    return b"".join(blocks)


def _equal_blocks(
    batch: PacketBatch,
    interface: int,
    times_ns: npt.NDArray[np.int64],
    rows: slice | npt.NDArray[np.intp],
    length: int,
) -> npt.NDArray[np.void]:
    """Blocks of those *rows*, whose frames all have *length* bytes, as (n,) opaque values of one size."""
    frames, times = batch.frames[rows, :length], times_ns[rows].astype(np.uint64)
    link = b"" if batch.link_bytes else bytes(12) + ETHERTYPE[batch.family].to_bytes(2, "big")
    captured = len(link) + length
    padded = captured + -captured % 4
    layout = np.dtype([*_HEAD, ("data", "u1", (padded,)), *_TAIL])
    blocks = np.zeros(len(frames), layout)
    blocks["type"], blocks["interface"] = _PACKET, interface
    blocks["block_bytes"] = blocks["block_bytes_again"] = layout.itemsize
    blocks["time_high"], blocks["time_low"] = times >> np.uint64(32), times & np.uint64(0xFFFFFFFF)
    blocks["captured_bytes"] = captured
    blocks["original_bytes"] = np.maximum(captured, _original_bytes(batch, frames))
    blocks["data"][:, : len(link)] = np.frombuffer(link, np.uint8)
    blocks["data"][:, len(link) : captured] = frames
    blocks["flags_code"], blocks["flags_bytes"] = _FLAGS, 4
    blocks["flags"] = _OUTBOUND if batch.outbound else _INBOUND
    return blocks.view(f"V{layout.itemsize}")


def _original_bytes(batch: PacketBatch, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """How long the packets were on the link. Of those that arrive the wire keeps the beginning; their IP header tells."""
    if batch.outbound or batch.link_bytes or frames.shape[1] < IP_BYTES[batch.family]:
        return np.zeros(len(frames), np.int64)
    at, outside = (2, 0) if batch.family == 4 else (4, IP_BYTES[6])
    said = frames[:, at].astype(np.int64) << 8 | frames[:, at + 1]
    return said + outside + ETHERNET_BYTES


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)
