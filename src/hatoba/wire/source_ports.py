"""A run of source ports that belongs to one scan while it lasts."""

from __future__ import annotations

import contextlib
import random
import socket

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.wire.base import SOURCE_PORTS

_LOWEST, _HIGHEST = 61_000, 65_000
"""Above the range that Linux gives to outgoing connections by default (ip_local_port_range), so that we rarely meet one."""
_TRIES = 200


class SourcePorts:
    """Binds sockets to the ports without ever listening: nobody else gets them, and the kernel answers a SYN-ACK to one of
    them with RST, which closes the half-open connection at the target."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        for _try in range(_TRIES):
            self.first = draw.randrange(_LOWEST, _HIGHEST - SOURCE_PORTS)
            held = contextlib.ExitStack()
            try:
                for port in range(self.first, self.first + SOURCE_PORTS):
                    for family in (socket.AF_INET, socket.AF_INET6) if socket.has_ipv6 else (socket.AF_INET,):
                        held.enter_context(_bound(family, port))
            except OSError:
                held.close()
                continue
            self._held = held
            return
        raise WireError(
            _("no {count} source ports in a row are free; end some of this machine's connections").format(count=SOURCE_PORTS)
        )

    def close(self) -> None:
        self._held.close()


def _bound(family: int, port: int) -> contextlib.AbstractContextManager[object]:
    try:
        held = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    except OSError:
        return contextlib.nullcontext()  # a machine without this family has nobody who could use the port by it
    try:
        if family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        held.bind(("", port))
    except OSError:
        held.close()
        raise
    return held
