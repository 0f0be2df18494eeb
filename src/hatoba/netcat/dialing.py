"""Connect to an end: each of its addresses in turn, until one answers."""

from __future__ import annotations

import errno
import os
import socket
import time

from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, NotConnected, Peer, SocketSettings, fault_sentence
from hatoba.netcat.resolving import Place, places
from hatoba.netcat.sockets import bind_source, open_socket, refuse_source


def dial(end: End, settings: SocketSettings, console: Console) -> socket.socket:
    """A connected socket, blocking, without time-out. For datagrams it is connected too: it hears one peer, and its errors.

    ``settings.connect_timeout_s`` holds for each address. Raises NotConnected where none works, with what the last one said,
    and UsageError for a source that is no address.
    """
    if not end.transport.by_path:
        refuse_source(settings)
    candidates = places(end, settings)
    console.resolved(end, [Peer.of(place.address) for place in candidates])
    fault: OSError | None = None
    for number, place in enumerate(candidates, 1):
        began_s = time.monotonic()
        try:
            connection = _connect(end, place, settings)
        except OSError as error:
            fault = error
            console.not_connected(end, Peer.of(place.address), error, last=number == len(candidates))
            continue
        took_s = time.monotonic() - began_s
        console.connected(end, Peer.of(place.address), Peer.of(connection.getsockname()), took_s)
        return connection
    raise NotConnected(fault_sentence(end, fault), fault, end)


def _connect(end: End, place: Place, settings: SocketSettings) -> socket.socket:
    opened = open_socket(end.transport, place, settings)
    try:
        bind_source(opened, end.transport, place.family, settings)
        opened.settimeout(settings.connect_timeout_s)
        opened.connect(place.address)
        opened.settimeout(None)
    except TimeoutError as error:
        opened.close()
        # The socket module's own time-out has no number; the kernel's has.
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from error
    except BaseException:
        opened.close()
        raise
    return opened
