"""Many clients of one relay, over Unix sockets."""

from __future__ import annotations

import io
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hatoba.netcat import crowd as crowd_module
from hatoba.netcat.console import Console
from hatoba.netcat.crowd import PIECE_BYTES, STALL_S, Crowd, crowd_ways
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import End, Peer, SocketSettings, Transport
from hatoba.netcat.listening import Welcome, listening_sockets
from hatoba.netcat.relay import Relay, RelaySettings
from hatoba.netcat.ways import Streams, Ways
from tests.unit.netcat.talking import Bench, bench, heard

PLAIN = SocketSettings()


@contextmanager
def crowd(
    path: Path, held: Bench, at_once: int = 10, wait_s: float | None = None, **settings: object
) -> Iterator[tuple[End, Ways]]:
    console = settings.pop("console", None) or heard()[0]
    assert isinstance(console, Console)
    end = End(Transport.UNIX, str(path / "socket"))
    with listening_sockets(end, PLAIN, console) as sockets:
        welcome = Welcome(keep_open=True, at_once=at_once, wait_s=wait_s)
        clients = Crowd(end, sockets, console, welcome, **settings)  # type: ignore[arg-type]
        yield end, crowd_ways(clients, Streams(held.source, held.sink))


def call(end: End) -> socket.socket:
    console, _said = heard()
    made = dial(end, PLAIN, console)
    made.settimeout(60)
    return made


def turn(ways: Ways, turns: int = 10) -> None:
    """Let the relay take some turns."""
    for _turn in range(turns):
        ways.receiving.step()
        ways.sending.step()


def test_input_waits_for_somebody_and_goes_to_all(tmp_path: Path) -> None:
    with bench() as held, crowd(tmp_path, held) as (end, ways):
        held.feeds(b"to all")
        turn(ways)
        assert ways.sending.moved_bytes == 0
        assert ways.sending.waits_for()[1] == 0, "the other way waits for clients"
        with call(end) as one, call(end) as two:
            for _client in range(2):
                ways.receiving.step()
            turn(ways)
            assert (one.recv(100), two.recv(100)) == (b"to all", b"to all")


def test_what_anybody_sends_comes_out_and_who_leaves_is_forgotten(tmp_path: Path) -> None:
    with bench() as held, crowd(tmp_path, held) as (end, ways):
        with call(end) as one, call(end) as two:
            one.sendall(b"1")
            two.sendall(b"2")
            turn(ways)
            assert sorted(held.drained()) == sorted(b"12")
        with call(end) as three:
            turn(ways)
            held.feeds(b"still here")
            turn(ways)
            assert three.recv(100) == b"still here"


