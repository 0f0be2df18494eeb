"""Many frames in one system call, sendmmsg(2), out of a socket that is bound to where they go."""

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
    """Sends frames of one length; the messages that the kernel wants around them are made once."""

    def __init__(self, packet_socket: socket.socket, frame_bytes: int) -> None:
        self._socket = packet_socket
        self._frame_bytes = frame_bytes
        self._iov = np.zeros(MOST, _IOVEC)
        self._iov["bytes"] = frame_bytes
        self._messages = np.zeros(MOST, _MMSGHDR)
        self._messages["iov"] = self._iov.ctypes.data + np.arange(MOST, dtype=np.uint64) * _IOVEC.itemsize
        self._messages["iov_count"] = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

    def send(self, frames: npt.NDArray[np.uint8]) -> int:
        """How many of the first :data:`MOST` *frames*, (n, ``frame_bytes``), have left; 0 where the way out is full. Never
        waits. Raises OSError where the link takes none at all."""
        frames = np.ascontiguousarray(frames[:MOST])
        if frames.ndim != 2 or frames.shape[1] != self._frame_bytes:
            raise ValueError(f"frames are (n, {self._frame_bytes}) bytes, not {frames.shape}")
        if not len(frames):
            return 0
        addresses = np.arange(len(frames), dtype=np.uint64) * self._frame_bytes + frames.ctypes.data
        self._iov["base"][: len(frames)] = addresses
        sent = int(self._sendmmsg(self._socket.fileno(), self._messages.ctypes.data, len(frames), socket.MSG_DONTWAIT))
        if sent >= 0:
            return sent
        code = ctypes.get_errno()
        if code in _REFUSED_FOR_NOW:
            return 0
        raise OSError(code, os.strerror(code))
