"""Many talk to many: what one connection says, all others hear (``--broker``; with names and in lines, ``--chat``).

A broker is a handler; one thread serves all its connections. None of them can hold up the others for long, or fill the memory:

* What a member has not taken yet waits for it. Who said something while more than :data:`HIGH_BYTES` wait for somebody is not
  listened to until that has fallen to :data:`LOW_BYTES`: a fast speaker goes at the pace of the slowest listener, without loss.
* A member that leaves so much waiting for :data:`STALL_S` is let go. The others lose nothing, and are held up by it no more.

So for each member no more than :data:`HIGH_BYTES` and one piece from each of the others ever wait; all share the same bytes.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from hatoba.messages import _
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer

HIGH_BYTES = 1 << 20
LOW_BYTES = 1 << 18
STALL_S = 2.0
PIECE_BYTES = 1 << 16


class Voice(Protocol):
    """How what is said sounds to the others. None of these keeps more than a line."""

    def joined(self, member: Member, present: Iterable[Member]) -> bytes:
        """What everybody hears when *member* comes; *present* are those who were there."""

    def said(self, member: Member | None, data: bytes) -> bytes:
        """What the others hear when *member*, or the broker's own user, says *data*; nothing yet, perhaps."""

    def left(self, member: Member) -> bytes:
        """What the others hear when *member* goes."""


class Plain:
    """A :class:`Voice`: bytes as they are."""

    def joined(self, member: Member, present: Iterable[Member]) -> bytes:
        return b""

    def said(self, member: Member | None, data: bytes) -> bytes:
        return data

    def left(self, member: Member) -> bytes:
        return b""


class Member:
    """One connection of a broker."""

    def __init__(self, connection: socket.socket, peer: Peer, number: int) -> None:
        self.connection, self.peer = connection, peer
        self.number = number
        """Counts from 1; nobody has the same one twice."""
        self.waiting: deque[memoryview] = deque()
        self.waiting_bytes = 0
        self.behind_since_s: float | None = None
        """Since when more than HIGH_BYTES have waited, without falling to LOW_BYTES in between."""
        self.held_up = False
        """Not listened to until the others have caught up."""
        self.leaving_since_s: float | None = None
        """It says no more, and goes when it has taken what waits for it."""
        self.gone = threading.Event()
        self.fault: OSError | None = None

    @property
    def stalled_since_s(self) -> float | None:
        return self.behind_since_s if self.leaving_since_s is None else self.leaving_since_s

    def take(self) -> None:
        """Hand over what waits, as far as it goes. Raises OSError where the connection has broken off."""
        try:
            while self.waiting:
                sent = self.connection.send(self.waiting[0])
                self.waiting_bytes -= sent
                if sent < len(self.waiting[0]):
                    self.waiting[0] = self.waiting[0][sent:]
                else:
                    self.waiting.popleft()
        except BlockingIOError:
            return


