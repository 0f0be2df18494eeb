"""Packet rings: memory that the kernel and NumPy write in turn (Documentation/networking/packet_mmap.rst).

All rings use TPACKET_V2, whose slots have one fixed size, so that any run of slots is one strided array whatever lengths the
packets have. A slot's status word says whose it is: zero the kernel's to fill (RX) or ours (TX); it is written last.

    slot of the TX ring                       slot of the RX ring
    0   struct tpacket2_hdr                   0   struct tpacket2_hdr
    32  struct virtio_net_hdr                 tp_net  the packet, from its IP header on
    42  the frame, link header first

The kernel copies as much of a frame as virtio_net_hdr says into the packet's own buffer. The rest would stay in the ring as a
piece of its own, which drivers have to map, and virtual links to copy out after all. For frames as short as probes the copy is
cheaper.

The kernel waits until each processor has looked away (synchronize_net(), 8 to 16 ms) once to make a ring, once to let go of a
packet socket, and twice if the socket has a ring. Rings are made side by side where there are several, kept for the next leg
where they fit it, and let go while other things go on.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import struct
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.wire.faults import no_raw_right

# linux/if_packet.h
SOL_PACKET = 263
RX_RING, STATISTICS, TX_RING, VNET_HDR, QDISC_BYPASS, IGNORE_OUTGOING = 5, 6, 13, 15, 20, 23
STATUS_USER = 1
STATUS_SEND_REQUEST, STATUS_WRONG_FORMAT = 1, 4
HEADER_BYTES = 32
"""TPACKET2_HDRLEN less the sockaddr_ll; what is sent begins there."""
_VERSION, _TPACKET_V2 = 10, 1
_libc = ctypes.CDLL(None, use_errno=True)

HEADER = np.dtype(
    [
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
)
"""struct tpacket2_hdr"""
OFFLOAD = np.dtype(
    [("flags", "u1"), ("gso_type", "u1"), ("copied", "=u2"), ("gso_size", "=u2"), ("sum_from", "=u2"), ("sum_at", "=u2")]
)
"""struct virtio_net_hdr (linux/virtio_net.h); its hdr_len is how much of the frame is ``copied``. Where all else is zero,
nothing is left to the device."""
FRAME_AT = HEADER_BYTES + OFFLOAD.itemsize


def packet_socket(kind: int) -> socket.socket:
    """Of AF_PACKET, bound to nothing yet. Raises NotPermitted without the right to it."""
    try:
        return socket.socket(socket.AF_PACKET, kind | socket.SOCK_CLOEXEC, 0)
    except PermissionError:
        raise no_raw_right() from None


def mapped(ringed: socket.socket, option: int, slots: int, slot_bytes: int, block_bytes: int) -> npt.NDArray[np.uint8]:
    """Map a ring of *slots* (rounded up to whole blocks) as an array (slots, slot_bytes). Raises OSError."""
    blocks = -(-slots * slot_bytes // block_bytes)
    slots = blocks * (block_bytes // slot_bytes)
    ringed.setsockopt(SOL_PACKET, _VERSION, _TPACKET_V2)
    make_ring(ringed, option, struct.pack("=IIII", block_bytes, blocks, slot_bytes, slots))
    memory = mmap.mmap(ringed.fileno(), blocks * block_bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    return np.frombuffer(memory, np.uint8).reshape(slots, slot_bytes)


def make_ring(ringed: socket.socket, option: int, request: bytes) -> None:
    """Let the kernel make a ring as a struct tpacket_req says. Python's own setsockopt() keeps all other threads from running
    while the kernel waits. Raises OSError."""
    if _libc.setsockopt(ringed.fileno(), SOL_PACKET, option, request, len(request)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def let_go(last: Callable[[], object]) -> None:
    """Call *last*, which lets go of a packet socket or of the last array over its ring, in a thread of its own, so that nobody
    waits for the kernel. A process that ends meanwhile leaves the rest to it."""
    try:
        threading.Thread(target=last, name="packet socket", daemon=True).start()
    except RuntimeError:  # no thread can be had, as while the interpreter ends
        last()


def headers(slots: npt.NDArray[np.uint8]) -> npt.NDArray[np.void]:
    """The header of each slot, in place."""
    return slots[:, :HEADER_BYTES].view(HEADER)[:, 0]


def offloads(slots: npt.NDArray[np.uint8]) -> npt.NDArray[np.void]:
    """The same for what stands in front of each frame of a TX ring, of dtype :data:`OFFLOAD`."""
    return slots[:, HEADER_BYTES:FRAME_AT].view(OFFLOAD)[:, 0]