def test_a_slow_client_loses_nothing_and_others_get_nothing_twice(tmp_path: Path) -> None:
    size = 1_500_000
    with bench() as held, crowd(tmp_path, held) as (end, ways), call(end) as fast, call(end) as slow:
        ways.receiving.step()
        ways.receiving.step()
        data = bytes(range(250)) * (size // 250)
        got: dict[socket.socket, bytes] = {fast: b"", slow: b""}

        def take(connection: socket.socket) -> None:
            while len(got[connection]) < size:
                got[connection] += connection.recv(1 << 16)

        def feed() -> None:
            rest = memoryview(data)
            while rest:
                rest = rest[_write(held.feed, rest) :]

        reader = threading.Thread(target=take, args=(fast,))
        feeder = threading.Thread(target=feed)
        reader.start()
        feeder.start()
        late = threading.Thread(target=take, args=(slow,))
        while ways.sending.moved_bytes < size:
            if ways.sending.step() is None and late.ident is None:
                late.start()
        for thread in (reader, feeder, late):
            if thread.ident is not None:
                thread.join(60)
        if late.ident is None:
            take(slow)
        assert got == {fast: data, slow: data}


def _write(descriptor: int, data: memoryview) -> int:
    return os.write(descriptor, data[:65536])


class FakeClock:
    """Stands still, unless it has no time of its own."""

    def __init__(self) -> None:
        self.now_s: float = 100.0

    def __call__(self) -> float:
        return time.monotonic() if self.now_s is None else self.now_s


def stuck_beside(fast: socket.socket, ways: Ways, feed: int) -> int:
    """Feed until whoever does not read holds up *fast*, who has had so many bytes by then, all that was taken in."""
    fast.setblocking(False)
    os.set_blocking(feed, False)
    heard_bytes = 0
    while True:
        with suppress(BlockingIOError):
            _write(feed, memoryview(bytes(1 << 16)))
        stepped = ways.sending.step()
        with suppress(BlockingIOError):
            while piece := fast.recv(1 << 20):
                heard_bytes += len(piece)
                stepped = 1
        if stepped is None:
            return heard_bytes


def test_who_stops_reading_holds_up_nobody_for_long(tmp_path: Path) -> None:
    clock, said = FakeClock(), io.StringIO()
    with bench() as held, crowd(tmp_path, held, clock=clock, console=Console(said)) as (end, ways):
        assert ways.company is not None
        with call(end) as stuck, call(end) as fast:
            turn(ways)
            before = stuck_beside(fast, ways, held.feed)
            assert ways.company.acts_at_s() == clock.now_s + STALL_S
            clock.now_s += STALL_S - 0.01
            assert stuck_beside(fast, ways, held.feed) == 0
            assert said.getvalue() == ""
            clock.now_s += 0.01
            ways.sending.step()
            assert "reads too slowly and is let go: the others waited 2 s for it\n" in said.getvalue()
            assert ways.company.acts_at_s() == math.inf
            for _piece in range(20):
                with suppress(BlockingIOError):
                    _write(held.feed, memoryview(bytes(1 << 16)))
                assert ways.sending.step()
                assert fast.recv(1 << 20)
            got = 0
            while piece := stuck.recv(1 << 20):
                got += len(piece)
            assert got < before + PIECE_BYTES


def test_who_is_slow_but_goes_on_is_waited_for(tmp_path: Path) -> None:
    clock, said = FakeClock(), io.StringIO()
    with (
        bench() as held,
        crowd(tmp_path, held, clock=clock, console=Console(said)) as (end, ways),
        call(end) as slow,
        call(end) as fast,
    ):
        turn(ways)
        stuck_beside(fast, ways, held.feed)
        for _time in range(5):
            clock.now_s += STALL_S - 0.01
            wanted = 3 * PIECE_BYTES
            while wanted > 0:
                wanted -= len(slow.recv(wanted))
            assert stuck_beside(fast, ways, held.feed) > 0
        assert said.getvalue() == ""


def test_nobody_is_let_go_for_whom_nobody_waits(tmp_path: Path) -> None:
    clock, said = FakeClock(), io.StringIO()
    with bench() as held, crowd(tmp_path, held, clock=clock, console=Console(said)) as (end, ways), call(end) as alone:
        turn(ways)
        os.set_blocking(held.feed, False)
        while True:
            with suppress(BlockingIOError):
                _write(held.feed, memoryview(bytes(1 << 16)))
            if ways.sending.step() is None:
                break
        clock.now_s += 10 * STALL_S
        assert ways.sending.step() is None
        assert said.getvalue() == ""
        assert alone.recv(1 << 16)


def test_the_relay_looks_for_who_stalls_though_nothing_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said = FakeClock(), io.StringIO()
    with (
        bench() as held,
        crowd(tmp_path, held, clock=clock, console=Console(said)) as (end, ways),
        call(end),
        call(end) as fast,
    ):
        turn(ways)
        clock.now_s = time.monotonic() + 0.05
        stuck_beside(fast, ways, held.feed)
        monkeypatch.setattr(crowd_module, "STALL_S", 0.01)
        monkeypatch.setattr(clock, "now_s", None)
        console, _said = heard()
        held.closes_feed()
        ending = Relay(ways, RelaySettings(idle_s=20, quit_after_s=0), console).run()
        assert "is let go" in said.getvalue()
        assert ending.took_s < 20, "only the time that nothing may move woke it"


def test_no_more_clients_than_there_is_room_for(tmp_path: Path) -> None:
    with bench() as held, crowd(tmp_path, held, at_once=1) as (end, ways), call(end) as one, call(end) as two:
        one.sendall(b"1")
        two.sendall(b"2")
        turn(ways)
        assert held.drained() == b"1"
        one.close()
        turn(ways)
        assert held.drained() == b"2"


def test_the_end_of_input_is_told_to_those_who_come_later_too(tmp_path: Path) -> None:
    with bench() as held, crowd(tmp_path, held) as (end, ways), call(end) as early:
        ways.receiving.step()
        held.feeds(b"all")
        console, _said = heard()
        assert Relay(ways, RelaySettings(idle_s=0.02), console).run().idle, "a crowd has no end of its own"
        assert (early.recv(100), early.recv(100)) == (b"all", b"")
        with call(end) as late:
            ways.receiving.step()
            assert late.recv(100) == b""


def test_nobody_is_waited_for_longer_than_that(tmp_path: Path) -> None:
    console, _said = heard()
    with bench() as held, crowd(tmp_path, held, wait_s=0.02) as (end, ways):
        assert ways.company is not None
        ending = Relay(ways, RelaySettings(), console).run()
        assert (ending.deserted, ending.idle, ways.company.came) == (True, False, 0)
        with call(end) as client:
            client.sendall(b"here")
            turn(ways)
            assert Relay(ways, RelaySettings(idle_s=0.05), console).run().idle, "while somebody is there he may be silent"
        ending = Relay(ways, RelaySettings(), console).run()
        assert (ending.deserted, ways.company.came, held.drained()) == (True, 1, b"here")


class _Fickle(socket.socket):
    """As TLS, it has more than the kernel knows of; and nothing can be sent to it."""

    def pending(self) -> int:
        return 1

    def send(self, *_data: object) -> int:
        raise BrokenPipeError


def test_who_is_lost_while_more_of_his_is_to_come_is_forgotten_altogether(tmp_path: Path) -> None:
    def wrap(connection: socket.socket, _peer: Peer, _console: Console) -> socket.socket:
        return _Fickle(fileno=connection.detach())

    with bench() as held, crowd(tmp_path, held, wrap=wrap) as (end, ways), call(end) as client:
        client.sendall(b"last words")
        while not ways.receiving.moved_bytes:
            ways.receiving.step()
        held.feeds(b"to all")
        ways.sending.step()
        assert client.recv(10) == b""
        turn(ways)
        assert held.drained() == b"last words"


def test_a_handshake_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    wrapped = threading.Event()

    def wrap(connection: socket.socket, _peer: Peer, _console: Console) -> socket.socket:
        if connection.recv(1) == b"!":
            wrapped.set()
            raise OSError("no handshake")
        wrapped.set()
        return connection

    with bench() as held, crowd(tmp_path, held, wrap=wrap) as (end, ways), call(end) as slow, call(end) as quick:
        turn(ways)
        quick.sendall(b"khello")
        assert wrapped.wait(60)
        while not (out := held.drained()):
            turn(ways)
        assert out == b"hello"
        slow.sendall(b"!")
        assert slow.recv(10) == b""
