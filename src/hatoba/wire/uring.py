"""Linux's io_uring: many system calls by one.

Requests are written as rows into memory that the kernel reads, results are read from memory that it writes: see
io_uring_setup(2) and io_uring_enter(2), and ``linux/io_uring.h`` for the layouts below.

NumPy writes and reads whole columns, and the one call releases the interpreter's lock: two threads with a ring each keep two
processors busy. A ring is used by one thread at a time, which itself enters the kernel; so its writes need no barriers.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct

import numpy as np
import numpy.typing as npt

# Operations.
NOP, RECEIVE_MESSAGE, CANCEL, CONNECT = 0, 10, 14, 16

REQUEST = np.dtype(
    {
        "names": ["operation", "descriptor", "offset", "address", "length", "flags", "tag"],
        "formats": ["u1", "i4", "u8", "u8", "u4", "u4", "u8"],
        "offsets": [0, 4, 8, 16, 24, 28, 32],
        "itemsize": 64,
    }
)
"""``struct io_uring_sqe``, as far as it is needed here. A connect's length of address stands in ``offset``."""
RESULT = np.dtype([("tag", "u8"), ("value", "i4"), ("flags", "u4")])
"""``struct io_uring_cqe``: *value* as the system call would return it, or a negative errno."""

_SETUP, _ENTER = 425, 426  # numbers of the system calls, the same on every architecture but Alpha
_SUBMIT_ALL = 1 << 7
_GET_EVENTS = 1
_NO_DROP = 1 << 1
_PARAMETERS_BYTES, _OFFSETS_AT, _RESULT_OFFSETS_AT = 120, 40, 80
_REQUESTS_AT = 0x10000000


class Uring:
    """A ring for *entries* requests at once, a power of two. Raises OSError where the kernel gives none: it is too old, or a
    sandbox or ``kernel.io_uring_disabled`` forbids it."""

    def __init__(self, entries: int) -> None:
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        parameters = ctypes.create_string_buffer(_PARAMETERS_BYTES)
        struct.pack_into("=3I", parameters, 0, 0, 0, _SUBMIT_ALL)
        self._descriptor = self._call(_SETUP, entries, parameters)
        try:
            self._map(parameters.raw)
        except (OSError, ValueError) as error:
            os.close(self._descriptor)
            raise OSError(errno.ENOSYS, str(error)) from error

    def _map(self, parameters: bytes) -> None:
        requests, results, _flags, _processor, _idle_ms, features = struct.unpack_from("=6I", parameters)
        if not features & _NO_DROP:
            raise OSError(errno.ENOSYS, "results may be lost")
        _head, tail, _mask, _entries, _flags, _dropped, order = struct.unpack_from("=7I", parameters, _OFFSETS_AT)
        head, result_tail, _mask, _entries, _overflow, first = struct.unpack_from("=6I", parameters, _RESULT_OFFSETS_AT)
        size_bytes = max(order + 4 * requests, first + RESULT.itemsize * results)
        shared = mmap.mmap(self._descriptor, size_bytes, mmap.MAP_SHARED | mmap.MAP_POPULATE)
        self.requests = np.frombuffer(
            mmap.mmap(self._descriptor, REQUEST.itemsize * requests, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=_REQUESTS_AT),
            REQUEST,
        )
        self._tail, self._order = np.frombuffer(shared, "u4", 1, tail), np.frombuffer(shared, "u4", requests, order)
        self._head, self._result_tail = np.frombuffer(shared, "u4", 1, head), np.frombuffer(shared, "u4", 1, result_tail)
        self._results = np.frombuffer(shared, RESULT, results, first)

    def line_up(self, places: npt.NDArray[np.uint32]) -> None:
        """The next that are submitted are the requests at these places of :attr:`requests`, in this order."""
        self._order[(int(self._tail[0]) + np.arange(len(places))) & (len(self._order) - 1)] = places

    def submit(self, count: int, wait_for: int = 0) -> None:
        """Let the kernel do the next *count* of what was lined up, and wait until *wait_for* results are there in all. Raises
        OSError where it does not take them."""
        self._tail[0] = (int(self._tail[0]) + count) & 0xFFFFFFFF
        left = count
        while left > 0 or self.ready < wait_for:
            try:
                left -= self._call(_ENTER, self._descriptor, left, wait_for, _GET_EVENTS, None, 0)
            except InterruptedError:
                continue  # by a signal, while it waited

    @property
    def ready(self) -> int:
        """How many results are there to take."""
        return (int(self._result_tail[0]) - int(self._head[0])) & 0xFFFFFFFF

    def results(self) -> npt.NDArray[np.void]:
        """Take all results, rows of :data:`RESULT` in the order in which they came about."""
        head, count = int(self._head[0]), self.ready
        taken: npt.NDArray[np.void] = self._results[(head + np.arange(count)) & (len(self._results) - 1)]
        self._head[0] = (head + count) & 0xFFFFFFFF
        return taken

    def close(self) -> None:
        """What is still under way is given up by the kernel. The memory goes, too: it holds the ring open until nobody looks
        at it."""
        os.close(self._descriptor)
        self.requests = self._results = np.zeros(0, REQUEST)
        self._tail = self._order = self._head = self._result_tail = np.zeros(0, np.uint32)

    def _call(self, number: int, *arguments: object) -> int:
        done = int(self._syscall(number, *arguments))
        if done < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return done
