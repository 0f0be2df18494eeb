"""A TCP server that only has ports open: ``python -m hatoba.lab.listener JSON``, see :meth:`hatoba.lab.Host.listen`.

One process, one epoll. Every wake-up empties the accept queues, so that a scan's thousands of connections never fill them:
a full queue would make the kernel drop the handshake's last packet, and an open port look filtered now and then.
Writes ``ready`` once every port listens.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ACCEPTS_AT_ONCE: Final = 256


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


class Listener:
    """Listening sockets and the connections that are kept."""

    def __init__(self, listeners: list[socket.socket], talk: Mapping[int, Talk], keep: bool) -> None:
        self._epoll = select.epoll()
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._ports = {number: listener.getsockname()[1] for number, listener in self._listeners.items()}
        self._talk = talk
        self._keep = keep
        self._open: dict[int, tuple[socket.socket, bytes]] = {}
        for number in self._listeners:
            self._epoll.register(number, select.EPOLLIN)

    def serve_once(self, timeout_s: float | None = None) -> None:
        """Wait for events and handle them."""
        for number, _events in self._epoll.poll(timeout_s):
            if number in self._listeners:
                self._accept(number)
            else:
                self._hear(number)

    def _accept(self, number: int) -> None:
        listener, talk = self._listeners[number], self._talk.get(self._ports[number])
        for _turn in range(_ACCEPTS_AT_ONCE):
            try:
                connection, _peer = listener.accept()
            except OSError:  # EAGAIN: no more for now; ECONNABORTED: gone already; EMFILE: the next turn may have room
                return
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
    listener = Listener(listeners, talk, wanted["keep"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        listener.serve_once()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
