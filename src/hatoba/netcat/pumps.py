"""How bytes get from one descriptor to another: inside the kernel where it can do that, through memory otherwise.

A pump moves bytes one way. ``step()`` moves what can be moved at once and returns how many bytes that were, 0 at the end of the
source, None where it has to wait: then ``waits_for()`` is the descriptor to wait for, and for what.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import stat
import time
import weakref
from collections.abc import Callable
from typing import Protocol

CHUNK_BYTES = 1 << 20
"""The most that one step moves: large enough that the system calls don't count, small enough that both ways get their turn."""

_WIDEN_AFTER_BYTES = 4 << 20
"""A pipe gets a larger buffer only once so much went through: the kernel rations them by user (pipe(7))."""


class Pump(Protocol):
    moved_bytes: int
    ready_at_s: float
    """Not to be asked before (``time.monotonic``)."""

    @property
    def holds(self) -> bool:
        """Whether it holds something that it has read and not written."""

    def step(self) -> int | None: ...

    def waits_for(self) -> tuple[int, int]: ...


class _InKernel:
    """What splice and sendfile have in common. The kernel says that it can't go on, and not whether the source is empty or the
    sink is full: so the sink is asked. Waiting for the wrong one would be no waiting at all."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._waits_for_sink = False
        self._sink_poll = select.poll()
        self._sink_poll.register(sink, select.POLLOUT)
        self._widened = False
        self.moved_bytes = 0
        self.ready_at_s = 0.0

    def step(self) -> int | None:
        try:
            moved = self._move()
        except BlockingIOError:
            self._waits_for_sink = not self._sink_poll.poll(0)
            return None
        self._waits_for_sink = False
        self.moved_bytes += moved
        if self.moved_bytes > _WIDEN_AFTER_BYTES and not self._widened:
            self._widened = True
            _widen(self._source)
            _widen(self._sink)
        return moved

    @property
    def holds(self) -> bool:
        return False

    def _move(self) -> int:
        raise NotImplementedError

    def waits_for(self) -> tuple[int, int]:
        return (self._sink, select.POLLOUT) if self._waits_for_sink else (self._source, select.POLLIN)


class Splicing(_InKernel):
    """From or to a pipe (splice(2)). The other side is a non-blocking stream socket."""

    def _move(self) -> int:
        return os.splice(self._source, self._sink, CHUNK_BYTES, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)


class SendingFile(_InKernel):
    """From a file, from where it stands, to a non-blocking stream socket (sendfile(2)). A file that only looks like one on a
    disk (in /proc) may not be sent so: then *spare* makes the pump that takes over."""

    def __init__(self, source: int, sink: int, spare: Callable[[], Copying]) -> None:
        super().__init__(source, sink)
        self._spare = spare
        self._instead: Copying | None = None

    def step(self) -> int | None:
        if self._instead is None:
            return super().step()
        moved = self._instead.step()
        self.moved_bytes = self._instead.moved_bytes
        return moved

    @property
    def holds(self) -> bool:
        return self._instead is not None and self._instead.holds

    def waits_for(self) -> tuple[int, int]:
        return super().waits_for() if self._instead is None else self._instead.waits_for()

    def _move(self) -> int:
        try:
            return os.sendfile(self._sink, self._source, None, CHUNK_BYTES)
        except OSError as error:
            if error.errno != errno.EINVAL or self.moved_bytes:
                raise
        self._instead = self._spare()
        raise BlockingIOError


Read = Callable[[memoryview], int | None]
"""Fills the buffer from its beginning; 0 at the end, None where there is nothing now."""

Write = Callable[[memoryview], int | None]
"""Takes so many bytes, from the beginning; None where it takes none now."""

Filter = Callable[[memoryview], memoryview]
"""Sees each piece that passes, once and in order; what it returns is passed on."""


class Copying:
    """Through memory: *read* fills a buffer and *write* takes from one, each None where it must wait for its descriptor;
    *change*, where given, sees each piece once, and what it returns is written. At most *piece_bytes* are read at once. With
    *line_delay_s* lines go one by one, with a pause after each."""

    def __init__(
        self,
        source: int,
        read: Read,
        sink: int,
        write: Write,
        *,
        change: Filter | None = None,
        piece_bytes: int = CHUNK_BYTES,
        line_delay_s: float = 0.0,
    ) -> None:
        self._source = source
        self._sink = sink
        self._read = read
        self._write = write
        self._change = change
        self._line_delay_s = line_delay_s
        self._buffer = memoryview(bytearray(piece_bytes))
        self._unchanged = self._buffer[:0]
        self._rest = self._buffer[:0]
        self._waits_for_sink = False
        self.moved_bytes = 0
        self.ready_at_s = 0.0

    def step(self) -> int | None:
        if not self._rest:
            count = self._fill()
            if not count or not self._rest:
                self._waits_for_sink = False
                return count
        written = self._write(self._rest)
        self._waits_for_sink = written is None
        if written is None:
            return None
        self._rest = self._rest[written:]
        self.moved_bytes += written
        if self._line_delay_s and not self._rest:
            self.ready_at_s = time.monotonic() + self._line_delay_s
        return written

    @property
    def holds(self) -> bool:
        return bool(self._rest) or bool(self._unchanged)

    def _fill(self) -> int | None:
        """Put the next piece where it is written from; what is returned is as of a step."""
        if not self._unchanged:
            count = self._read(self._buffer)
            if not count:
                return count
            self._unchanged = self._buffer[:count]
        piece = self._unchanged
        if self._line_delay_s:
            piece = piece[: bytes(piece).find(b"\n") + 1 or len(piece)]
        self._unchanged = self._unchanged[len(piece) :]
        self._rest = piece if self._change is None else self._change(piece)
        return len(piece)

    def waits_for(self) -> tuple[int, int]:
        return (self._sink, select.POLLOUT) if self._waits_for_sink else (self._source, select.POLLIN)


def reading(descriptor: int) -> Read:
    """Read a descriptor without being held up while there is nothing, and without making it non-blocking."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)

    def read(buffer: memoryview) -> int | None:
        if not waiting.poll(0):
            return None
        try:
            return os.readv(descriptor, [buffer])
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno == errno.EIO:  # the terminal is gone, or its shell is
                return 0
            raise

    return read


