"""What ends when: the table of docs/nc.md, each row as it happens on a connection."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from hatoba.errors import OutputError, UsageError
from hatoba.netcat.datagrams import datagram_ways
from hatoba.netcat.ends import Cut, OutputClosed
from hatoba.netcat.pumps import Copying
from hatoba.netcat.relay import AtPeerEnd, Ending, Relay, RelaySettings
from hatoba.netcat.tls import TlsSettings
from hatoba.netcat.ways import Streams, stream_ways
from tests.unit.netcat.talking import Bench, bench, heard
from tests.unit.netcat.tls_pairs import handshake

IDLE_S = 0.02
"""A relay that is meant to go on for ever ends by this, and says so."""

LIMIT_S = 60.0
"""One that is not meant to would end by this."""


def relay(held: Bench, *, source: int | None = None, sink: int | None = None, **settings: object) -> Ending:
    console, _said = heard()
    streams = Streams(held.source if source is None else source, held.sink if sink is None else sink)
    ways = stream_ways(held.ours, streams)
    return Relay(ways, RelaySettings(**{"idle_s": LIMIT_S, **settings}), console).run()  # type: ignore[arg-type]


def test_both_ends_end_and_everything_arrived() -> None:
    with bench() as held:
        held.feeds(b"question")
        held.peer.sendall(b"answer")
        held.peer.shutdown(socket.SHUT_WR)
        ending = relay(held)
        assert (held.peer_heard(), held.drained()) == (b"question", b"answer")
        assert (ending.sent_bytes, ending.received_bytes, ending.fault, ending.idle) == (8, 6, None, False)


def test_the_end_of_input_is_told_to_the_peer_and_we_go_on_listening() -> None:
    with bench() as held:
        held.feeds(b"question")
        assert relay(held, idle_s=IDLE_S).idle
        assert held.peer_heard() == b"question"


def test_without_half_close_the_peer_is_not_told() -> None:
    with bench() as held:
        held.feeds(b"question")
        console, said = heard(explaining=True)
        ways = stream_ways(held.ours, Streams(held.source, held.sink))
        assert Relay(ways, RelaySettings(half_close=False, idle_s=IDLE_S), console).run().idle
        assert held.peer_heard() == b"question..."
        assert "our input ended; the peer is not told" in said.getvalue()


def test_after_the_end_of_input_one_may_quit_at_once() -> None:
    with bench() as held:
        held.feeds(b"question")
        assert not relay(held, quit_after_s=0.0, idle_s=None).idle
        assert held.peer_heard() == b"question"


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_what_is_left_of_input_is_sent_after_the_peer_ended(kind: str, tmp_path: Path) -> None:
    with bench() as held:
        held.peer.shutdown(socket.SHUT_WR)
        if kind == "pipe":
            held.feeds(b"late")
            assert not relay(held).idle
        else:
            (tmp_path / "input").write_bytes(b"late")
            with (tmp_path / "input").open("rb", buffering=0) as file:
                assert not relay(held, source=file.fileno()).idle
        assert held.peer_heard() == b"late"


def test_what_is_left_of_input_is_sent_to_a_peer_that_was_cut_short_too() -> None:
    with bench() as held:
        held.feeds(b"late")

        def cut(_buffer: memoryview) -> int:
            raise Cut(errno.EPROTO, "the peer said no goodbye")

        console, said = heard()
        ways = stream_ways(held.ours, Streams(held.source, held.sink))
        cut_short = dataclasses.replace(ways, receiving=Copying(held.ours.fileno(), cut, held.sink, len))
        ending = Relay(cut_short, RelaySettings(), console).run()
        assert isinstance(ending.fault, Cut)
        assert held.peer_heard() == b"late"
        assert console.finished(ending) == 1
        assert said.getvalue() == "hatoba: the peer said no goodbye\n"


def test_an_idle_pipe_is_waited_for_after_the_peer_ended() -> None:
    with bench() as held:
        held.peer.shutdown(socket.SHUT_WR)
        assert relay(held, idle_s=IDLE_S).idle


def test_one_may_quit_when_the_peer_ends() -> None:
    with bench() as held:
        held.peer.shutdown(socket.SHUT_WR)
        assert not relay(held, at_peer_end=AtPeerEnd.QUIT, idle_s=None).idle


def test_at_a_terminal_the_end_of_the_peer_is_the_end() -> None:
    master, terminal = os.openpty()
    try:
        with bench() as held:
            held.peer.sendall(b"goodbye")
            held.peer.shutdown(socket.SHUT_WR)
            assert not relay(held, source=terminal, idle_s=None).idle
            assert held.drained() == b"goodbye"
    finally:
        os.close(master)
        os.close(terminal)


def test_at_a_terminal_too_one_may_stay() -> None:
    master, terminal = os.openpty()
    try:
        with bench() as held:
            held.peer.shutdown(socket.SHUT_WR)
            assert relay(held, source=terminal, at_peer_end=AtPeerEnd.DRAIN, idle_s=IDLE_S).idle
    finally:
        os.close(master)
        os.close(terminal)


def test_datagrams_are_listened_to_after_the_end_of_input() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        held.feeds(b"question")
        held.peer.send(b"answer")
        console, said = heard(explaining=True)
        ways = datagram_ways(held.ours, Streams(held.source, held.sink))
        assert Relay(ways, RelaySettings(idle_s=IDLE_S), console).run().idle
        assert held.drained() == b"answer"
        assert "the peer is not told" in said.getvalue()


def test_receiving_only_reads_no_input() -> None:
    with bench() as held:
        held.feeds(b"stays here")
        held.peer.sendall(b"data")
        held.peer.shutdown(socket.SHUT_WR)
        assert not relay(held, sends=False, idle_s=None).idle
        assert (held.peer_heard(), held.drained()) == (b"...", b"data")
        assert os.read(held.source, 100) == b"stays here"


def test_sending_only_takes_what_comes_and_keeps_nothing_of_it() -> None:
    with bench() as held:
        held.feeds(b"data")
        held.peer.sendall(b"never asked for")
        console, _said = heard()
        ways = stream_ways(held.ours, Streams(held.source, held.sink, discards=True))
        ending = Relay(ways, RelaySettings(receives=False), console).run()
        assert ending.fault is None
        assert (held.peer_heard(), held.drained()) == (b"data", b"")


def test_a_reset_is_the_networks_fault() -> None:
    with bench() as held:
        held.ours.sendall(b"unread")
        held.peer.close()  # with something unread, a Unix socket resets
        ending = relay(held)
        assert isinstance(ending.fault, ConnectionResetError)


def test_a_peer_that_takes_no_more_is_told_apart_from_an_end() -> None:
    with bench() as held:
        held.peer.sendall(b"last words")
        held.peer.close()
        held.feeds(b"too late")
        ending = relay(held)
        assert isinstance(ending.fault, BrokenPipeError)
        assert held.drained() == b"last words", "what it said before is not lost"


def test_output_that_nobody_reads_is_no_fault_of_the_peer() -> None:
    for change in (None, lambda data: data):
        with bench() as held:
            held.peer.sendall(b"data")
            os.close(held.drain)
            held.drain = -1
            console, _said = heard()
            ways = stream_ways(held.ours, Streams(held.source, held.sink, received=change))
            with pytest.raises(OutputClosed):
                Relay(ways, RelaySettings(), console).run()
    reader, writer = socket.socketpair()
    reader.close()
    with bench() as held, writer:
        held.peer.sendall(b"data")
        with pytest.raises(OutputClosed):
            relay(held, sink=writer.fileno())


def test_a_full_disk_is_told_as_such() -> None:
    with bench() as held, open("/dev/full", "wb", buffering=0) as full:
        held.peer.sendall(b"data")
        with pytest.raises(OutputError, match="standard output can't be written: No space left on device"):
            relay(held, sink=full.fileno())


def test_input_that_cannot_be_read_is_told_as_such(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with bench() as held, pytest.raises(UsageError, match="standard input can't be read: Is a directory"):
            relay(held, source=folder)
    finally:
        os.close(folder)


@pytest.mark.parametrize("full", [False, True])
def test_it_waits_while_nothing_can_go_on(full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []
    wait = Relay._wait

    def counted(self: Relay, seconds: float) -> None:
        waits.append(seconds)
        wait(self, seconds)

    monkeypatch.setattr(Relay, "_wait", counted)
    with bench() as held:
        if full:
            os.set_blocking(held.sink, False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(held.sink, bytes(4096))
            held.peer.sendall(b"no room for it")
        assert relay(held, idle_s=IDLE_S).idle
    assert len(waits) < 5


class Counted:
    """A pump that counts its steps, and does something at the first."""

    def __init__(self, pump: Any, at_first: Callable[[], object] = lambda: None) -> None:
        self._pump, self._at_first = pump, at_first
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pump, name)

    def step(self) -> int | None:
        self.steps += 1
        if self.steps == 1:
            self._at_first()
        moved: int | None = self._pump.step()
        return moved


def test_nothing_is_tried_in_vain_but_what_may_have_more() -> None:
    """Each try that fails costs more than all the rest of a small message."""
    with bench() as held:
        held.peer.sendall(b"first")
        ways = stream_ways(held.ours, Streams(held.source, held.sink))
        sending, receiving = Counted(ways.sending, lambda: held.peer.sendall(b"second")), Counted(ways.receiving)
        console, _said = heard()
        counted = dataclasses.replace(ways, sending=sending, receiving=receiving)
        assert Relay(counted, RelaySettings(idle_s=IDLE_S), console).run().idle
        assert held.drained() == b"firstsecond"
    assert (receiving.steps, sending.steps) == (3, 2), "the last one of each is when the time is over"


def test_what_waits_where_the_kernel_does_not_see_it_is_not_waited_for() -> None:
    """A few bytes and the goodbye of TLS come in one piece: the second is in memory when the first is read."""
    pair = handshake(TlsSettings(), TlsSettings())
    with bench() as held, pair.client, pair.server:
        pair.server.sendall(b"a few")
        pair.server.shutdown(socket.SHUT_WR)
        console, _said = heard()
        ways = stream_ways(cast(socket.socket, pair.client), Streams(held.source, held.sink))
        ending = Relay(ways, RelaySettings(at_peer_end=AtPeerEnd.QUIT, idle_s=LIMIT_S), console).run()
        assert (held.drained(), ending.took_s < LIMIT_S) == (b"a few", True)


def test_much_goes_both_ways_at_once_through_small_buffers() -> None:
    import threading

    size = 3_000_000
    with bench() as held:
        threads = [
            threading.Thread(target=lambda: (held.peer.sendall(bytes(size)), held.peer.shutdown(socket.SHUT_WR))),
            threading.Thread(target=lambda: (os.writev(held.feed, [bytes(size)]), held.closes_feed())),
        ]
        counts = {"peer": 0, "output": 0}

        def count(name: str, read: object) -> None:
            assert callable(read)
            while counts[name] < size:
                counts[name] += len(read(1 << 16))

        threads += [
            threading.Thread(target=count, args=("peer", held.peer.recv)),
            threading.Thread(target=count, args=("output", lambda most: os.read(held.drain, most))),
        ]
        for thread in threads:
            thread.start()
        ending = relay(held, idle_s=LIMIT_S)
        for thread in threads:
            thread.join(60)
        assert (ending.sent_bytes, ending.received_bytes) == (size, size)
        assert counts == {"peer": size, "output": size}


def test_the_end_after_so_many_datagrams() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        for number in range(3):
            held.peer.send(b"%d" % number)
        console, _said = heard()
        ways = datagram_ways(held.ours, Streams(held.source, held.sink))
        ending = Relay(ways, RelaySettings(most_pieces=2), console).run()
        assert (held.drained(), ending.received_bytes) == (b"01", 2)


def test_the_teaching_mode_tells_which_side_ended() -> None:
    with bench() as held:
        held.feeds(b"question")
        held.peer.shutdown(socket.SHUT_WR)
        console, said = heard(explaining=True)
        Relay(stream_ways(held.ours, Streams(held.source, held.sink)), RelaySettings(), console).run()
        assert "the peer closed its sending side; what is left of our input is still sent" in said.getvalue()
        assert "our input ended: we told the peer that nothing more comes (half-close)" in said.getvalue()
