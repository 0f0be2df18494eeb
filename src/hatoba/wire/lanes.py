"""TX rings, one a thread: sending costs the kernel far more than filling frames costs us, so several threads send at once.

A lane is a packet socket with its ring, and the thread that flushes it. The scan's own thread fills slots and hands them over;
it comes back at once, and the lane sends them a stretch at a time. When each frame left is written down as it leaves, so that a
round trip is known for answers that arrive while the rest of their batch is still leaving.

"""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import base, packet_ring
from hatoba.wire.base import Times
from hatoba.wire.faults import broken_link
from hatoba.wire.packet_ring import (
    FRAME_AT,
    OFFLOAD,
    QDISC_BYPASS,
    SOL_PACKET,
    STATUS_SEND_REQUEST,
    STATUS_WRONG_FORMAT,
    TX_RING,
    VNET_HDR,
)

MOST = 4
"""Lanes that one wire has at most: beyond, filling the frames is what takes the time."""
SLOTS = 8192
"""Half of them take the most that is asked at once: what a batch costs us besides its probes is as much as hundreds of them."""
_RING_BYTES = 1 << 21
"""Long frames get fewer slots."""
_BLOCK_BYTES = 1 << 16
_LEAST_SLOT_BYTES = 128
_STRETCH = 256
"""Frames that leave in one system call: the longer, the less exact is the time at which each of them left."""
_WORTH_A_THREAD = 256
"""Fewer frames than this leave at once, from the thread that asks: to wake another takes as long."""
_BUSY = (errno.ENOBUFS, errno.EAGAIN, errno.ETIMEDOUT)
_PAUSE_S = 0.0005
_FIRST_GUESS_S = 2e-6


def lanes_here() -> int:
    """How many lanes are worth their while here: one a processor that this process may use."""
    return min(MOST, len(os.sched_getaffinity(0)))


def _slot_bytes(frame_bytes: int) -> int:
    """A power of two that holds a frame and its header, as a ring's block must hold a whole number of slots."""
    return max(_LEAST_SLOT_BYTES, 1 << (frame_bytes + FRAME_AT - 1).bit_length())


class Lane:
    """Invariant: the ``waiting`` slots before the head are the thread's, all others are the scan's own to fill."""

    def __init__(
        self, template: FrameTemplate, interface: str, clock: Callable[[], float], changed: threading.Condition
    ) -> None:
        """*changed* guards what both threads see, and is notified whenever frames have left."""
        self._interface, self._clock = interface, clock
        self._socket = packet_ring.packet_socket(socket.SOCK_RAW)
        try:
            self._socket.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
            self._socket.setsockopt(SOL_PACKET, VNET_HDR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
            size = _slot_bytes(template.frame_bytes)
            count = min(SLOTS, _RING_BYTES // size)
            slots = packet_ring.mapped(self._socket, TX_RING, count, size, _BLOCK_BYTES)
            self._socket.bind((interface, 0))
        except OSError as error:
            self._socket.close()
            raise broken_link(interface, error) from error
        frame = template.frame()
        self._headers, self._offloads = packet_ring.headers(slots), packet_ring.offloads(slots)
        self._frames = slots[:, FRAME_AT:]
        self._frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
        self._measure(slice(None), len(frame))
        self._head = 0
        self._a_frame_s = _FIRST_GUESS_S
        self._batches: deque[tuple[int, int, Times]] = deque()
        self._changed = changed
        self._thread: threading.Thread | None = None
        self._closing = False
        self.failure: WireError | None = None
        self.waiting = 0
        """Frames that were handed over and have not left."""

    @property
    def room(self) -> int:
        """Frames that can be reserved now, in one piece; half a ring at most, so that one half fills while the other leaves."""
        free = len(self._frames) - self.waiting
        return min(free, len(self._frames) - self._head, len(self._frames) // 2)

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._frames[self._head : self._head + min(count, self.room)]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None, left_s: Times) -> None:
        """As ``PacketWire.commit``. Raises WireError for what was handed over earlier, too."""
        self.check()
        first, self._head = self._head, (self._head + count) % len(self._frames)
        if lengths is not None:
            self._measure(slice(first, first + count), lengths)
        if count < _WORTH_A_THREAD and not self.waiting:
            self._leave(first, count, left_s)
            return
        with self._changed:
            self.waiting += count
            self._batches.append((first, count, left_s))
            self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"lane {self._interface}", daemon=True)
            self._thread.start()

    def _measure(self, run: slice, lengths: npt.NDArray[np.int64] | int) -> None:
        """Write down how long these slots' frames are, all of each to be copied."""
        self._headers["len"][run] = OFFLOAD.itemsize + lengths
        self._offloads["copied"][run] = lengths

    def drain(self) -> None:
        """Back when all has left. Raises WireError if it can't."""
        with self._changed:
            self._changed.wait_for(lambda: not self.waiting or self.failure is not None)
        self.check()

    def check(self) -> None:
        """Raises WireError if what was handed over can't leave."""
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._batches or self._closing)
                if self._closing:
                    return
                first, count, left_s = self._batches.popleft()
            try:
                self._leave(first, count, left_s)
            except WireError as error:
                with self._changed:
                    self.failure = error
                    self._changed.notify_all()
                return
            with self._changed:
                self.waiting -= count
                self._changed.notify_all()

    def _leave(self, first: int, count: int, left_s: Times) -> None:
        """Send the slots from *first* on, and write down when each left."""
        for start in range(0, count, _STRETCH):
            stretch = left_s[start : start + _STRETCH]
            numbers = np.arange(len(stretch))
            before_s = self._clock()
            stretch[:] = before_s + numbers * self._a_frame_s  # an answer may be here before the call is back
            self._send(slice(first + start, first + start + len(stretch)))
            self._a_frame_s = (self._clock() - before_s) / len(stretch)
            stretch[:] = before_s + numbers * self._a_frame_s

    def _send(self, run: slice) -> None:
        self._headers["status"][run] = STATUS_SEND_REQUEST
        unsent, until_s = run.stop - run.start + 1, 0.0
        while not self._closing:
            self._flush()
            status = self._headers["status"][run]
            if (status & STATUS_WRONG_FORMAT).any():
                raise WireError(
                    _("interface {link} refuses frames of this kind; scan with --connect instead").format(link=self._interface)
                )
            still = int(np.count_nonzero(status & STATUS_SEND_REQUEST))
            if not still:
                break
            if still < unsent:
                unsent, until_s = still, time.monotonic() + base.STUCK_S
            elif time.monotonic() > until_s:
                raise broken_link(self._interface, OSError(errno.ENOBUFS, _("it takes no more packets")))
            time.sleep(_PAUSE_S)

    def _flush(self) -> None:
        """Let the kernel send. A full queue or a lost carrier (ENOBUFS) leaves the rest of the frames where they are."""
        try:
            self._socket.send(b"")
        except OSError as error:
            if error.errno not in _BUSY:
                raise broken_link(self._interface, error) from error

    def close(self) -> None:
        """What has not left stays."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
        arrays = [self._frames, self._headers, self._offloads]
        del self._frames, self._headers, self._offloads
        packet_ring.let_go(arrays.clear)