def writing(descriptor: int) -> Write:
    """Write to a descriptor without being held up by a pipe or socket that is full, and without making it non-blocking: whoever
    shares it would be surprised (fcntl(2), "Open file descriptions")."""
    if is_pipe(descriptor):
        return _Funnel(descriptor).write
    if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        peer = socket.socket(fileno=os.dup(descriptor))
        return lambda data: _sent_now(peer, data)
    return lambda data: os.write(descriptor, data)


def _sent_now(peer: socket.socket, data: memoryview) -> int | None:
    try:
        return peer.send(data, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None


class _Funnel:
    """Into a pipe of our own, and from there by splice, which alone can be told not to wait.

    What stands in our pipe is the beginning of what the next call brings again, for only what left it was said to be written.
    """

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        weakref.finalize(self, _close, self._out, self._in)
        self._held = 0

    def write(self, data: memoryview) -> int | None:
        if not self._held:
            self._held = os.write(self._in, data)
        try:
            moved = os.splice(self._out, self._sink, self._held, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            return None
        self._held -= moved
        return moved


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def receiving(connection: socket.socket) -> Read:
    """Read a non-blocking connection, a TLS one too."""

    def read(buffer: memoryview) -> int | None:
        try:
            return connection.recv_into(buffer)
        except OSError as error:
            if _waits(error):
                return None
            raise

    return read


def sending(connection: socket.socket) -> Write:
    """Write to a non-blocking connection, a TLS one too."""

    def write(data: memoryview) -> int | None:
        try:
            return connection.send(data)
        except OSError as error:
            if _waits(error):
                return None
            raise

    return write


def _waits(error: OSError) -> bool:
    # TLS says by classes of its own that it waits; asking for them by name spares importing ssl where there is none of it.
    return isinstance(error, BlockingIOError) or type(error).__name__ in ("SSLWantReadError", "SSLWantWriteError")


def is_pipe(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _widen(descriptor: int) -> None:
    if is_pipe(descriptor):
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)
        except OSError:
            return  # more than this user may have
