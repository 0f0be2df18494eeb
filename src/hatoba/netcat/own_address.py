"""To which of our own addresses a datagram came, so that what answers it leaves from there.

A UDP socket that is bound to every address sends from the one that the route prefers. On a machine with several addresses a
client that asked another one takes that for a stranger's datagram, and hears nothing. The kernel tells where each datagram
came to, and takes the same words for where an answer is to come from: ``struct in_pktinfo`` (ip(7)) and ``struct in6_pktinfo``
(RFC 3542 section 6).
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from ipaddress import IPv6Address

from hatoba.netcat.ends import SocketAddress

Ancillary = list[tuple[int, int, bytes]]
"""What sendmsg(2) takes beside the data."""

_IP_PKTINFO = 8
"""linux/in.h; the socket module lacks the name before Python 3.14."""
_V4 = struct.Struct("=i4s4s")
"""Interface, our address to answer from, and the address in the packet, which may be a broadcast's or a group's."""
_V6 = struct.Struct("=16sI")
_SPACE = max(map(socket.CMSG_SPACE, (_V4.size, _V6.size)))


def tell_own_address(listener: socket.socket) -> None:
    """Have the kernel tell it for every datagram of *listener* from now on, where it can."""
    with suppress(OSError):
        if listener.family == socket.AF_INET:
            listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        elif listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)


def receive_into(listener: socket.socket, buffer: memoryview | bytearray) -> tuple[int, SocketAddress, Ancillary]:
    """The next datagram: how many bytes, from whom, and what makes :func:`send_back` answer from where it came to. Raises
    OSError."""
    count, told, _flags, sender = listener.recvmsg_into([buffer], _SPACE)
    return count, sender, [back for level, kind, data in told for back in _back(level, kind, data)]


def send_back(listener: socket.socket, data: memoryview | bytes, sender: SocketAddress, back: Ancillary) -> int:
    """Answer *sender*. Raises OSError."""
    return listener.sendmsg([data], back, 0, sender)


def own_address(back: Ancillary) -> tuple[str, int] | None:
    """The address that *back* answers from, and its interface where it is good for nothing without (0 otherwise)."""
    for level, _kind, data in back:
        if level == socket.IPPROTO_IP:
            return socket.inet_ntop(socket.AF_INET, _V4.unpack(data)[1]), 0
        address, interface = _V6.unpack(data)
        return socket.inet_ntop(socket.AF_INET6, address), interface
    return None


def _back(level: int, kind: int, data: bytes) -> Ancillary:
    if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO) and len(data) >= _V4.size:
        return [(level, kind, _V4.pack(0, _V4.unpack_from(data)[1], bytes(4)))]
    if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) and len(data) >= _V6.size:
        raw, interface = _V6.unpack_from(data)
        address = IPv6Address(raw)
        if not address.is_multicast:  # nobody answers from a group's
            return [(level, kind, _V6.pack(raw, interface if address.is_link_local else 0))]
    return []
