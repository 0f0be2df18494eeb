"""Packet rings: memory that the kernel and NumPy write in turn (Documentation/networking/packet_mmap.rst).

Both rings use TPACKET_V2, whose slots have one fixed size, so that any run of slots is one strided array whatever lengths
the packets have. A slot's status word says whose it is: zero the kernel's to fill (RX) or ours (TX); it is written last.

    slot of the TX ring                       slot of the RX ring
    0   struct tpacket2_hdr                   0   struct tpacket2_hdr
    32  the frame, link header first          tp_net  the packet, from its IP header on
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import select
import socket
import struct
import time
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import base, packet_filter
from hatoba.wire.base import WIDTH_BYTES, Arrived, nothing_arrived
from hatoba.wire.faults import broken_link, no_raw_right

# linux/if_packet.h
_SOL_PACKET = 263
_PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION, _PACKET_TX_RING = 5, 6, 10, 13
_PACKET_QDISC_BYPASS, _PACKET_IGNORE_OUTGOING = 20, 23
_TPACKET_V2 = 1
_STATUS_USER = 1
_STATUS_SEND_REQUEST, _STATUS_WRONG_FORMAT = 1, 4
_TX_DATA_OFFSET = 32  # TPACKET2_HDRLEN less the sockaddr_ll
_ETH_P_ALL = 3
_SO_ATTACH_FILTER = 26

_HEADER = [
    ("status", "=u4"),
    ("len", "=u4"),
    ("snaplen", "=u4"),
    ("mac", "=u2"),
    ("net", "=u2"),
    ("sec", "=u4"),
    ("nsec", "=u4"),
    ("vlan_tci", "=u2"),
    ("vlan_tpid", "=u2"),
    ("padding", "u1", 4),
]
_LEAST_TX_SLOT_BYTES, _RX_SLOT_BYTES = 128, 320
_TX_BLOCK_BYTES, _RX_BLOCK_BYTES = 1 << 16, 5 << 16
TX_SLOTS = 4096
_TX_RING_BYTES = 1 << 21
"""Long frames get fewer slots."""
_BUSY = (errno.ENOBUFS, errno.EAGAIN, errno.ETIMEDOUT)
_PAUSE_S = 0.0005


def _ring(packet_socket: socket.socket, option: int, slots: int, slot_bytes: int, block_bytes: int) -> npt.NDArray[np.uint8]:
    """Map a ring of *slots* (rounded up to whole blocks) as an array (slots, slot_bytes)."""
    blocks = -(-slots * slot_bytes // block_bytes)
    slots = blocks * (block_bytes // slot_bytes)
    packet_socket.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V2)
    packet_socket.setsockopt(_SOL_PACKET, option, struct.pack("=IIII", block_bytes, blocks, slot_bytes, slots))
    memory = mmap.mmap(packet_socket.fileno(), blocks * block_bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    return np.frombuffer(memory, np.uint8).reshape(slots, slot_bytes)


class Receiver:
    """The arriving half: answers to this scan only (``packet_filter``), from one interface, link header taken off."""

    def __init__(
        self,
        family: int,
        protocols: Collection[int],
        interface: str,
        first_port: int,
        slots: int,
        clock: Callable[[], float],
        program: bytes | None = None,
    ) -> None:
        """*protocols*: IANA's numbers of those that the probes speak. A *program* of one's own stands in for the filter."""
        self._clock = clock
        self._socket = _packet_socket(socket.SOCK_DGRAM, 0)
        try:
            self._slots = _ring(self._socket, _PACKET_RX_RING, slots, _RX_SLOT_BYTES, _RX_BLOCK_BYTES)
            self._headers = self._slots[:, :32].view(np.dtype(_HEADER))[:, 0]
            _attach(self._socket, program or packet_filter.answers_program(family, first_port, protocols))
            self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            # Only now, with ring and filter in place, does anything arrive.
            self._socket.bind((interface, _ETH_P_ALL))
        except OSError as error:
            self._socket.close()
            raise broken_link(interface, error) from error
        self._interface = interface
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._head = 0
        self._drops = 0

    def receive(self, timeout_s: float) -> Arrived:
        count = self._ready()
        if not count:
            if timeout_s <= 0 or not self._wait(timeout_s):
                return nothing_arrived()
            count = self._ready()
            if not count:
                return nothing_arrived()
        run = slice(self._head, self._head + count)
        headers = self._headers[run].copy()
        offset = int(headers["net"][0])
        frames = self._slots[run, offset : offset + WIDTH_BYTES].copy()
        lengths = np.minimum(headers["snaplen"], WIDTH_BYTES).astype(np.uint32)
        lengths[headers["net"] != offset] = 0  # a packet that starts elsewhere can't be read through this view
        shift_s = self._clock() - time.time()
        at_s = headers["sec"].astype(np.float64) + headers["nsec"] * 1e-9 + shift_s
        self._headers["status"][run] = 0
        self._head = (self._head + count) % len(self._slots)
        return Arrived(frames, lengths, at_s)

    def _ready(self) -> int:
        """How many slots from the head on, up to the end of the ring, hold packets."""
        limit = 64
        while True:
            status = self._headers["status"][self._head : self._head + limit] & _STATUS_USER
            filled = int(status.argmin()) if not status.all() else len(status)
            if filled < len(status) or self._head + limit >= len(self._slots):
                return filled
            limit *= 16

    def _wait(self, timeout_s: float) -> bool:
        for _fd, events in self._poll.poll(timeout_s * 1000):
            if events & select.POLLERR:
                code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                raise broken_link(self._interface, OSError(code, _("it went down")))
            return True
        return False

    @property
    def drops(self) -> int:
        _packets, drops = struct.unpack("=II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        self._drops += drops  # reading resets the kernel's count
        return self._drops

    def close(self) -> None:
        self._socket.close()


def _slot_bytes(frame_bytes: int) -> int:
    """A power of two that holds a frame and its header, as a ring's block must hold a whole number of slots."""
    return max(_LEAST_TX_SLOT_BYTES, 1 << (frame_bytes + _TX_DATA_OFFSET - 1).bit_length())


