"""Lanes that send another way than the product's (``hatoba.wire.lanes``), to be measured beside it. All else is the same."""

from __future__ import annotations

import ctypes
import mmap
import socket
import struct
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.sending.xdp_socket import CHUNK_BYTES, DESCRIPTOR, XdpSocket
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import packet_ring
from hatoba.wire.lanes import SLOTS, Lane
from hatoba.wire.packet_ring import OFFLOAD, QDISC_BYPASS, SOL_PACKET, TX_RING, VNET_HDR
from hatoba.wire.volley import Volley

Lengths = npt.NDArray[np.int64] | int


class Pieces(Lane):
    """The kernel copies the link header and leaves the rest of each frame in the ring."""

    def _measure(self, run: slice, lengths: Lengths) -> None:
        super()._measure(run, lengths)
        self._offloads["copied"][run] = 0


class Salvoes(Lane):
    """sendmmsg(2) on a packet socket without a ring; the frames still lie in one."""

    def __init__(self, template: FrameTemplate, *others: object) -> None:
        super().__init__(template, *others)  # type: ignore[arg-type]
        self._plain = packet_ring.packet_socket(socket.SOCK_RAW)
        self._plain.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
        self._plain.bind((self._interface, 0))
        self._volley, self._frame_bytes = Volley(self._plain, waits=True), template.frame_bytes

    def _send(self, run: slice) -> None:
        left = self._frames[run, : self._frame_bytes]
        while len(left):
            left = left[self._volley.send(left) :]

    def close(self) -> None:
        super().close()
        self._plain.close()


class ThirdVersion(Lane):
    """A ring of TPACKET_V3, whose slots to send from are those of TPACKET_V2 behind a longer header."""

    _HEADER = np.dtype({"names": ["len", "status"], "formats": ["=u4", "=u4"], "offsets": [16, 20], "itemsize": 48})
    """struct tpacket3_hdr"""
    _VERSION, _TPACKET_V3, _SLOT_BYTES, _BLOCK_BYTES = 10, 2, 128, 1 << 16

    def __init__(self, template: FrameTemplate, *others: object) -> None:
        super().__init__(template, *others)  # type: ignore[arg-type]
        self._socket.close()
        self._socket = packet_ring.packet_socket(socket.SOCK_RAW)
        for option, value in ((QDISC_BYPASS, 1), (VNET_HDR, 1), (self._VERSION, self._TPACKET_V3)):
            self._socket.setsockopt(SOL_PACKET, option, value)
        size_bytes = SLOTS * self._SLOT_BYTES
        ring = struct.pack("=7I", self._BLOCK_BYTES, size_bytes // self._BLOCK_BYTES, self._SLOT_BYTES, SLOTS, 0, 0, 0)
        self._socket.setsockopt(SOL_PACKET, TX_RING, ring)
        slots = np.frombuffer(mmap.mmap(self._socket.fileno(), size_bytes), np.uint8).reshape(SLOTS, self._SLOT_BYTES)
        self._socket.bind((self._interface, 0))
        at, frame = self._HEADER.itemsize, template.frame()
        self._headers = slots[:, :at].view(self._HEADER)[:, 0]
        self._offloads = slots[:, at : at + OFFLOAD.itemsize].view(OFFLOAD)[:, 0]
        self._frames = slots[:, at + OFFLOAD.itemsize :]
        self._frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
        self._measure(slice(None), len(frame))


class Xdp(Lane):
    """Sends from the first :data:`SLOTS` chunks of an AF_XDP socket, which stays its owner's."""

    def __init__(
        self,
        template: FrameTemplate,
        interface: str,
        clock: Callable[[], float],
        changed: threading.Condition,
        sender: XdpSocket,
    ) -> None:
        super().__init__(template, interface, clock, changed)
        self._sender, self._sendto = sender, ctypes.CDLL(None).sendto
        self._frame_bytes, frame = template.frame_bytes, np.frombuffer(template.frame(), np.uint8)
        self._frames = sender.chunks[:SLOTS]
        self._frames[:, : len(frame)] = frame

    def _send(self, run: slice) -> None:
        asked = np.zeros(run.stop - run.start, DESCRIPTOR)
        asked["address"] = np.arange(run.start, run.stop, dtype=np.uint64) * CHUNK_BYTES
        asked["bytes"] = self._frame_bytes
        sent, done = self._sender.tx, self._sender.completion
        sent.put(asked)
        while sent.waiting:  # a call sends a few and says EAGAIN
            self._sendto(self._sender.socket.fileno(), None, 0, socket.MSG_DONTWAIT, None, 0)
            done.give_back(done.waiting)
