"""A run of source ports that belongs to one scan while it lasts."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterable

from hatoba.errors import WireError
from hatoba.messages import _
from hatoba.wire.base import SOURCE_PORTS

_LOWEST, _HIGHEST = 61_000, 65_000
"""Above the range that Linux gives to outgoing connections by default (ip_local_port_range), so that we rarely meet one."""
_TRIES = 200


class SourcePorts:
    """Binds sockets to the ports without ever listening: nobody else gets them, and the kernel answers a SYN-ACK to one of
    them with RST, which closes the half-open connection at the target. *wanted* is the one port to hold; None: a free run."""

    def __init__(self, seed: int, wanted: int | None = None) -> None:
        draw = random.Random(seed)
        self._datagrams = False
        for _try in range(_TRIES if wanted is None else 1):
            self.first = draw.randrange(_LOWEST, _HIGHEST - SOURCE_PORTS) if wanted is None else wanted
            self._ports = range(self.first, self.first + (SOURCE_PORTS if wanted is None else 1))
            try:
                self._held = _all_bound(self._ports, socket.SOCK_STREAM)
            except OSError:
                continue
            return
        if wanted is not None:
            raise WireError(
                _("the source port {port} is in use on this machine; choose another with -g, or leave it out").format(
                    port=wanted
                )
            )
        raise WireError(
            _("no {count} source ports in a row are free; end some of this machine's connections").format(count=SOURCE_PORTS)
        )

    def hold_datagrams(self) -> None:
        """Hold the ports for UDP, too, as far as they are free: the kernel then tells nobody who answers to one of them that
        it is unreachable."""
        if not self._datagrams:
            self._datagrams = True
            with contextlib.suppress(OSError):
                self._held.enter_context(_all_bound(self._ports, socket.SOCK_DGRAM))

    def close(self) -> None:
        self._held.close()


def _all_bound(ports: Iterable[int], kind: socket.SocketKind) -> contextlib.ExitStack:
    """All our *ports*, of both families. Raises OSError if one is not free."""
    with contextlib.ExitStack() as held:
        for port in ports:
            for family in (socket.AF_INET, socket.AF_INET6) if socket.has_ipv6 else (socket.AF_INET,):
                held.enter_context(_bound(family, kind, port))
        return held.pop_all()


def _bound(family: int, kind: socket.SocketKind, port: int) -> contextlib.AbstractContextManager[object]:
    try:
        held = socket.socket(family, kind | socket.SOCK_CLOEXEC)
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
