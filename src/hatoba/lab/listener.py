"""A server that only has ports open: ``python -m hatoba.lab.listener JSON``, see :meth:`hatoba.lab.Host.listen`.

One process, one epoll. Every wake-up empties the accept queues, so that a scan's thousands of connections never fill them:
a full queue would make the kernel drop the handshake's last packet, and an open port look filtered now and then. A UDP port
sends each datagram back, from the address that it came to, or takes it and says nothing.
Writes ``ready`` once every port listens.
"""

from __future__ import annotations

import contextlib
import json
import resource
import select
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_ACCEPTS_AT_ONCE: Final = 256
_IP_PKTINFO, _IPV6_RECVPKTINFO, _IPV6_PKTINFO = 8, 49, 50  # ip(7), ipv6(7); Python does not name the first


@dataclass(frozen=True, slots=True)
class Talk:
    """What a port says: first of all, and in answer to the first words that come."""

    greeting: bytes = b""
    answer: bytes = b""


def open_socket(address: str, port: int, backlog: int) -> socket.socket:
    """A listening, non-blocking socket of the family of *address*; an IPv6 one takes no IPv4. Raise OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind((address, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def open_udp_socket(address: str, port: int) -> socket.socket:
    """A non-blocking UDP socket that tells to which address each datagram came. Raise OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        else:
            server.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        server.setblocking(False)
        server.bind((address, port))
    except OSError:
        server.close()
        raise
    return server


class Echo:
    """One UDP port."""

    def __init__(self, server: socket.socket, *, silent: bool) -> None:
        self._server = server
        self._silent = silent

    def fileno(self) -> int:
        return self._server.fileno()

    def serve(self) -> None:
        """Take all datagrams that wait, and send them back."""
        while True:
            try:
                data, control, _flags, peer = self._server.recvmsg(65536, 512)
            except BlockingIOError:
                return
            if not self._silent:
                back = [entry for entry in control if entry[1] in (_IP_PKTINFO, _IPV6_PKTINFO)]
                with contextlib.suppress(OSError):  # no way back, or no room: UDP promises nothing
                    self._server.sendmsg([data], back, 0, peer)


class Listener:
    """Listening sockets and the connections that are kept."""

    def __init__(
        self,
        listeners: list[socket.socket],
        talk: Mapping[int, Talk],
        keep: bool,
        echoes: Sequence[Echo] = (),
        note: Callable[[str], object] | None = None,
    ) -> None:
        """*note*: told of each connection, in a line."""
        self._epoll = select.epoll()
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._ports = {number: listener.getsockname()[1] for number, listener in self._listeners.items()}
        self._talk = talk
        self._keep = keep
        self._note = note
        self._open: dict[int, tuple[socket.socket, bytes]] = {}
        self._echoes = {echo.fileno(): echo for echo in echoes}
        for number in (*self._listeners, *self._echoes):
            self._epoll.register(number, select.EPOLLIN)

    def serve_once(self, timeout_s: float | None = None) -> None:
        """Wait for events and handle them."""
        for number, _events in self._epoll.poll(timeout_s):
            if number in self._listeners:
                self._accept(number)
            elif number in self._echoes:
                self._echoes[number].serve()
            else:
                self._hear(number)

    def _accept(self, number: int) -> None:
        listener, talk = self._listeners[number], self._talk.get(self._ports[number])
        for _turn in range(_ACCEPTS_AT_ONCE):
            try:
                connection, peer = listener.accept()
            except OSError:  # EAGAIN: no more for now; ECONNABORTED: gone already; EMFILE: the next turn may have room
                return
            if self._note is not None:
                self._note(f"port {self._ports[number]}: connection from {peer[0]} port {peer[1]}\n")
            if talk is None and not self._keep:
                connection.close()
                continue
            connection.setblocking(False)
            if talk is not None and talk.greeting:
                _say(connection, talk.greeting)
            self._open[connection.fileno()] = connection, talk.answer if talk is not None else b""
            self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _hear(self, number: int) -> None:
        connection, answer = self._open[number]
        try:
            words = connection.recv(65536)
        except OSError:  # a reset
            words = b""
        if words and answer:
            _say(connection, answer)
        if not words or answer:
            del self._open[number]
            connection.close()  # which takes it out of the epoll, too


def _say(connection: socket.socket, words: bytes) -> None:
    try:
        connection.send(words)
    except OSError:
        return  # the peer is gone; reading will tell


def main(wanted: Mapping[str, Any]) -> None:
    """Serve for ever what :meth:`hatoba.lab.Host.listen` asks for."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listeners = [open_socket(address, port, wanted["backlog"]) for address in wanted["addresses"] for port in wanted["ports"]]
    talk = {int(port): Talk(words["greeting"].encode(), words["answer"].encode()) for port, words in wanted["talk"].items()}
    echoes = [
        Echo(open_udp_socket(address, port), silent=silent)
        for silent, name in ((False, "udp_ports"), (True, "silent_udp_ports"))
        for address in wanted["addresses"]
        for port in wanted[name]
    ]
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    listener = Listener(listeners, talk, wanted["keep"], echoes, sys.stdout.write if wanted["note"] else None)
    sys.stdout.write("ready\n")
    while True:
        listener.serve_once()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
