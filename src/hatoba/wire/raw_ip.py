"""Whole IP packets through a raw socket: for loopback, own addresses, and links without Ethernet (tun, wireguard, ppp).

The kernel routes each packet and finds its next hop; we write IP and what is in it (raw(7), IP_HDRINCL; IPv6 likewise with
IPPROTO_RAW). Many packets go in one system call, sendmmsg(2). Answers come in through a packet socket in cooked mode.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import base
from hatoba.wire.base import Arrived
from hatoba.wire.faults import broken_link, no_raw_right
from hatoba.wire.ring import Receiver

_SLOTS = 4096
_LEAST_SLOT_BYTES = 128
_PAUSE_S = 0.0005
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
_SOCKADDR = {
    4: np.dtype([("family", "=u2"), ("port", ">u2"), ("address", "u1", 4), ("zero", "u1", 8)]),
    6: np.dtype([("family", "=u2"), ("port", ">u2"), ("flow", ">u4"), ("address", "u1", 16), ("scope_id", "=u4")]),
}
_AF = {4: socket.AF_INET, 6: socket.AF_INET6}


class RawIpWire:
    """A wire over raw IP. *interface* is where answers arrive, ``lo`` for own addresses; *bound* makes packets leave there
    too, whatever the routes say."""

    def __init__(
        self,
        template: FrameTemplate,
        interface: str,
        first_port: int,
        rx_slots: int,
        clock: Callable[[], float],
        zone_index: int = 0,
        bound: bool = False,
    ) -> None:
        self.template = template
        self._interface = interface
        self._refusals = 0
        try:
            self._socket = socket.socket(_AF[template.family], socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_RAW)
        except PermissionError:
            raise no_raw_right() from None
        try:
            if bound:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            self._receiver = Receiver(template.family, template.protocols, interface, first_port, rx_slots, clock)
        except OSError as error:
            self._socket.close()
            raise broken_link(interface, error) from error
        except WireError:
            self._socket.close()
            raise
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
        frame = template.frame()
        slot_bytes = max(_LEAST_SLOT_BYTES, template.frame_bytes)
        self._frames = np.zeros((_SLOTS, slot_bytes), np.uint8)
        self._frames[:, : len(frame)] = np.frombuffer(frame, np.uint8)
        self._names = np.zeros(_SLOTS, _SOCKADDR[template.family])
        self._names["family"] = _AF[template.family]
        if zone_index:
            self._names["scope_id"] = zone_index
        self._iov = np.zeros(_SLOTS, _IOVEC)
        self._iov["base"] = self._frames.ctypes.data + np.arange(_SLOTS, dtype=np.uint64) * slot_bytes
        self._iov["bytes"] = len(frame)
        self._messages = np.zeros(_SLOTS, _MMSGHDR)
        self._messages["name"] = self._names.ctypes.data + np.arange(_SLOTS, dtype=np.uint64) * self._names.itemsize
        self._messages["name_bytes"] = self._names.itemsize
        self._messages["iov"] = self._iov.ctypes.data + np.arange(_SLOTS, dtype=np.uint64) * _IOVEC.itemsize
        self._messages["iov_count"] = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._frames[:count]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None) -> None:
        if lengths is not None:
            self._iov["bytes"][:count] = lengths
        self._names["address"][:count] = self._frames[:count, self.template.destination]
        done, until_s = 0, time.monotonic() + base.STUCK_S
        while done < count:
            sent = self._sendmmsg(self._socket.fileno(), self._messages[done:].ctypes.data, count - done, 0)
            if sent > 0:
                done, until_s = done + sent, time.monotonic() + base.STUCK_S
                continue
            code = ctypes.get_errno()
            if code in (errno.EINTR, errno.EAGAIN, errno.ENOBUFS) and time.monotonic() < until_s:
                time.sleep(_PAUSE_S)
                continue
            if code not in (errno.EPERM, errno.EACCES, errno.EINVAL, errno.ECONNREFUSED, errno.EHOSTUNREACH):
                raise WireError(
                    _("packets can't leave through {link}: {error}; check it with: ip link show {link}").format(
                        link=self._interface, error=os.strerror(code)
                    )
                )
            # This machine's own firewall or routing refused this one packet, which then met silence; the others may pass.
            self._refusals += 1
            done += 1

    @property
    def refusals(self) -> int:
        """Packets that this machine refused to send."""
        return self._refusals

    def receive(self, timeout_s: float) -> Arrived:
        return self._receiver.receive(timeout_s)

    @property
    def drops(self) -> int:
        return self._receiver.drops

    def close(self) -> None:
        self._receiver.close()
        self._socket.close()


def supported() -> bool:
    """Whether this machine has the layouts that this file assumes."""
    return sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8
