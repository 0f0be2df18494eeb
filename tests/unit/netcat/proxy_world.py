"""A network of socket pairs: dialers that reach functions instead of hosts. No packet is sent."""

from __future__ import annotations

import errno
import io
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, NotConnected, Peer, SocketSettings
from hatoba.netcat.resolving import Place

PATIENCE_S = 60.0
Server = Callable[[socket.socket], Any]
PEER = Peer("198.18.0.9", 4000)


class World:
    """Hosts by ``host:port``, each a function that serves one connection; everything else refuses."""

    def __init__(self, servers: Mapping[str, Server], pool: ThreadPoolExecutor) -> None:
        self._servers, self._pool = servers, pool
        self.text = io.StringIO()
        self.console = Console(self.text, verbosity=2)
        self.dialed: list[str] = []
        self.served: list[Future[Any]] = []

    def dial(self, end: End, settings: SocketSettings, console: Console) -> socket.socket:
        self.dialed.append(str(end))
        if str(end) not in self._servers:
            raise NotConnected(f"{end}: nobody there", OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)))
        return self.call(self._servers[str(end)])

    def call(self, server: Server) -> socket.socket:
        """A connection that *server* serves in a thread; it is closed when that returns."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.settimeout(PATIENCE_S)
        self.served.append(self._pool.submit(_serve, server, theirs))
        return ours

    def handle(self, handler: Callable[..., None], peer: Peer = PEER) -> socket.socket:
        """A connection to a handler of a listener."""
        return self.call(lambda connection: handler(connection, peer, self.console))

    def told(self) -> str:
        """What the console was told, when everybody has ended; a connection that broke off ended too."""
        for one in self.served:
            fault = one.exception(PATIENCE_S)
            assert fault is None or isinstance(fault, OSError)
        return self.text.getvalue()


def _serve(server: Server, connection: socket.socket) -> Any:
    with connection:
        return server(connection)


@contextmanager
def world(servers: Mapping[str, Server] | None = None) -> Iterator[World]:
    with ThreadPoolExecutor(16) as pool:
        yield World(servers or {}, pool)


def lookup(end: End, settings: SocketSettings) -> list[Place]:
    """Every name that begins with ``www`` has two addresses, and addresses are themselves."""
    family = socket.AF_INET6 if ":" in end.host else socket.AF_INET
    if end.host.startswith("www"):
        found = ["fd00:18::80", "198.18.0.80"] if settings.family != socket.AF_INET else ["198.18.0.80"]
        return [Place(socket.AF_INET, (address, end.port)) for address in found]
    if end.host.replace(".", "").isdecimal() or ":" in end.host:
        return [Place(family, (end.host, end.port))]
    raise NotConnected(f"{end.host}: Name or service not known", socket.gaierror(socket.EAI_NONAME, "unknown"))


def everything(connection: socket.socket) -> bytes:
    """All until the other side ends, or closes with words of ours unread."""
    parts = []
    try:
        while data := connection.recv(65536):
            parts.append(data)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def echo(connection: socket.socket) -> None:
    """Says who it is, and then what it hears, to the end."""
    connection.sendall(b"220 ready\r\n")
    while data := connection.recv(65536):
        connection.sendall(data)
