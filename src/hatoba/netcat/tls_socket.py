"""A connected socket with TLS inside, used like a socket.

``ssl.SSLSocket`` can't say goodbye in one direction only: its ``unwrap`` waits for the peer's goodbye, and takes data that
comes meanwhile for an error. A netcat needs just that: its end of input must reach the peer while the rest of the answer is on
its way. So OpenSSL works on memory here (``ssl.MemoryBIO``), and what crosses the socket is ours to time:

======================  ==============================================================================
``shutdown(SHUT_WR)``   sends close_notify (RFC 8446 section 6.1); receiving goes on
``recv`` gives ``b""``  the peer's close_notify came
``recv`` raises         :class:`TlsTruncated` where the stream ended without one
``close``               sends close_notify if that was not done, as far as the kernel takes it at once
======================  ==============================================================================

Blocking, time-outs and ``BlockingIOError`` are those of the socket below. One thread may receive while another sends: OpenSSL's
state is touched under a lock, and nobody waits for the network while holding it. A ``send`` that raises BlockingIOError may
have encrypted what it was given, and waits for the kernel with it: repeat it with the same bytes, as SSL_write(3) has it. What
it says that it took has left: no more than :data:`_MOST_PLAIN_BYTES` and their framing are ever kept here.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from hatoba.messages import _
from hatoba.netcat.tls_faults import TlsFault, TlsTruncated, told

_PIECE_BYTES = 1 << 16
_RECORD_BYTES = (1 << 14) + 256
"""More than the longest record (RFC 8446 section 5.2), and so than what may have come of one before the rest of it."""
_LEAST_PIECE_BYTES = 1 << 12
_MOST_PIECE_BYTES = 1 << 18
_MOST_PLAIN_BYTES = 1 << 16
_MOST_DRAINED_BYTES = 1 << 20
_GOODBYE_MS = 200
_MOST_UNREAD_BYTES = 1 << 20
"""More than can ever wait decrypted: what one read brings, after the beginning of a record."""


class TlsSocket:
    """TLS over *below*, which it owns from now on. :meth:`handshake` first.

    *peer* is what people call the other side, for sentences about it. With *takes_cuts* an end without a goodbye is an end.
    """

    def __init__(
        self,
        below: socket.socket,
        context: ssl.SSLContext,
        peer: str,
        *,
        server_side: bool = False,
        server_name: str | None = None,
        takes_cuts: bool = False,
    ) -> None:
        self._below, self.peer, self.serving = below, peer, server_side
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_name)
        self._state, self._sending = threading.Lock(), threading.Lock()
        self._unsent = memoryview(b"")
        self._takes_cuts = takes_cuts
        self._early = b""
        self._taken = 0
        self._ended = self._shut = self._closed = False
        self._dry = False
        """Nothing can be decrypted before more comes: not asking OpenSSL spares the exception that says so."""
        self.heard = False
        """Whether anything came from the other side."""

    @property
    def below(self) -> socket.socket:
        return self._below

    @property
    def tls(self) -> ssl.SSLObject:
        """What was negotiated; only to be asked, not to be read from or written to."""
        return self._tls

    def handshake(self, patience_s: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Agree on keys, within *patience_s* altogether (None: no limit). Raises :class:`TlsFault`, TimeoutError, OSError; the
        socket below is the caller's to close then."""
        deadline = None if patience_s is None else clock() + patience_s
        before = self._below.gettimeout()
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if self._ended:
                    raise self._hung_up() from None
            except (ssl.SSLError, ValueError) as error:
                with suppress(OSError):
                    self._flush()  # the alert that says why
                raise self._handshake_fault(error) from error
            else:
                break
            finally:
                if deadline is not None:
                    self._below.settimeout(max(deadline - clock(), 0.001))
            self._flush()
            self._fill()
        self._flush()
        self._below.settimeout(before)

    def _handshake_fault(self, error: Exception) -> TlsFault:
        if isinstance(error, ssl.SSLError):
            return told(error, self.peer, serving=self.serving)
        return TlsFault(_("TLS with {peer} failed: {reason}").format(peer=self.peer, reason=error))

    def _hung_up(self) -> TlsFault:
        if self.serving:
            return TlsFault(_("{peer} hung up during the TLS handshake").format(peer=self.peer))
        return TlsFault(
            _("{peer} hung up during the TLS handshake; perhaps it does not speak TLS on this port").format(peer=self.peer)
        )

    def fileno(self) -> int:
        return self._below.fileno()

    @property
    def family(self) -> socket.AddressFamily:
        return self._below.family

    @property
    def type(self) -> socket.SocketKind:
        return self._below.type

    def getpeername(self) -> Any:
        return self._below.getpeername()

    def getsockname(self) -> Any:
        return self._below.getsockname()

    def getsockopt(self, level: int, option: int) -> int:
        return self._below.getsockopt(level, option)

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        self._below.setsockopt(level, option, value)

    def settimeout(self, seconds: float | None) -> None:
        self._below.settimeout(seconds)

    def gettimeout(self) -> float | None:
        return self._below.gettimeout()

    def setblocking(self, flag: bool) -> None:
        self._below.setblocking(flag)

    def pending(self) -> int:
        """How many bytes wait here that the kernel knows nothing of: while there are any, ``recv`` does not wait. After a
        ``recv`` that asked for 64 KiB or more there are none."""
        with self._state:
            if not self._early:
                with suppress(TlsFault):
                    self._early = self._read(_PIECE_BYTES) or b""
            return len(self._early)

    @property
    def unsent(self) -> bool:
        """Whether records wait for the kernel to take them; :meth:`recv` and :meth:`flush` hand them on once it does."""
        return bool(self._unsent) or self._outgoing.pending > 0

    def recv(self, most_bytes: int, flags: int = 0) -> bytes:
        """Up to *most_bytes*; ``b""`` after the peer's goodbye."""
        data = bytearray(min(most_bytes, _MOST_UNREAD_BYTES))
        return bytes(memoryview(data)[: self.recv_into(data)])

    def recv_into(self, buffer: bytearray | memoryview, most_bytes: int = 0) -> int:
        """The same into *buffer*: how many bytes stand at its beginning then."""
        room = memoryview(buffer)[: most_bytes or None]
        while True:
            with self._state:
                count = self._read_into(room)
            if self.unsent and self._sending.acquire(blocking=False):  # else whoever sends takes them along
                try:
                    with suppress(OSError):  # whoever sends is told; what has come, and may say why, is read first
                        self._flush_all(socket.MSG_DONTWAIT)
                finally:
                    self._sending.release()
            if count is not None:
                return count
            # No more than the next turn can hand over, with the beginning of a record that lies here already: who waits for the
            # kernel to have more would never hear of what is left.
            self._fill(min(max(len(room) - _RECORD_BYTES, _LEAST_PIECE_BYTES), _MOST_PIECE_BYTES))

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:
        """Take some of *data*. Without blocking, BlockingIOError where the kernel takes no more: repeat it with the same bytes
        then, or with these first."""
        self._flush()
        if not self._taken:
            with self._state:
                self._taken = self._write(memoryview(data)[:_MOST_PLAIN_BYTES])
            self._flush()
        taken, self._taken = self._taken, 0
        return taken

    def sendall(self, data: bytes | bytearray | memoryview, flags: int = 0) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest) :]

    def flush(self) -> None:
        """Hand waiting records, such as the goodbye's, to the kernel. Without blocking, BlockingIOError where some are left."""
        self._flush()

    def shutdown(self, how: int) -> None:
        """Say goodbye: nothing more is sent. Receiving goes on, unless *how* says otherwise."""
        if how != socket.SHUT_RD:
            self._say_goodbye()
            try:
                self._flush()
            except BlockingIOError:
                self._flush_soon()
        if how != socket.SHUT_WR:
            self._below.shutdown(how)

    def _flush_soon(self) -> None:
        """Wait a little for the kernel to take a goodbye; after that :meth:`recv` and :meth:`close` try again."""
        waiting = select.poll()
        waiting.register(self._below, select.POLLOUT)
        waiting.poll(_GOODBYE_MS)
        with suppress(BlockingIOError):
            self._flush()

    def close(self) -> None:
        """Once is enough."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError, ValueError):
            self._below.setblocking(False)
            self._say_goodbye()
            self._flush()
            self._drain()
        self._below.close()

    def __enter__(self) -> TlsSocket:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def _drain(self) -> None:
        """Take what came unasked, such as session tickets: a kernel that has unread bytes at close() resets the connection, and
        the peer loses what it had not read yet (RFC 1122 section 4.2.2.13)."""
        left = _MOST_DRAINED_BYTES
        while left > 0:
            piece = self._below.recv(_PIECE_BYTES)
            if not piece:
                return
            left -= len(piece)

    def _read(self, most_bytes: int) -> bytes | None:
        """As :meth:`_read_into`, into bytes of their own; ``b""`` at the peer's goodbye. Under the lock."""
        data = bytearray(most_bytes)
        count = self._read_into(memoryview(data))
        return None if count is None else bytes(memoryview(data)[:count])

    def _read_into(self, room: memoryview) -> int | None:
        """How many bytes could be decrypted into *room*; 0 at the peer's goodbye; None where more has to come first. Under the
        lock."""
        count = min(len(self._early), len(room))
        room[:count] = self._early[:count]
        self._early = self._early[count:]
        while count < len(room) and not self._dry:
            try:
                more = cast(int, self._tls.read(len(room) - count, room[count:]))
            except ssl.SSLWantReadError:
                self._dry = True
                break
            except ssl.SSLZeroReturnError:
                return count
            except ssl.SSLError as error:
                if count:  # what came whole is handed on first; OpenSSL says the same again
                    return count
                raise told(error, self.peer, serving=self.serving) from error
            if not more:
                return count
            count += more
            self._dry = not (self._incoming.pending or self._tls.pending())
        if count or not self._dry:
            return count
        if self._ended and not self._takes_cuts:
            raise TlsTruncated
        return 0 if self._ended else None

    def _write(self, data: memoryview) -> int:
        if self._shut:
            raise BrokenPipeError
        try:
            return self._tls.write(data)
        except ssl.SSLError as error:
            raise told(error, self.peer, serving=self.serving) from error

    def _say_goodbye(self) -> None:
        with self._state:
            if self._shut:
                return
            self._shut = True
            # SSL_shutdown() calls data behind its back an error: what has come is taken in before it.
            with suppress(TlsFault):
                self._early = self._read(_MOST_UNREAD_BYTES) or b""
            with suppress(ssl.SSLError, ValueError):
                self._tls.unwrap()
            self._dry = False  # it may have taken the peer's goodbye in

    def _fill(self, most_bytes: int = _PIECE_BYTES) -> None:
        """Wait for more from the socket."""
        piece = self._below.recv(most_bytes)
        with self._state:
            if piece:
                self.heard = True
                self._incoming.write(piece)
                self._dry = False
            else:
                # OpenSSL is not told: it would take the end of what comes for the end of all, and encrypt no more.
                self._ended = True

    def _flush(self) -> None:
        with self._sending:
            self._flush_all()

    def _flush_all(self, flags: int = 0) -> None:
        """Under the lock of who sends."""
        while True:
            if not self._unsent:
                with self._state:
                    self._unsent = memoryview(self._outgoing.read())
                if not self._unsent:
                    return
            self._unsent = self._unsent[self._below.send(self._unsent, flags) :]
