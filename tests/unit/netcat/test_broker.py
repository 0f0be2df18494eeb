"""Many talk to many: who hears what, who waits for whom, and who is let go."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Queue

import pytest

from hatoba.netcat.broker import HIGH_BYTES, PIECE_BYTES, STALL_S, Broker, Member, Plain
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer
from hatoba.netcat.tls import TlsSettings
from tests.unit.netcat.tls_pairs import PATIENCE_S, handshake


class Noticing(Plain):
    """Tells who is in, and so hears what the others say."""

    def __init__(self, arrivals: Queue[str]) -> None:
        self._arrivals = arrivals

    def joined(self, member: Member, present: Iterable[Member]) -> bytes:
        self._arrivals.put(str(member.peer))
        return b""


class Room:
    """A broker, with members that are called by letters; *clock* is turned by hand."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.now_s = 0.0
        self.text = io.StringIO()
        self.console = Console(self.text, verbosity=1)
        self.arrivals: Queue[str] = Queue()
        self.broker = Broker(self.console, Noticing(self.arrivals), clock=lambda: self.now_s)
        self.ends: dict[str, Future[None]] = {}
        self._pool = pool

    def enter(self, name: str, theirs: object = None) -> socket.socket:
        ours, given = socket.socketpair() if theirs is None else (None, theirs)
        self.ends[name] = self._pool.submit(self._stay, given, Peer(name))
        if ours is not None:
            ours.settimeout(PATIENCE_S)
        assert self.arrivals.get(timeout=PATIENCE_S) == name
        return ours  # type: ignore[return-value]

    def _stay(self, connection: socket.socket, peer: Peer) -> None:
        try:
            self.broker(connection, peer, self.console)
        finally:
            connection.close()


@pytest.fixture
def room() -> Iterator[Room]:
    with ThreadPoolExecutor(16) as pool:
        made = Room(pool)
        yield made
        made.broker.close()