class RingWire:
    """A wire over one Ethernet interface: a TX ring of template frames, and a receiver."""

    def __init__(
        self, template: FrameTemplate, interface: str, first_port: int, rx_slots: int, clock: Callable[[], float]
    ) -> None:
        self.template = template
        self._interface = interface
        self._receiver = Receiver(template.family, template.protocols, interface, first_port, rx_slots, clock)
        self._socket = _packet_socket(socket.SOCK_RAW, 0)
        try:
            self._socket.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
            slot_bytes = _slot_bytes(template.frame_bytes)
            count = min(TX_SLOTS, _TX_RING_BYTES // slot_bytes)
            slots = _ring(self._socket, _PACKET_TX_RING, count, slot_bytes, _TX_BLOCK_BYTES)
            self._socket.bind((interface, 0))
        except OSError as error:
            self.close()
            raise broken_link(interface, error) from error
        frame = template.frame()
        self._headers = slots[:, :32].view(np.dtype(_HEADER))[:, 0]
        self._frames = slots[:, _TX_DATA_OFFSET:]
        self._frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
        self._headers["len"] = len(frame)
        self._head = 0

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._frames[self._head : self._head + count]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None) -> None:
        run = slice(self._head, self._head + count)
        if lengths is not None:
            self._headers["len"][run] = lengths
        self._headers["status"][run] = _STATUS_SEND_REQUEST
        unsent, until_s = count + 1, 0.0
        while True:
            self._flush()
            status = self._headers["status"][run]
            if (status & _STATUS_WRONG_FORMAT).any():
                raise WireError(
                    _("interface {link} refuses frames of this kind; scan with --connect instead").format(link=self._interface)
                )
            still = int(np.count_nonzero(status & _STATUS_SEND_REQUEST))
            if not still:
                break
            if still < unsent:
                unsent, until_s = still, time.monotonic() + base.STUCK_S
            elif time.monotonic() > until_s:
                raise broken_link(self._interface, OSError(errno.ENOBUFS, _("it takes no more packets")))
            time.sleep(_PAUSE_S)
        self._head = (self._head + count) % len(self._frames)

    def _flush(self) -> None:
        """Let the kernel send. A full queue or a lost carrier (ENOBUFS) leaves the rest of the frames where they are."""
        try:
            self._socket.send(b"")
        except OSError as error:
            if error.errno not in _BUSY:
                raise broken_link(self._interface, error) from error

    def receive(self, timeout_s: float) -> Arrived:
        return self._receiver.receive(timeout_s)

    @property
    def drops(self) -> int:
        return self._receiver.drops

    def close(self) -> None:
        self._receiver.close()
        self._socket.close()


def _packet_socket(kind: int, protocol: int) -> socket.socket:
    try:
        return socket.socket(socket.AF_PACKET, kind | socket.SOCK_CLOEXEC, protocol)
    except PermissionError:
        raise no_raw_right() from None


def _attach(packet_socket: socket.socket, program: bytes) -> None:
    """Attach a classic BPF program (linux/filter.h, struct sock_fprog)."""
    buffer = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
    packet_socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