class Broker:
    """A handler (:data:`hatoba.netcat.ends.Handler`) whose connections hear one another; each stays until its peer has had
    enough. :meth:`close` ends it."""

    def __init__(self, console: Console, voice: Voice | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._voice, self._clock = console, voice or Plain(), clock
        self._members: list[Member] = []
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._newcomers: list[Member] = []
        self._own_words: deque[bytes] = deque()
        self._own_turn = threading.Semaphore(1)
        self._farewells: deque[bytes] = deque()
        self._count = 0
        self._closing = False
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread: threading.Thread | None = None

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        """Take *connection* in; returns when it is over. Raises OSError where it broke off."""
        connection.setblocking(False)
        with self._lock:
            self._count += 1
            member = Member(connection, peer, self._count)
            self._newcomers.append(member)
        self._wake_up()
        member.gone.wait()
        if member.fault is not None:
            raise member.fault

    def say(self, data: bytes) -> None:
        """Say something to all; waits while they have not caught up with what was said before."""
        self._own_turn.acquire()
        self._own_words.append(data)
        self._wake_up()

    def say_all_of(self, descriptor: int) -> None:
        """Say what *descriptor* (standard input) holds, to its end, in a thread of its own."""

        def read() -> None:
            with suppress(OSError):
                while data := os.read(descriptor, PIECE_BYTES):
                    self.say(data)

        threading.Thread(target=read, daemon=True).start()

    def close(self) -> None:
        """Let everybody go."""
        self._closing = True
        self._wake_up()
        if self._thread is not None:
            self._thread.join()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _wake_up(self) -> None:
        """Have the thread that serves all look at what is new."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True)
                self._thread.start()
        self._wake.send(b"!")

    def _serve(self) -> None:
        while not self._closing:
            self.turn()
        for member in list(self._members):
            self._let_go(member)

    def turn(self) -> None:
        """Wait until something can be done, and do it once."""
        for key, events in self._selector.select(self._patience_s()):
            member = key.data
            if member is None:
                self._hear_ourselves()
            elif member in self._members:
                if events & selectors.EVENT_WRITE:
                    self._hand_over(member)
                if events & selectors.EVENT_READ and member in self._members:
                    self._listen(member)
        self._end_stalls()
        while self._farewells:
            self._tell(self._farewells.popleft(), None)
        self._resume()

    def _hear_ourselves(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(PIECE_BYTES)
        with self._lock:
            newcomers, self._newcomers = self._newcomers, []
        for member in newcomers:
            self._selector.register(member.connection, selectors.EVENT_READ, member)
            present, self._members = self._members, [*self._members, member]
            self._console.detail(
                _("{peer} joined the broker; members: {count}").format(peer=member.peer, count=len(self._members))
            )
            self._tell(self._voice.joined(member, present), None)
        self._say_own_words()

    def _say_own_words(self) -> None:
        while self._own_words and not self._somebody_waits(HIGH_BYTES, None):
            self._tell(self._voice.said(None, self._own_words.popleft()), None)
            self._own_turn.release()

    def _listen(self, member: Member) -> None:
        try:
            data = member.connection.recv(PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError as fault:
            self._let_go(member, fault)
            return
        if not data:
            member.leaving_since_s = self._clock()
            self._hand_over(member)
            return
        self._tell(self._voice.said(member, data), member)
        member.held_up = self._somebody_waits(HIGH_BYTES, member)
        self._watch(member)

    def _tell(self, data: bytes, speaker: Member | None) -> None:
        """Have all but *speaker* hear *data*."""
        if not data:
            return
        shared = memoryview(data)
        for member in list(self._members):
            if member is speaker or member.leaving_since_s is not None:
                continue
            member.waiting.append(shared)
            member.waiting_bytes += len(shared)
            if len(member.waiting) == 1:
                self._hand_over(member)
            if member.waiting_bytes > HIGH_BYTES and member.behind_since_s is None:
                member.behind_since_s = self._clock()

    def _hand_over(self, member: Member) -> None:
        try:
            member.take()
        except OSError as fault:
            self._let_go(member, fault)
            return
        if member.waiting_bytes <= LOW_BYTES:
            member.behind_since_s = None
        if member.leaving_since_s is not None and not member.waiting:
            self._let_go(member)
        else:
            self._watch(member)

    def _watch(self, member: Member) -> None:
        """Wait for what *member* needs next."""
        if member not in self._members:
            return
        listens = not member.held_up and member.leaving_since_s is None
        wanted = (selectors.EVENT_READ if listens else 0) | (selectors.EVENT_WRITE if member.waiting else 0)
        known = self._selector.get_map().get(member.connection.fileno())
        if known is None:
            if wanted:
                self._selector.register(member.connection, wanted, member)
        elif not wanted:
            self._selector.unregister(member.connection)
        elif wanted != known.events:
            self._selector.modify(member.connection, wanted, member)

    def _let_go(self, member: Member, fault: OSError | None = None) -> None:
        """End with *member*; its connection is closed by whoever called the handler."""
        if member not in self._members:
            return
        self._members.remove(member)
        with suppress(KeyError):
            self._selector.unregister(member.connection)
        # Said to the others at the end of the turn: to say it here could find the next one gone, and so on without end.
        self._farewells.append(self._voice.left(member))
        member.waiting.clear()
        member.fault = fault
        member.gone.set()

    def _somebody_waits(self, bytes_count: int, speaker: Member | None) -> bool:
        return any(member.waiting_bytes > bytes_count for member in self._members if member is not speaker)

    def _resume(self) -> None:
        for member in self._members:
            if member.held_up and not self._somebody_waits(LOW_BYTES, member):
                member.held_up = False
                self._watch(member)
        self._say_own_words()

    def _end_stalls(self) -> None:
        now_s = self._clock()
        for member in list(self._members):
            since_s = member.stalled_since_s
            if since_s is not None and now_s - since_s >= STALL_S:
                self._console.tell(
                    _("{peer} reads too slowly and is let go: {count} bytes waited for it").format(
                        peer=member.peer, count=member.waiting_bytes
                    )
                )
                self._let_go(member)

    def _patience_s(self) -> float | None:
        """How long to wait at most: until the next stall has lasted too long."""
        stalls = [member.stalled_since_s for member in self._members]
        earliest = min((since_s for since_s in stalls if since_s is not None), default=None)
        return None if earliest is None else max(0.0, earliest + STALL_S - self._clock())