def heard(member: socket.socket, count: int) -> bytes:
    parts = []
    while count > 0 and (part := member.recv(min(count, 1 << 20))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def test_all_others_hear_what_one_says(room: Room) -> None:
    a, b, c = (room.enter(name) for name in "abc")
    a.sendall(b"hello")
    assert (heard(b, 5), heard(c, 5)) == (b"hello", b"hello")
    c.sendall(b"moin")
    assert (heard(a, 4), heard(b, 4)) == (b"moin", b"moin")


def test_who_ends_is_let_go_and_the_others_go_on(room: Room) -> None:
    a, b, c = (room.enter(name) for name in "abc")
    a.sendall(b"last words")
    a.shutdown(socket.SHUT_WR)
    assert heard(b, 10) == b"last words"
    assert a.recv(10) == b""
    room.ends["a"].result(PATIENCE_S)
    b.close()
    c.sendall(b"anybody?")
    assert isinstance(room.ends["b"].exception(PATIENCE_S), OSError | None)
    d = room.enter("d")
    c.sendall(b"yes")
    assert heard(d, 3) == b"yes"


def test_a_fast_speaker_goes_at_the_slowest_listeners_pace_and_nothing_is_lost(room: Room) -> None:
    much = os.urandom(1 << 16) * 200
    a, b, c = (room.enter(name) for name in "abc")
    with ThreadPoolExecutor(3) as pool:
        speaking = pool.submit(a.sendall, much)
        listening = [pool.submit(heard, one, len(much)) for one in (b, c)]
        speaking.result(PATIENCE_S)
        assert [one.result(PATIENCE_S) == much for one in listening] == [True, True]


def test_who_does_not_read_is_let_go_and_the_others_lose_nothing(room: Room) -> None:
    much = os.urandom(1 << 16) * 64
    speaker, reader, _sleeper = (room.enter(name) for name in ("speaker", "reader", "sleeper"))
    _first, awake, asleep = room.broker._members

    def once_one_alone_is_behind() -> float:
        """Asked in the broker's own thread, so that nobody else falls behind between this look and the broker's."""
        if asleep.behind_since_s is not None and awake.behind_since_s is None:
            room.now_s = STALL_S
        return room.now_s

    room.broker._clock = once_one_alone_is_behind
    with ThreadPoolExecutor(2) as pool:
        speaking = pool.submit(speaker.sendall, much)
        listening = pool.submit(heard, reader, len(much))
        while not room.ends["sleeper"].done():
            # The others may talk all the time; only who has said too much has to wait.
            reader.sendall(b"?") if asleep.waiting_bytes < HIGH_BYTES else room.broker._wake.send(b"!")
        speaking.result(PATIENCE_S)
        assert listening.result(PATIENCE_S) == much
    assert "sleeper reads too slowly and is let go" in room.text.getvalue()


def test_memory_is_bounded(room: Room) -> None:
    """Nobody reads, and three speak as much as they can: what waits for each is the limit and one piece from each."""
    members = [room.enter(name) for name in "abc"]
    for member in members:
        member.setblocking(False)
    full = 0
    most = 0
    while full < 2000 or most <= HIGH_BYTES:  # the broker's thread takes what it will, when it will
        for member in members:
            try:
                member.send(b"x" * PIECE_BYTES)
                full = 0
            except BlockingIOError:
                full += 1
        most = max(most, *(one.waiting_bytes for one in room.broker._members))
    assert HIGH_BYTES < most <= HIGH_BYTES + len(members) * PIECE_BYTES


def test_the_brokers_own_user_waits_as_well(room: Room) -> None:
    a = room.enter("a")
    read_end, write_end = os.pipe()
    room.broker.say_all_of(read_end)
    much = os.urandom(1 << 16) * 40
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(_write_all, write_end, much)
        assert heard(a, len(much)) == much
        writing.result(PATIENCE_S)
    os.close(write_end)
    room.broker.say(b"still here")
    assert heard(a, 10) == b"still here"


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def test_tls_members(room: Room) -> None:
    much = os.urandom(1 << 16) * 40
    pair = handshake(TlsSettings(), TlsSettings())
    room.enter("tls", pair.server)
    plain = room.enter("plain")
    with ThreadPoolExecutor(1) as pool:
        speaking = pool.submit(plain.sendall, much)
        assert heard(pair.client, len(much)) == much  # type: ignore[arg-type]
        speaking.result(PATIENCE_S)
        speaking = pool.submit(pair.client.sendall, much)
        assert heard(plain, len(much)) == much
        speaking.result(PATIENCE_S)
    pair.client.close()
    room.ends["tls"].result(PATIENCE_S)


def test_a_connection_that_breaks_off_is_a_fault_of_its_own(room: Room) -> None:
    pair = handshake(TlsSettings(), TlsSettings())
    room.enter("tls", pair.server)
    other = room.enter("other")
    pair.client.below.close()
    with pytest.raises(OSError, match=r"goodbye|reset"):
        room.ends["tls"].result(PATIENCE_S)
    late = room.enter("late")
    late.sendall(b"x")
    assert heard(other, 1) == b"x"


class Announcing(Plain):
    def left(self, member: Member) -> bytes:
        return f"{member.peer} left\n".encode()


def test_many_that_vanish_at_once() -> None:
    """A farewell finds the next one gone: that must not go deeper each time. The test takes the turns itself."""
    broker = Broker(Console(None), Announcing())
    pairs = [socket.socketpair() for _each in range(400)]
    for number, (_ours, theirs) in enumerate(pairs):
        theirs.setblocking(False)
        broker._newcomers.append(Member(theirs, Peer(f"m{number}"), number))
    broker._wake.send(b"!")
    broker.turn()
    assert len(broker._members) == 400
    for ours, _theirs in pairs[1:]:
        ours.close()
    pairs[0][0].sendall(b"anybody?")
    farewells = b""
    pairs[0][0].setblocking(False)
    while farewells.count(b"left") < 399:
        broker._wake.send(b"!")
        broker.turn()
        with suppress(BlockingIOError):
            farewells += pairs[0][0].recv(1 << 20)
    assert [str(one.peer) for one in broker._members] == ["m0"]
    for end in (pairs[0][0], *(theirs for _ours, theirs in pairs)):
        end.close()
    broker.close()
