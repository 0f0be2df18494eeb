"""The arriving half of a packet wire: an RX ring behind a filter that lets answers to this scan pass, and nothing else."""

from __future__ import annotations

import ctypes
import select
import socket
import struct
import time
from collections.abc import Callable, Collection

import numpy as np

from hatoba.messages import _
from hatoba.wire import packet_filter, packet_ring
from hatoba.wire.base import WIDTH_BYTES, Arrived, nothing_arrived
from hatoba.wire.faults import broken_link

_SLOT_BYTES = 320
_BLOCK_BYTES = 5 << 16
_ETH_P_ALL = 3
_SO_ATTACH_FILTER = 26


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
        self._socket = packet_ring.packet_socket(socket.SOCK_DGRAM)
        try:
            self._slots = packet_ring.mapped(self._socket, packet_ring.RX_RING, slots, _SLOT_BYTES, _BLOCK_BYTES)
            self._headers = packet_ring.headers(self._slots)
            _attach(self._socket, program or packet_filter.answers_program(family, first_port, protocols))
            self._socket.setsockopt(packet_ring.SOL_PACKET, packet_ring.IGNORE_OUTGOING, 1)
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
        headers = self._headers[run]
        offset = int(headers["net"][0])
        lengths = np.minimum(headers["snaplen"], WIDTH_BYTES).astype(np.uint32)
        lengths[headers["net"] != offset] = 0  # a packet that starts elsewhere can't be read through this view
        frames = self._slots[run, offset : offset + WIDTH_BYTES].copy()
        shift_s = self._clock() - time.time()
        at_s = headers["sec"].astype(np.float64) + headers["nsec"] * 1e-9 + shift_s
        self._headers["status"][run] = 0
        self._head = (self._head + count) % len(self._slots)
        return Arrived(frames, lengths, at_s)

    def _ready(self) -> int:
        """How many slots from the head on, up to the end of the ring, hold packets."""
        status, limit, most = self._headers["status"], 64, len(self._slots) - self._head
        while limit < most and status[self._head + limit - 1] & packet_ring.STATUS_USER:
            limit *= 2
        # Several processors fill slots at a time: one may be ready before another ahead of it.
        ready = status[self._head : self._head + min(limit, most)] & packet_ring.STATUS_USER
        return len(ready) if ready.all() else int(ready.argmin())

    def _wait(self, timeout_s: float) -> bool:
        for _fd, events in self._poll.poll(timeout_s * 1000):
            if events & select.POLLERR:
                code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                raise broken_link(self._interface, OSError(code, _("it went down")))
            return True
        return False

    @property
    def drops(self) -> int:
        _packets, drops = struct.unpack("=II", self._socket.getsockopt(packet_ring.SOL_PACKET, packet_ring.STATISTICS, 8))
        self._drops += drops  # reading resets the kernel's count
        return self._drops

    def close(self) -> None:
        """Nothing can be received any more. The ring is the kernel's as long as an array is over it, the socket too."""
        self._socket.close()
        arrays = [self._slots, self._headers]
        del self._slots, self._headers
        packet_ring.let_go(arrays.clear)


def _attach(packet_socket: socket.socket, program: bytes) -> None:
    """Attach a classic BPF program (linux/filter.h, struct sock_fprog)."""
    buffer = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
    packet_socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
