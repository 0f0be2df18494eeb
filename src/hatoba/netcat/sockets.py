"""Sockets made as the settings say."""

from __future__ import annotations

import errno
import socket

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.ends import SocketSettings, Transport
from hatoba.netcat.resolving import Place

IPV6_MINHOPCOUNT = 73
IP_MINTTL = 21
"""linux/in.h, linux/in6.h; the socket module lacks both names."""


def open_socket(transport: Transport, place: Place, settings: SocketSettings) -> socket.socket:
    """A socket for *place*, neither bound nor connected. Raises OSError for what the kernel lacks or refuses."""
    if place.lacks_interface and "%" not in settings.source:
        # The kernel would say "invalid argument".
        names = [name for _number, name in socket.if_nameindex() if name != "lo"]
        written = f"{place.address[0]}%{names[0] if names else 'eth0'}"
        raise OSError(errno.EINVAL, _("a link-local address needs its interface behind it: {address}").format(address=written))
    opened = socket.socket(place.family, transport.kind, transport.protocol)
    try:
        _apply(opened, place.family, settings)
    except BaseException:
        opened.close()
        raise
    return opened


def _apply(opened: socket.socket, family: int, settings: SocketSettings) -> None:
    if settings.receive_buffer_bytes is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, settings.receive_buffer_bytes)
    if settings.send_buffer_bytes is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    if settings.debug:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_DEBUG, 1)
    if settings.broadcast:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if family == socket.AF_INET:
        level, numbers = socket.IPPROTO_IP, (socket.IP_TOS, socket.IP_TTL, IP_MINTTL)
    elif family == socket.AF_INET6:
        level, numbers = socket.IPPROTO_IPV6, (socket.IPV6_TCLASS, socket.IPV6_UNICAST_HOPS, IPV6_MINHOPCOUNT)
    else:
        return
    for number, value in zip(numbers, (settings.traffic_class, settings.ttl, settings.min_ttl), strict=True):
        if value is not None:
            opened.setsockopt(level, number, value)


def refuse_source(settings: SocketSettings) -> None:
    """Raise UsageError for an address to come from that is none. One of another family than the peer's is not told here: the
    peer may have several."""
    try:
        if settings.source:
            socket.getaddrinfo(settings.source, None, flags=socket.AI_NUMERICHOST if settings.numeric else 0)
    except OSError as error:
        raise UsageError(
            _("-s {source}: {problem}; name an address of this machine").format(
                source=settings.source, problem=system_words(error)
            )
        ) from error


def bind_source(opened: socket.socket, transport: Transport, family: int, settings: SocketSettings) -> None:
    """Give *opened* the address to come from, where one is wanted. A Unix datagram socket without one gets a name from the
    kernel (unix(7), "Autobind feature"), because nobody could answer it otherwise, and no file is left behind."""
    if transport is Transport.UNIX_DATAGRAM:
        opened.bind(settings.source)
    elif transport is Transport.UNIX:
        if settings.source:
            opened.bind(settings.source)
    elif settings.source or settings.source_port:
        if settings.source_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host = settings.source or ("::" if family == socket.AF_INET6 else "0.0.0.0")
        flags = socket.AI_NUMERICHOST if settings.numeric else 0
        found = socket.getaddrinfo(host, settings.source_port, family, socket.SOCK_STREAM, 0, flags)
        opened.bind(found[0][4])
