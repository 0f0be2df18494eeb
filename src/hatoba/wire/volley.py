"""Many frames in one system call, sendmmsg(2)."""

from __future__ import annotations

import ctypes
import errno
import os
import socket

import numpy as np
import numpy.typing as npt

MOST = 1024
"""Frames in one call: the kernel takes no more (UIO_MAXIOV)."""

# struct mmsghdr on a 64-bit machine: struct msghdr (socket.h) and the sent length
_MMSGHDR = np.dtype(
    [
        ("name", "u8"),
        ("name_bytes", "u4"),
        ("padding1", "u4"),
        ("iov", "u8"),
        ("iov_count", "u8"),
        ("control", "u8"),
        ("control_bytes", "u8"),
        ("flags", "i4"),
        ("padding2", "u4"),
        ("sent_bytes", "u4"),
        ("padding3", "u4"),
    ]
)
_IOVEC = np.dtype([("base", "u8"), ("bytes", "u8")])
_REFUSED_FOR_NOW = (errno.EAGAIN, errno.ENOBUFS, errno.EINTR)


class Volley:
    """Sends frames out of a socket; the messages that the kernel wants around them are made once. Where the way out is full, it
    *waits* as long as the socket does, or not at all."""

    def __init__(self, out: socket.socket, waits: bool = False) -> None:
        self._socket = out
        self._flags = 0 if waits else socket.MSG_DONTWAIT
        self._iov = np.zeros(MOST, _IOVEC)
        self._messages = np.zeros(MOST, _MMSGHDR)
        self._messages["iov"] = _places(self._iov)
        self._messages["iov_count"] = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

    def send(
        self,
        frames: npt.NDArray[np.uint8],
        lengths: npt.NDArray[np.int64] | None = None,
        names: npt.NDArray[np.void] | None = None,
    ) -> int:
        """How many of the first :data:`MOST` *frames*, (n, width), have left; 0 where the way out is full.

        *lengths*: how much of each (None: all). *names*: the socket address that each goes to (None: to where the socket is
        bound). Raises OSError where the first one can't leave at all.
        """
        frames = frames[:MOST]
        count = len(frames)
        if not count:
            return 0
        if frames.strides[1] != 1:
            frames = np.ascontiguousarray(frames)
        self._iov["base"][:count] = _places(frames)
        self._iov["bytes"][:count] = frames.shape[1] if lengths is None else lengths[:count]
        if names is not None:
            self._messages["name"][:count] = _places(names[:count])
            self._messages["name_bytes"] = names.itemsize
        sent = int(self._sendmmsg(self._socket.fileno(), self._messages.ctypes.data, count, self._flags))
        if sent >= 0:
            return sent
        code = ctypes.get_errno()
        if code in _REFUSED_FOR_NOW:
            return 0
        raise OSError(code, os.strerror(code))


def _places(rows: npt.NDArray[np.generic]) -> npt.NDArray[np.uint64]:
    """Where in memory each row begins."""
    return np.arange(len(rows), dtype=np.uint64) * np.uint64(rows.strides[0]) + np.uint64(rows.ctypes.data)
