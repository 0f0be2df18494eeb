"""How long a slow or silent peer is waited for, and the socket calls that wait no longer.

A peer holds a thread and a socket while it is served, so it must get on: within each window of time some bytes have to move.
A window of 30 s and 16 KiB is what the slowest modem does ten times over; a client that takes a byte now and then to hold us
("slow read") is let go after the first window.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from hatoba.messages import system_words

Clock = Callable[[], float]
CHUNK_BYTES = 1 << 16
SEND_BYTES = 1 << 20
"""Most that one call is asked to send, so that a window is looked at between them."""


class PeerGone(Exception):
    """The peer can't be talked to any more: a reset, a broken pipe, a network that fails. The message is the system's."""


class PeerSlow(PeerGone):
    """The peer did not get on in the time that it had."""


@contextmanager
def _faults_of_the_peer() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        if error.errno is None:  # our own limit; ETIMEDOUT is the network's
            raise PeerSlow from error
        raise PeerGone(system_words(error)) from error
    except OSError as error:
        raise PeerGone(system_words(error)) from error


class Patience:
    """A window of *window_s* seconds that begins anew whenever *least_bytes* have moved in it; where *least_bytes* is None it
    never does: a deadline. Where *window_s* is None it never ends."""

    def __init__(self, window_s: float | None, least_bytes: int | None = None, clock: Clock = time.monotonic) -> None:
        self._window_s = window_s
        self._least_bytes = least_bytes
        self._clock = clock
        self._ends = clock() + (window_s or 0)
        self._moved = 0

    def left_s(self) -> float | None:
        """Seconds that are left, more than none; None where that is for ever. Raise PeerSlow where there are none."""
        if self._window_s is None:
            return None
        left_s = self._ends - self._clock()
        if left_s <= 0:
            raise PeerSlow
        return left_s

    def moved(self, count: int) -> None:
        """So many bytes more came or went."""
        if self._least_bytes is None or self._window_s is None:
            return
        self._moved += count
        if self._moved >= self._least_bytes:
            self._moved = 0
            self._ends = self._clock() + self._window_s


class PatientPeer:
    """A connected socket (plain or TLS) whose every call waits as long as a :class:`Patience` has left and no longer.

    Each method raises PeerSlow or PeerGone and no other error of the network.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        with suppress(OSError):  # no TCP
            # What we send is complete. The kernel would hold a short end back until all before it is acknowledged (RFC 1122
            # section 4.2.3.4), which a client whose connection goes on does 40 ms late.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self, most_bytes: int, patience: Patience) -> bytes:
        """What has come, at most so much; nothing at the end of the peer's input."""
        self._connection.settimeout(patience.left_s())
        with _faults_of_the_peer():
            data = self._connection.recv(most_bytes)
        patience.moved(len(data))
        return data

    def receive_into(self, buffer: memoryview, patience: Patience) -> int:
        """As :meth:`receive`, into a buffer; return how many bytes came."""
        self._connection.settimeout(patience.left_s())
        with _faults_of_the_peer():
            count = self._connection.recv_into(buffer)
        patience.moved(count)
        return count

    def has_said_something(self) -> bool:
        """Whether there is something to receive, or an end or a fault to hear of, at once."""
        if getattr(self._connection, "pending", int)():  # decrypted already, so the kernel knows nothing of it
            return True
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, data: bytes | memoryview, patience: Patience) -> None:
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(patience.left_s())
            with _faults_of_the_peer():
                count = self._connection.send(rest[:SEND_BYTES])
            patience.moved(count)
            rest = rest[count:]

    def send_file(self, descriptor: int, offset: int, count: int, patience: Patience) -> int:
        """Send *count* bytes of a file from *offset* on. Return how many went: fewer where the file has become shorter."""
        sent = 0
        by_kernel = type(self._connection) is socket.socket  # TLS has to see the bytes
        while sent < count:
            if by_kernel:
                went = self._send_by_kernel(descriptor, offset + sent, min(count - sent, SEND_BYTES), patience)
            else:
                data = os.pread(descriptor, min(count - sent, CHUNK_BYTES), offset + sent)
                self.send(data, patience)
                went = len(data)
            if not went:
                break
            sent += went
        return sent

    def _send_by_kernel(self, descriptor: int, offset: int, count: int, patience: Patience) -> int:
        self._connection.settimeout(patience.left_s())  # which makes the descriptor non-blocking
        while True:
            try:
                went = os.sendfile(self._connection.fileno(), descriptor, offset, count)
            except BlockingIOError:
                self._wait_to_send(patience)
            except OSError as error:
                raise PeerGone(system_words(error)) from error
            else:
                patience.moved(went)
                return went

    def _wait_to_send(self, patience: Patience) -> None:
        poll = select.poll()
        poll.register(self._connection, select.POLLOUT)
        left_s = patience.left_s()
        if not poll.poll(None if left_s is None else left_s * 1000):
            raise PeerSlow

    def say_end(self) -> None:
        """Tell the peer that nothing more comes."""
        with _faults_of_the_peer():
            self._connection.shutdown(socket.SHUT_WR)

    def end(self, most_bytes: int, patience: Patience) -> int:
        """Say that nothing more comes, and take (and drop) what the peer still says, at most *most_bytes*, so that what it has
        not read yet isn't taken from it: a socket that is closed with unread input is reset (RFC 2525 section 2.17). Return
        how many bytes were dropped."""
        dropped = 0
        try:
            self.say_end()
            while dropped < most_bytes and (data := self.receive(CHUNK_BYTES, patience)):
                dropped += len(data)
        except PeerGone:
            pass  # it is going anyway
        return dropped
