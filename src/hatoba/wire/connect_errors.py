"""Linux's error queue of a socket: which ICMP error it was, and who sent it.

A socket with ``IP_RECVERR`` (``IPV6_RECVERR``) keeps each error with a description, to be read by
``recvmsg(MSG_ERRQUEUE)``: see ip(7), ipv6(7) and linux/errqueue.h. In a control message stands::

    struct sock_extended_err {
        __u32 ee_errno;
        __u8  ee_origin;    1 local, 2 ICMP, 3 ICMPv6
        __u8  ee_type;
        __u8  ee_code;
        __u8  ee_pad;
        __u32 ee_info;
        __u32 ee_data;
    };
    struct sockaddr offender;

and the message's name is the address that was asked.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from dataclasses import dataclass

IP_RECVTTL, IP_TTL, IP_RECVERR = 12, 2, 11
IPV6_RECVERR, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 25, 51, 52
_MSG_ERRQUEUE, _MSG_DONTWAIT = 0x2000, 0x40

ORIGIN_LOCAL, ORIGIN_ICMP, ORIGIN_ICMP6 = 1, 2, 3
_CONTROL_HEADER = struct.Struct("=Lii" if struct.calcsize("P") == 4 else "=Qii")
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_ERROR_LEVELS = ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR))
_TTL_LEVELS = ((socket.IPPROTO_IP, IP_TTL), (socket.IPPROTO_IPV6, IPV6_HOPLIMIT))
_CONTROL_BYTES, _NAME_BYTES = 512, 28


@dataclass(frozen=True, slots=True)
class SocketError:
    """One entry of an error queue."""

    errno: int
    origin: int
    icmp_type: int = 0
    icmp_code: int = 0
    offender: bytes = b""
    """Who sent the ICMP error, 4 or 16 bytes; empty where nobody did."""
    ttl: int = 0
    """Time to live (hop limit) of the ICMP error as it arrived; 0 where unknown."""
    asked: tuple[bytes, int] = (b"", 0)
    """Address and port of the segment that the error is about."""


def parse_name(name: bytes) -> tuple[bytes, int]:
    """Address and port of a ``sockaddr_in`` or ``sockaddr_in6``; ``(b"", 0)`` for anything else. Never raises."""
    if len(name) < 8:
        return b"", 0
    (family,) = struct.unpack_from("=H", name)
    (port,) = struct.unpack_from("!H", name, 2)
    if family == socket.AF_INET:
        return name[4:8], port
    if family == socket.AF_INET6 and len(name) >= 24:
        return name[8:24], port
    return b"", 0


def parse_control(control: bytes, name: bytes = b"") -> SocketError | None:
    """The error that control messages (see cmsg(3)) describe; None if they describe none. Never raises."""
    found: tuple[int, int, int, int, bytes] | None = None
    ttl = offset = 0
    while offset + _CONTROL_HEADER.size <= len(control):
        size, level, kind = _CONTROL_HEADER.unpack_from(control, offset)
        if size < _CONTROL_HEADER.size:
            break
        data = control[offset + _CONTROL_HEADER.size : offset + size]
        if (level, kind) in _ERROR_LEVELS and len(data) >= _EXTENDED_ERROR.size:
            errno, origin, icmp_type, icmp_code, *_rest = _EXTENDED_ERROR.unpack_from(data)
            found = errno, origin, icmp_type, icmp_code, parse_name(data[_EXTENDED_ERROR.size :])[0]
        elif (level, kind) in _TTL_LEVELS and len(data) >= 4:
            ttl = min(struct.unpack_from("=I", data)[0], 255)
        offset += size + -size % ctypes.sizeof(ctypes.c_size_t)
    if found is None:
        return None
    errno, origin, icmp_type, icmp_code, offender = found
    if origin not in (ORIGIN_ICMP, ORIGIN_ICMP6):
        icmp_type, icmp_code, offender = 0, 0, b""
    return SocketError(errno, origin, icmp_type, icmp_code, offender, ttl, parse_name(name))


class _Message(ctypes.Structure):
    """``struct msghdr`` of recvmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_bytes", ctypes.c_uint),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_bytes", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class ErrorQueue:
    """Reads error queues.

    Through ctypes, because the question is asked for every refused connection and the usual reply is "nothing there":
    ``socket.recvmsg`` would raise an exception for that, which costs more than the system call.
    """

    def __init__(self) -> None:
        self._recvmsg = ctypes.CDLL(None).recvmsg
        self._recvmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
        self._name = ctypes.create_string_buffer(_NAME_BYTES)
        self._control = ctypes.create_string_buffer(_CONTROL_BYTES)
        self._message = _Message(
            ctypes.addressof(self._name), _NAME_BYTES, None, 0, ctypes.addressof(self._control), _CONTROL_BYTES, 0
        )
        self._where = ctypes.addressof(self._message)

    def read(self, descriptor: int) -> SocketError | None:
        """Take the oldest entry out; None if there is none."""
        while self._recvmsg(descriptor, self._where, _MSG_ERRQUEUE | _MSG_DONTWAIT) >= 0:
            message = self._message
            error = parse_control(self._control.raw[: message.control_bytes], self._name.raw[: message.name_bytes])
            # The kernel wrote the lengths that it used where it reads the lengths that it may use.
            message.name_bytes, message.control_bytes = _NAME_BYTES, _CONTROL_BYTES
            if error is not None:
                return error
        return None
