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
from hatoba.messages import _, system_words
from hatoba.packets.frames import FrameTemplate
from hatoba.wire import base
from hatoba.wire.base import Arrived, Times
from hatoba.wire.faults import Refusals, broken_link, no_raw_right
from hatoba.wire.receiver import Receiver
from hatoba.wire.volley import Volley

_SLOTS = 4096
_LEAST_SLOT_BYTES = 128
_PAUSE_S = 0.0005
_REFUSED = (errno.EPERM, errno.EACCES, errno.EINVAL, errno.ECONNREFUSED, errno.EHOSTUNREACH)
"""This machine's own firewall or routing refuses this one packet, which then meets silence; the others may pass."""
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
        refusals: Refusals | None = None,
    ) -> None:
        self.template = template
        self._interface, self._clock = interface, clock
        self.refusals = refusals or Refusals()
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
        self._volley = Volley(self._socket, waits=True)

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._frames[:count]

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        started_s = self._clock()
        frames, names = self._frames[:count, : self.template.frame_bytes], self._names[:count]
        names["address"] = frames[:, self.template.destination]
        done, until_s = 0, time.monotonic() + base.STUCK_S
        while done < count:
            try:
                sent = self._volley.send(frames[done:], None if lengths is None else lengths[done:], names[done:])
            except OSError as error:
                if error.errno not in _REFUSED:
                    raise self._dead(error) from error
                self.refusals.add(error.errno, names["address"][done].tobytes())
                sent = 1
            if sent:
                done, until_s = done + sent, time.monotonic() + base.STUCK_S
            elif time.monotonic() > until_s:
                raise self._dead(OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS)))
            else:
                time.sleep(_PAUSE_S)
        if left_s is not None:
            left_s[:] = np.linspace(started_s, self._clock(), count, endpoint=False)

    def drain(self) -> None:
        """Nothing is left: what is committed leaves at once."""

    def _dead(self, error: OSError) -> WireError:
        return WireError(
            _("packets can't leave through {link}: {error}; check it with: ip link show {link}").format(
                link=self._interface, error=system_words(error)
            )
        )

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
