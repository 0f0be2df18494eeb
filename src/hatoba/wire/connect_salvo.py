"""connect() by salvoes: hundreds of attempts by a few system calls, on several processors, for hosts that answer at once.

A near host's RST is there when connect() returns. Then all that a question costs is the kernel's own work, which several
threads share, each with a ring of its own (``wire.uring``). What is told here for good is the common case, a RST. All else,
what is under way, connected, refused by ICMP, is told only as far as it is known; sockets are then as after connect() on them.

What this rests on, beside what ``connect_recycled`` does (``io_uring/net.c``, ``io_connect``):

* A ring's connect waits for the outcome. Taking the request back leaves the attempt under way.
* A result of 0 means connected, or that there is something in the error queue: the next connect() tells which.
* The kernel goes through the requests of one call in their order, and only then looks which of them have ended meanwhile.
  What has a result ahead of a request behind it, connect() itself told at once: no segment can have come back yet.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hatoba.wire.connect_errors import ErrorQueue, SocketError, parse_control, parse_name
from hatoba.wire.connect_sockets import Slot
from hatoba.wire.uring import CANCEL, CONNECT, NOP, RECEIVE_MESSAGE, Uring

_BURST = 32
"""After so many attempts it is noted what has ended, and when."""
_ROUND = 256
"""Attempts after which sockets are used again. A host answers at once if half of them have ended by then."""
_LEAST = 16
TASTE = 64
"""So many questions tell whether a host answers at once."""
LOST = errno.ETIMEDOUT
"""The code of what nobody knows what became of it."""
_ENTRIES = 2048
_MOST_THREADS = 4
_MARK = 1 << 32
"""The tag of what is no question: above all places in a round."""
_ERROR_QUEUE = 0x2000 | 0x40  # MSG_ERRQUEUE, MSG_DONTWAIT
_CONTROL_BYTES, _NAME_BYTES = 256, 28
_MESSAGE = np.dtype(
    {
        "names": ["name", "name_bytes", "vectors", "vector_count", "control", "control_bytes", "flags"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48],
        "itemsize": 56,
    }
)
"""``struct msghdr`` of recvmsg(2) where pointers have 64 bits."""
_PLACES = np.arange(_ROUND, dtype=np.uint32)
_ADDRESS = {
    4: np.dtype([("family", "u2"), ("port", ">u2"), ("address", "u1", (4,)), ("zero", "u8")]),
    16: np.dtype([("family", "u2"), ("port", ">u2"), ("flow", "u4"), ("address", "u1", (16,)), ("zone", "u4")]),
}
"""``struct sockaddr_in`` and ``sockaddr_in6``, by the bytes of an address."""

Addresses = npt.NDArray[np.uint8]
"""What connect(2) takes, (n, 16) or (n, 28)."""


def socket_addresses(packed: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16]) -> Addresses:
    """Of addresses (n, 4) or (n, 16) and ports (n,)."""
    rows = np.zeros(len(packed), _ADDRESS[packed.shape[1]])
    rows["family"] = socket.AF_INET if packed.shape[1] == 4 else socket.AF_INET6
    rows["port"], rows["address"] = ports, packed
    return rows.view(np.uint8).reshape(len(rows), rows.itemsize)


@lru_cache(4)
def _marked(count: int) -> npt.NDArray[np.uint32]:
    """Places of that many connects, with a mark behind every burst."""
    ends = np.append(np.arange(_BURST, count, _BURST), count)
    return np.insert(_PLACES[:count], ends, 4 * _ROUND)


@dataclass(slots=True)
class Round:
    """Attempts made in one go, and what is known of them by its end."""

    first: int
    """Which question its first one is."""
    slots: list[Slot]
    code: npt.NDArray[np.int32]
    """(n,) errno; EINPROGRESS for what is under way, 0 for what connect() is to be asked about again."""
    at_once: npt.NDArray[np.bool_]
    """(n,) connect() itself told the code."""
    started_s: npt.NDArray[np.float64]
    at_s: npt.NDArray[np.float64]
    errors: dict[int, SocketError] = field(default_factory=dict)
    """By place, what refused it if that was no RST."""

    @property
    def refused(self) -> npt.NDArray[np.bool_]:
        """(n,) refused by somebody; these sockets are as new."""
        refused: npt.NDArray[np.bool_] = (self.code == errno.ECONNREFUSED) & ~self.at_once
        return refused

    @property
    def late(self) -> int:
        """How many have not ended."""
        return int((self.code == errno.EINPROGRESS).sum())

    @property
    def is_near(self) -> bool:
        return 2 * self.late <= len(self.code)


class Salvo:
    """One ring, to be used by one thread at a time. Raises OSError where there is none to be had."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._ring, self._clock, self._queue = Uring(_ENTRIES), clock, ErrorQueue()
        self._unspecified = np.zeros(16, np.uint8)  # AF_UNSPEC is 0
        self._asked = np.zeros((_ROUND, 28), np.uint8)
        self._names, self._controls = np.zeros((_ROUND, _NAME_BYTES), np.uint8), np.zeros((_ROUND, _CONTROL_BYTES), np.uint8)
        self._messages = np.zeros(_ROUND, _MESSAGE)
        self._write_requests()

    def _write_requests(self) -> None:
        """All but what differs from round to round: descriptors, and the length of an address."""
        every = self._ring.requests
        places = np.arange(_ROUND, dtype=np.uint64)
        self._messages["name"] = self._names.ctypes.data + _NAME_BYTES * places
        self._messages["name_bytes"], self._messages["control_bytes"] = _NAME_BYTES, _CONTROL_BYTES
        self._messages["control"] = self._controls.ctypes.data + _CONTROL_BYTES * places
        self._connects, self._reads, self._ends, self._cancels, marks = (
            every[begin : begin + _ROUND] for begin in range(0, 5 * _ROUND, _ROUND)
        )
        self._connects["operation"], self._connects["tag"] = CONNECT, places
        self._connects["address"] = self._asked.ctypes.data + 28 * places
        self._reads["operation"], self._reads["tag"], self._reads["length"] = RECEIVE_MESSAGE, places, 1
        self._reads["address"], self._reads["flags"] = self._messages.ctypes.data + _MESSAGE.itemsize * places, _ERROR_QUEUE
        self._ends["operation"], self._ends["tag"], self._ends["offset"] = CONNECT, _MARK, 16
        self._ends["address"] = self._unspecified.ctypes.data
        self._cancels["operation"], self._cancels["descriptor"] = CANCEL, -1
        self._cancels["tag"] = _MARK
        marks["operation"], marks["tag"] = NOP, _MARK

    def fire(self, first: int, slots: list[Slot], addresses: Addresses) -> Round:
        """Let each of *slots* ask one of *addresses* (as of :func:`socket_addresses`), no more than fit a round."""
        descriptors = np.array([slot.descriptor for slot in slots], np.int32)
        fired = self._connect(first, slots, descriptors, addresses)
        self._take_back(fired)
        refused = np.flatnonzero(fired.refused)
        if refused.size:
            self._look_who(fired, refused, descriptors[refused], addresses)
        return fired

    def _connect(self, first: int, slots: list[Slot], descriptors: npt.NDArray[np.int32], addresses: Addresses) -> Round:
        count, size = addresses.shape
        self._asked[:count, :size] = addresses
        self._connects["descriptor"][:count], self._connects["offset"][:count] = descriptors, size
        self._ring.line_up(_marked(count))
        started_s, seen, seen_s = np.empty(count), [0], []
        for begin in range(0, count, _BURST):
            size = min(_BURST, count - begin)
            started = self._clock()
            self._ring.submit(size + 1)
            ended = self._clock()
            started_s[begin : begin + size] = started + (ended - started) / size * _PLACES[:size]
            seen.append(self._ring.ready)
            seen_s.append(ended)
        results = self._ring.results()
        is_mark = results["tag"] == _MARK
        marks, told = np.flatnonzero(is_mark), np.flatnonzero(~is_mark)
        places = results["tag"][told].astype(np.intp)
        code, at_once, at_s = np.full(count, errno.EINPROGRESS, np.int32), np.zeros(count, bool), np.full(count, seen_s[-1])
        code[places] = -results["value"][told]
        at_once[places] = told < marks[places // _BURST]
        at_s[places] = np.repeat(seen_s, np.diff(seen))[told]
        return Round(first, slots, code, at_once, started_s, at_s)

    def _take_back(self, fired: Round) -> None:
        """What has not ended is no request of the ring any more."""
        left = np.flatnonzero(fired.code == errno.EINPROGRESS)
        if not left.size:
            return
        self._cancels["address"][: len(left)] = left
        self._ring.line_up(3 * _ROUND + _PLACES[: len(left)])
        self._ring.submit(len(left), wait_for=2 * len(left))
        results = self._ring.results()
        results = results[results["tag"] != _MARK]
        codes = -results["value"]
        fired.code[results["tag"].astype(np.intp)] = np.where(codes == errno.ECANCELED, errno.EINPROGRESS, codes)

    def _look_who(
        self, fired: Round, refused: npt.NDArray[np.intp], descriptors: npt.NDArray[np.int32], addresses: Addresses
    ) -> None:
        """Find in the error queues what was no RST, and make the sockets as new."""
        count = len(refused)
        self._reads["descriptor"][:count] = self._ends["descriptor"][:count] = descriptors
        self._ring.line_up(_ROUND + np.concatenate([_PLACES[:count], _ROUND + _PLACES[:count]]))
        self._ring.submit(2 * count, wait_for=2 * count)
        results = self._ring.results()
        for row in results["tag"][(results["value"] >= 0) & (results["tag"] != _MARK)].tolist():
            place, message = int(refused[row]), self._messages[row]
            name = self._names[row, : message["name_bytes"]].tobytes()
            error = parse_control(self._controls[row, : message["control_bytes"]].tobytes(), name)
            message["name_bytes"], message["control_bytes"] = _NAME_BYTES, _CONTROL_BYTES
            asked = parse_name(addresses[place].tobytes())
            while error is not None:
                if error.asked == asked:
                    fired.errors.setdefault(place, error)
                error = self._queue.read(int(descriptors[row]))

    def close(self) -> None:
        self._connects = self._reads = self._ends = self._cancels = self._ring.requests[:0].copy()
        self._ring.close()


class Salvoes:
    """Rings for as many threads as there are processors, up to four.

    *salvos*: others than the kernel gives, for tests. Raises OSError where it gives none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, salvos: Sequence[Salvo] | None = None) -> None:
        self._salvos = salvos or [Salvo(clock) for _ in range(min(_MOST_THREADS, len(os.sched_getaffinity(0))))]
        self._lock = threading.Lock()
        self._next = 0
        self._far = False
        self.broken = False
        """The kernel has refused a ring its service: these are of no use any more."""

    def wants(self, questions: int) -> int:
        """How many sockets are of use for so many questions."""
        return min(questions, _ROUND * len(self._salvos))

    def fire(self, slots: list[Slot], addresses: Addresses) -> tuple[list[Round], list[Slot]]:
        """Ask *addresses* from the first on, until all are asked, half of a round did not answer at once, or too few of
        *slots* are as new.

        The rounds, in the order of the questions and without a gap, and the slots that are as new.
        """
        self._next, self._far = 0, False
        rounds: list[Round] = []
        crews = max(1, min(len(self._salvos), len(addresses) // _ROUND, len(slots) // TASTE))
        hands = [slots[number::crews] for number in range(crews)]
        others = [
            threading.Thread(target=self._work, args=(self._salvos[number], hands[number], addresses, rounds), daemon=True)
            for number in range(1, crews)
        ]
        for other in others:
            other.start()
        try:
            self._work(self._salvos[0], hands[0], addresses, rounds)
        finally:
            for other in others:
                other.join()
        return sorted(rounds, key=lambda fired: fired.first), [slot for hand in hands for slot in hand]

    def _work(self, salvo: Salvo, slots: list[Slot], addresses: Addresses, rounds: list[Round]) -> None:
        while not self._far:
            with self._lock:
                first = self._next
                count = min(_ROUND, len(slots), len(addresses) - first)
                if count < min(_LEAST, len(addresses) - first) or count == 0:
                    return
                self._next += count
            try:
                fired = salvo.fire(first, slots[-count:], addresses[first : first + count])
            except OSError:
                fired = _lost(first, slots[-count:])
                self._far = self.broken = True
            rounds.append(fired)
            refused = fired.refused.tolist()
            slots[-count:] = [slot for slot, again in zip(fired.slots, refused, strict=True) if again]
            if not fired.is_near:
                self._far = True

    def close(self) -> None:
        for salvo in self._salvos:
            salvo.close()


def _lost(first: int, slots: list[Slot]) -> Round:
    count = len(slots)
    code, never = np.full(count, LOST, np.int32), np.zeros(count)
    return Round(first, slots, code, np.zeros(count, bool), never, never)


def best_salvoes(clock: Callable[[], float] = time.monotonic) -> Salvoes | None:
    """None where the kernel gives no rings, or where its structures are others than those above."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        return Salvoes(clock)
    except OSError:
        return None
