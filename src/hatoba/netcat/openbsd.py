"""What OpenBSD's nc says, word for word, as Debian ships it (1.219): for scripts that read it. English only, as there."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from hatoba.errors import UsageError
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, NotBound, NotConnected, NotResolved, Peer, path_text

if TYPE_CHECKING:
    from hatoba.netcat.relay import Ending


class OpenBsdConsole(Console):
    """Talks on ``-v``, and of what can't be done at all. An end of the connection, whatever it was, is none of those."""

    def __init__(self, stream: TextIO | None, *, verbosity: int = 0, numeric: bool = False, program: str = "nc") -> None:
        super().__init__(stream, verbosity=verbosity, program=program)
        self._numeric = numeric
        self._named = False
        self._unconfirmed = ""

    def gave_up(self, error: NotConnected) -> int:
        reason = _reason(error.fault)
        if isinstance(error, NotBound):
            self.complain(reason)
        elif isinstance(error, NotResolved) and error.end is not None:
            where = "" if error.listening else f' for host "{error.end.host}" port {error.end.port}'
            self.complain(f"getaddrinfo{where}: {reason}")
        elif error.end is not None and error.end.transport.by_path:
            self.complain(f"{error.end.host}: {reason}")
        return 1

    def misused(self, error: UsageError) -> int:
        self.complain(str(error))
        return 1

    def resolved(self, end: End, addresses: Sequence[Peer]) -> None:
        self._named = any(peer.host != end.host for peer in addresses)

    def connected(self, end: End, peer: Peer, local: Peer, took_s: float) -> None:
        if self.verbosity and not end.transport.by_path:
            word = end.transport.value
            text = f"Connection to {self._host(end, peer)} {peer.port} port [{word}/{self._service(end, peer)}] succeeded!"
            if end.transport.datagrams:
                self._unconfirmed = text
            else:
                self.write(text)

    def confirmed(self) -> None:
        """The datagrams that try it out were not refused."""
        self.write(self._unconfirmed)

    def not_connected(self, end: End, peer: Peer, fault: OSError, *, last: bool) -> None:
        if self.verbosity and not end.transport.by_path:
            self.complain(
                f"connect to {self._host(end, peer)} port {peer.port} ({end.transport.value}) failed: {_reason(fault)}"
            )

    def listening(self, end: End, local: Peer) -> None:
        if end.transport.by_path or end.transport.datagrams:
            self._report("Bound", end, local)
        if not end.transport.datagrams:
            self._report("Listening", end, local)

    def accepted(self, end: End, peer: Peer, local: Peer) -> None:
        if end.transport.by_path:
            peer = local
        if self.verbosity:
            where = self._named_peer(peer)
            if where is not None:
                self.write(f"Connection received on {where}")

    def turned_away(self, peer: Peer) -> None:
        """It has no such lists."""

    def input_ended(self, told: bool) -> None:
        """Not said."""

    def peer_ended(self, still_sending: bool) -> None:
        """Not said."""

    def left(self, peer: Peer) -> None:
        """Not said."""

    def failed(self, peer: Peer, fault: OSError) -> None:
        """Not said."""

    def finished(self, ending: Ending, *, listening: bool = False) -> int:
        return 0

    def _host(self, end: End, peer: Peer) -> str:
        return f"{end.host} ({peer.host})" if self._named else peer.host

    def _service(self, end: End, peer: Peer) -> str:
        if self._numeric:
            return "*"
        try:
            return socket.getservbyport(peer.port, end.transport.value)
        except OSError:
            return "*"

    def _report(self, what: str, end: End, local: Peer) -> None:
        if self.verbosity:
            where = path_text(end.host) if end.transport.by_path else self._named_peer(local)
            if where is not None:
                self.write(f"{what} on {where}")

    def _named_peer(self, peer: Peer) -> str | None:
        """``localhost 1234``; None where the name can't be looked up, which is said instead."""
        if not peer.port:
            return peer.host
        flags = socket.NI_NUMERICSERV | (socket.NI_NUMERICHOST if self._numeric else 0)
        try:
            host, port = socket.getnameinfo((peer.host, peer.port), flags)
        except OSError as error:
            self.complain(f"getnameinfo: {_reason(error)}")
            return None
        return f"{host} {port}"


def probe_datagrams(connection: socket.socket, wait_s: float) -> bool:
    """What it sends before it says that a UDP port is there: three datagrams of one X; False where that was refused."""
    poll = select.poll()
    poll.register(connection, 0)
    try:
        connection.send(b"X")
        connection.send(b"X")
        poll.poll(1000 * wait_s)  # only errors end this early
        connection.send(b"X")
    except OSError:
        return False
    return True


def _reason(fault: OSError | None) -> str:
    if fault is None:
        return ""
    return os.strerror(fault.errno) if fault.errno and fault.errno > 0 else fault.strerror or str(fault)


def program_name() -> str:
    """What it is called by: messages begin with it."""
    name = os.path.basename(sys.argv[0])
    return name if name.startswith("nc.") else "nc"
