"""Asks a link who has which address, and hears who answers: frames out by the hundred, answers in by the ring.

A ring writes Ethernet frames by itself, so it needs the hardware address of every next hop. How often to ask, how fast, and
when silence means that nobody is there, is for the engine to say (``engine/neighbour_search.py``).
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.messages import _
from hatoba.wire import base, neighbour_frames, packet_ring
from hatoba.wire.faults import broken_link, no_raw_right
from hatoba.wire.neighbour_frames import Told
from hatoba.wire.neighbour_table import Entries, entries
from hatoba.wire.receiver import Receiver
from hatoba.wire.routes import Link
from hatoba.wire.volley import MOST, Volley

_SOL_PACKET, _PACKET_QDISC_BYPASS = 263, 20  # linux/if_packet.h
Observe = Callable[[bool, npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.float64]], None]
"""``observe(outbound, frames, lengths, at_s)``: frames from the Ethernet header on."""

_LEAST_SLOTS, _MOST_SLOTS = 1 << 8, 1 << 13
"""Room for answers between two looks. One machine may answer for every address (proxy ARP)."""


class NeighbourWire:
    """Of one link and family. Raises WireError where the link does not work."""

    def __init__(self, link: Link, family: int, source: bytes, questions: int, clock: Callable[[], float]) -> None:
        """*questions*: how many addresses are asked for at a time."""
        self._link, self._family, self._source, self._clock = link, family, source, clock
        slots = min(_MOST_SLOTS, max(_LEAST_SLOTS, 2 * questions))
        program = neighbour_frames.answers_program(family, source)
        self._receiver = Receiver(family, (), link.name, 0, slots, clock, program)
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        except PermissionError:
            self._receiver.close()
            raise no_raw_right() from None
        except OSError as error:
            self._receiver.close()
            raise broken_link(link.name, error) from error
        try:
            # As the ring does it: the kernel then says which frames a link without a carrier, or a full queue, did not take.
            self._socket.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
            self._socket.bind((link.name, 0))  # of no protocol: nothing arrives at this one
        except OSError as error:
            self.close()
            raise broken_link(link.name, error) from error
        self._volley = Volley(self._socket)
        self._refused_since_s: float | None = None
        self.observe: Observe | None = None
        """Is shown the frames that leave and arrive."""

    def ask(self, packed: npt.NDArray[np.uint8]) -> int:
        """Ask for *packed*, (n, 4) or (n, 16); how many questions have left, the first ones. None, while the way out is
        full."""
        packed, started_s = packed[:MOST], self._clock()
        frames = neighbour_frames.questions(self._family, self._link, self._source, packed)
        try:
            sent = self._volley.send(frames.view(np.uint8).reshape(len(frames), frames.itemsize))
        except OSError as error:
            raise broken_link(self._link.name, error) from error
        now_s = self._clock()
        if sent or not len(packed):
            self._refused_since_s = None
        elif self._refused_since_s is None:
            self._refused_since_s = now_s
        elif now_s - self._refused_since_s > base.STUCK_S:
            raise broken_link(self._link.name, OSError(errno.ENOBUFS, _("it takes no more packets")))
        if self.observe is not None and sent:
            raw = frames[:sent].view(np.uint8).reshape(sent, frames.itemsize)
            self.observe(True, raw, np.full(sent, frames.itemsize), np.full(sent, started_s))
        return sent

    def hear(self, timeout_s: float) -> Told:
        """The answers that have come; waits up to *timeout_s* if none has."""
        came = self._receiver.receive(timeout_s)
        if self.observe is not None and len(came):
            frames, lengths = neighbour_frames.with_link_header(self._family, self._link, came.frames, came.lengths)
            self.observe(False, frames, lengths, came.at_s)
        return neighbour_frames.answers(self._family, self._link, self._source, came.frames, came.lengths, came.at_s)

    def kept(self) -> Entries:
        """What the kernel's own table says of this link."""
        return entries(self._link, self._family)

    @property
    def drops(self) -> int:
        """Answers lost on this side because nobody took them out in time."""
        return self._receiver.drops

    def close(self) -> None:
        self._receiver.close()
        packet_ring.let_go(self._socket.close)
