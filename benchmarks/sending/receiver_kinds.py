"""Receivers that take answers another way than the product's (``hatoba.wire.receiver``), to be measured beside it."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from benchmarks.sending.xdp_socket import CHUNK_BYTES, Program, XdpSocket
from hatoba.packets.layouts import ETHERNET_BYTES
from hatoba.wire.base import SOURCE_PORTS, WIDTH_BYTES, Arrived, nothing_arrived
from hatoba.wire.packet_ring import SOL_PACKET
from hatoba.wire.receiver import Receiver

_FANOUT, _BY_PROCESSOR = 18, 2
_SO_BUSY_POLL, _SO_PREFER_BUSY_POLL, _SO_BUSY_POLL_BUDGET = 46, 69, 70
_LOOK_S, _PAUSE_S = 0.02, 0.0005


class Receives(Protocol):
    def receive(self, timeout_s: float) -> Arrived: ...

    @property
    def drops(self) -> int: ...

    def close(self) -> None: ...


def _together(parts: Sequence[Arrived]) -> Arrived:
    if not parts:
        return nothing_arrived()
    return Arrived(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("frames", "lengths", "at_s")))


class Threaded:
    """A thread does nothing but empty another receiver."""

    def __init__(self, inner: Receives) -> None:
        self._inner, self._taken, self._some, self._closing = inner, deque[Arrived](), threading.Event(), False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            arrived = self._inner.receive(_LOOK_S)
            if len(arrived):
                self._taken.append(arrived)
                self._some.set()

    def receive(self, timeout_s: float) -> Arrived:
        self._some.clear()
        if not self._taken and timeout_s > 0:
            self._some.wait(timeout_s)
        return _together([self._taken.popleft() for _one in range(len(self._taken))])

    @property
    def drops(self) -> int:
        return self._inner.drops

    def close(self) -> None:
        self._closing = True
        self._thread.join()
        self._inner.close()


class Fanout:
    """Rings that share what arrives, each that of one processor (PACKET_FANOUT_CPU); with a thread for each, or none."""

    def __init__(self, rings: Sequence[Receiver], threads: bool) -> None:
        for ring in rings:
            ring._socket.setsockopt(SOL_PACKET, _FANOUT, os.getpid() & 0xFFFF | _BY_PROCESSOR << 16)
        self._parts: list[Receives] = [Threaded(ring) if threads else ring for ring in rings]

    def receive(self, timeout_s: float) -> Arrived:
        until_s = time.monotonic() + timeout_s
        while True:
            arrived = _together([part for part in (part.receive(0.0) for part in self._parts) if len(part)])
            if len(arrived) or time.monotonic() >= until_s:
                return arrived
            time.sleep(_PAUSE_S)

    @property
    def drops(self) -> int:
        return sum(part.drops for part in self._parts)

    def close(self) -> None:
        for part in self._parts:
            part.close()


class XdpReceiver:
    """Takes answers off the interface before the kernel sees them, into the chunks of an AF_XDP socket from *first_chunk* on.
    The socket stays its owner's. As our own kernel gets none of them, nobody answers a SYN, ACK with a RST."""

    def __init__(
        self,
        receiver: XdpSocket,
        interface: str,
        first_port: int,
        first_chunk: int,
        clock: Callable[[], float],
        mode: int,
        busy_us: int = 0,
    ) -> None:
        """*busy_us*: for how long to poll the interface from here rather than wait for its interrupt."""
        self._clock, self._busy, self._socket = clock, bool(busy_us), receiver
        self._program = Program(interface, first_port, first_port + SOURCE_PORTS - 1, mode)
        if busy_us:
            for option, value in ((_SO_PREFER_BUSY_POLL, 1), (_SO_BUSY_POLL, busy_us), (_SO_BUSY_POLL_BUDGET, 64)):
                receiver.socket.setsockopt(socket.SOL_SOCKET, option, value)
        receiver.fill.put(np.arange(first_chunk, len(receiver.chunks), dtype=np.uint64) * CHUNK_BYTES)
        self._program.hand_to(0, receiver)
        self._poll = select.poll()
        self._poll.register(receiver.socket, select.POLLIN)
        self._recvfrom = ctypes.CDLL(None).recvfrom

    def receive(self, timeout_s: float) -> Arrived:
        ring = self._socket.rx
        if self._busy:
            self._recvfrom(self._socket.socket.fileno(), None, 0, socket.MSG_DONTWAIT, None, None)
        if not ring.waiting and timeout_s > 0:
            self._poll.poll(timeout_s * 1000)
        taken = ring.take(len(ring.entries))
        if not len(taken):
            return nothing_arrived()
        places = taken["address"] % CHUNK_BYTES
        start = int(places[0]) + ETHERNET_BYTES
        frames = self._socket.chunks[(taken["address"] // CHUNK_BYTES).astype(np.intp), start : start + WIDTH_BYTES]
        lengths = np.minimum(taken["bytes"] - ETHERNET_BYTES, WIDTH_BYTES).astype(np.uint32)
        lengths[places != places[0]] = 0  # as in hatoba.wire.receiver
        self._socket.fill.put(taken["address"] - places)
        ring.give_back(len(taken))
        return Arrived(frames, lengths, np.full(len(taken), self._clock()))

    @property
    def drops(self) -> int:
        return self._socket.drops

    def close(self) -> None:
        self._program.close()
