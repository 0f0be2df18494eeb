"""Many connections as one: what any of them sends is read, and what is written goes to all (``-k`` with ``-m``)."""

from __future__ import annotations

import math
import os
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hatoba.errors import HatobaError
from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, Peer, Wrapper
from hatoba.netcat.listening import Welcome, accept
from hatoba.netcat.pumps import Copying, receiving, sending
from hatoba.netcat.ways import Streams, Ways, end_sending, given, output

STALL_S = 2.0
PIECE_BYTES = 1 << 16
"""Who does not take so much in so long while others wait for it is let go: 32 KiB/s, beyond what its socket holds."""

_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    peer: Peer
    ahead_bytes: int = 0
    """How much of what is to be written it has taken already, and others have not."""
    waited_for_since_s: float = math.inf
    """Since when somebody has had all that is to be written, and this one has not."""


class Crowd:
    """The clients of one listener, as ``read`` and ``write`` of a pump see them. ``descriptor`` is readable when something
    happens.

    Nobody is left behind: what is written waits for the slowest, beyond the buffers of its socket, but no longer than
    :data:`STALL_S`: then that one is let go, by a reset, lest it take what it got for all. A client that ends, or breaks off,
    is forgotten; the crowd itself never ends, and without clients nothing is written.
    """

    def __init__(
        self,
        end: End,
        listeners: Sequence[socket.socket],
        console: Console,
        welcome: Welcome,
        wrap: Wrapper | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._end = end
        self._console = console
        self._welcome = welcome
        self._wrap = wrap
        self._poll = select.epoll()
        self._listeners = {each.fileno(): each for each in listeners}
        self._clients: dict[int, _Client] = {}
        self._wrapping = 0
        self._wrapped: deque[tuple[socket.socket, Peer] | None] = deque()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake, select.EPOLLIN)
        self._more: _Client | None = None
        self._listening = False
        self._input_over = False
        self._alone_since_s = clock()
        self.came = 0
        self._listen_while_there_is_room()

    @property
    def descriptor(self) -> int:
        return self._poll.fileno()

    def deserted_at_s(self) -> float:
        if self._welcome.wait_s is None or self._clients or self._wrapping:
            return math.inf
        return self._alone_since_s + self._welcome.wait_s

    def acts_at_s(self) -> float:
        return STALL_S + min((client.waited_for_since_s for client in self._clients.values()), default=math.inf)

    def read(self, buffer: memoryview) -> int | None:
        """What one of the clients sent; those that came or went are dealt with on the way."""
        if self._more is not None:
            more, self._more = self._more, None
            if count := self._receive(more, buffer):
                return count
        for descriptor, _event in self._poll.poll(0):
            if descriptor == self._wake:
                self._adopt()
            elif descriptor in self._listeners:
                self._accept(self._listeners[descriptor])
            elif (client := self._clients.get(descriptor)) is not None and (count := self._receive(client, buffer)):
                return count
        return None

    def write(self, data: memoryview) -> int | None:
        """Give *data* to everybody; what is returned all have taken."""
        for client in list(self._clients.values()):
            if client.ahead_bytes < len(data):
                try:
                    client.ahead_bytes += sending(client.connection)(data[client.ahead_bytes :]) or 0
                except OSError as fault:
                    self._drop(client, fault)
        self._let_go_who_stalls(len(data))
        taken = min((client.ahead_bytes for client in self._clients.values()), default=0)
        for client in self._clients.values():
            client.ahead_bytes -= taken
        return taken or None

    def _let_go_who_stalls(self, whole_bytes: int) -> None:
        """Let those go whom others wait for too long: who have all *whole_bytes* that are to be written."""
        now_s = self._clock()
        somebody_waits = any(client.ahead_bytes == whole_bytes for client in self._clients.values())
        for client in list(self._clients.values()):
            if client.ahead_bytes == whole_bytes or not somebody_waits:
                client.waited_for_since_s = math.inf
            else:
                client.waited_for_since_s = min(client.waited_for_since_s, now_s)
            if now_s - client.waited_for_since_s >= STALL_S:
                self._console.complain(
                    _("{peer} reads too slowly and is let go: the others waited {seconds} s for it").format(
                        peer=str(client.peer) or _("a socket without a name"), seconds=f"{STALL_S:g}"
                    )
                )
                client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self._forget(client)

    def slowest(self) -> int | None:
        """The descriptor of the client that writing waits for; None while there is no client."""
        slowest = min(self._clients.values(), key=lambda client: client.ahead_bytes, default=None)
        return None if slowest is None else slowest.connection.fileno()

    def tell_end(self) -> None:
        """Tell everybody, and whoever comes later, that nothing more comes."""
        self._input_over = True
        for client in self._clients.values():
            with suppress(OSError):
                end_sending(client.connection)

    def _receive(self, client: _Client, buffer: memoryview) -> int | None:
        try:
            count = receiving(client.connection)(buffer)
        except OSError as fault:
            self._drop(client, fault)
            return None
        if count == 0:
            self._drop(client)
        elif count and getattr(client.connection, "pending", int)():
            self._more = client  # TLS took more from the socket than it gave us: nothing would wake us for that
        return count

    def _drop(self, client: _Client, fault: OSError | None = None) -> None:
        if fault is None:
            self._console.left(client.peer)
        else:
            self._console.failed(client.peer, fault)
        self._forget(client)

    def _forget(self, client: _Client) -> None:
        descriptor = client.connection.fileno()
        del self._clients[descriptor]
        self._poll.unregister(descriptor)
        client.connection.close()
        if self._more is client:
            self._more = None
        self._alone_since_s = self._clock()
        self._listen_while_there_is_room()

    def _listen_while_there_is_room(self) -> None:
        room = len(self._clients) + self._wrapping < self._welcome.at_once
        if room == self._listening:
            return
        self._listening = room
        for descriptor in self._listeners:
            if room:
                self._poll.register(descriptor, select.EPOLLIN)
            else:
                self._poll.unregister(descriptor)

    def _accept(self, listener: socket.socket) -> None:
        accepted = accept(listener, self._console) if self._listening else None
        if accepted is None:
            return
        connection, peer = accepted
        if not self._welcome.allows(peer):
            self._console.turned_away(peer)
            connection.close()
            return
        self._console.accepted(self._end, peer, Peer.of(connection.getsockname()))
        if self._wrap is None:
            self._add(connection, peer)
        else:
            # A handshake waits for the peer, and must keep nobody else waiting.
            self._wrapping += 1
            threading.Thread(target=self._wrap_apart, args=(self._wrap, connection, peer), daemon=True).start()
        self._listen_while_there_is_room()

    def _wrap_apart(self, wrap: Wrapper, connection: socket.socket, peer: Peer) -> None:
        wrapped = None
        try:
            wrapped = wrap(connection, peer, self._console), peer
        except OSError as fault:
            self._console.failed(peer, fault)
            connection.close()
        except HatobaError as error:
            self._console.complain(str(error))
            connection.close()
        self._wrapped.append(wrapped)
        os.eventfd_write(self._wake, 1)

    def _adopt(self) -> None:
        os.eventfd_read(self._wake)
        while self._wrapped:
            self._wrapping -= 1
            wrapped = self._wrapped.popleft()
            if wrapped is not None:
                self._add(*wrapped)
        self._listen_while_there_is_room()

    def _add(self, connection: socket.socket, peer: Peer) -> None:
        connection.setblocking(False)
        self.came += 1
        self._clients[connection.fileno()] = _Client(connection, peer)
        self._poll.register(connection.fileno(), select.EPOLLIN)
        if self._input_over:
            with suppress(OSError):
                end_sending(connection)


class _ToAll(Copying):
    """From input to everybody."""

    def __init__(self, crowd: Crowd, streams: Streams) -> None:
        self._crowd = crowd
        super().__init__(
            streams.source,
            given(streams.source),
            crowd.descriptor,
            crowd.write,
            change=streams.sent,
            piece_bytes=PIECE_BYTES,
            line_delay_s=streams.line_delay_s,
        )

    def waits_for(self) -> tuple[int, int]:
        descriptor, event = super().waits_for()
        if event != select.POLLOUT:
            return descriptor, event
        slowest = self._crowd.slowest()
        # Without clients there is nothing to wait for here: the other way waits for them, unless it is held up itself.
        return (self._crowd.descriptor, 0) if slowest is None else (slowest, select.POLLOUT)


def crowd_ways(crowd: Crowd, streams: Streams) -> Ways:
    """What a relay needs to talk with all of *crowd*."""
    write = len if streams.discards else output(streams.sink)
    receive = Copying(crowd.descriptor, crowd.read, streams.sink, write, change=streams.received)
    return Ways(_ToAll(crowd, streams), receive, crowd.tell_end, os.isatty(streams.source), crowd)
