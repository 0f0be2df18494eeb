"""Datagrams stay whole and apart, over Unix sockets, which need no network."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.console import Console
from hatoba.netcat.datagrams import answer_datagrams, anybody_ways, connect_to_first, datagram_ways
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import End, Peer, SocketSettings, Transport
from hatoba.netcat.listening import Welcome, listening_sockets
from hatoba.netcat.pumps import Copying
from hatoba.netcat.relay import Relay, RelaySettings
from hatoba.netcat.ways import Streams
from tests.unit.netcat.talking import Bench, bench, heard

PLAIN = SocketSettings()


def all_of(pump: object) -> int:
    """Step until it has to wait; return how many bytes moved."""
    assert isinstance(pump, Copying)
    while pump.step():
        pass
    return pump.moved_bytes


def relayed(held: Bench) -> list[bytes]:
    """What the peer of a datagram relay gets, datagram by datagram."""
    console, _said = heard()
    Relay(datagram_ways(held.ours, Streams(held.source, held.sink)), RelaySettings(quit_after_s=0.0), console).run()
    held.peer.setblocking(False)
    found = []
    try:
        while True:
            found.append(held.peer.recv(1 << 20))
    except BlockingIOError:
        return found


def test_an_empty_datagram_is_no_end_and_a_large_one_stays_whole() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        sizes = [1, 0, 60_000, 2]
        for size in sizes:
            held.peer.send(bytes(size))
        pump = datagram_ways(held.ours, Streams(held.source, held.sink)).receiving
        received = 0
        while pump.step():
            received += len(held.drained())
        assert received + len(held.drained()) == sum(sizes)


def test_every_piece_of_input_is_a_datagram() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        held.feeds(b"one line\nanother")
        assert relayed(held) == [b"one line\nanother"]


def test_lines_typed_at_a_terminal_are_datagrams_of_their_own() -> None:
    master, terminal = os.openpty()
    try:
        with bench(socket.SOCK_DGRAM) as held:
            os.close(held.source)
            held.source = terminal
            os.write(master, b"one\ntwo\n\x04")
            assert relayed(held) == [b"one\n", b"two\n"]
            held.source = -1
    finally:
        os.close(master)
        os.close(terminal)


def test_input_longer_than_any_datagram_is_cut_where_it_must_be(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(bytes(100_000))
    with bench(socket.SOCK_DGRAM) as held, (tmp_path / "input").open("rb", buffering=0) as file:
        os.close(held.source)
        held.source = os.dup(file.fileno())
        assert [len(datagram) for datagram in relayed(held)] == [65_536, 34_464]


def test_the_first_sender_is_the_peer_and_strangers_are_not_heard(tmp_path: Path) -> None:
    console, _said = heard()
    end = End(Transport.UNIX_DATAGRAM, str(tmp_path / "socket"))
    sent = threading.Event()
    calls: list[socket.socket] = []

    class Told(Console):
        def listening(self, end: End, local: Peer) -> None:
            calls.extend(dial(end, PLAIN, console) for _caller in range(2))
            calls[0].send(b"first")
            calls[1].send(b"stranger")
            calls[0].send(b"second")
            sent.set()

    arrived = connect_to_first(end, PLAIN, Told(None), Welcome())
    assert arrived is not None
    assert sent.is_set()
    with bench() as held, arrived[0] as connection:
        ways = datagram_ways(connection, Streams(held.source, held.sink), arrived[1])
        assert all_of(ways.receiving) == 11
        assert held.drained() == b"firstsecond"
        held.feeds(b"answer")
        all_of(ways.sending)
        assert calls[0].recv(100) == b"answer"
    for call in calls:
        call.close()


def test_everybody_is_heard_and_input_goes_to_the_last(tmp_path: Path) -> None:
    console, _said = heard()
    end = End(Transport.UNIX_DATAGRAM, str(tmp_path / "socket"))
    turned_away: list[Peer] = []

    class Told(Console):
        def turned_away(self, peer: Peer) -> None:
            turned_away.append(peer)

    with bench() as held, listening_sockets(end, PLAIN, console) as sockets:
        unwanted = SocketSettings(source=str(tmp_path / "unwanted"))
        welcome = Welcome(allows=lambda peer: "unwanted" not in peer.host)
        ways = anybody_ways(sockets, Streams(held.source, held.sink), welcome, Told(None))
        held.feeds(b"answer")
        assert ways.sending.step() is None, "there is nobody yet"
        with dial(end, PLAIN, console) as one, dial(end, PLAIN, console) as two, dial(end, unwanted, console) as three:
            one.send(b"1")
            two.send(b"2")
            three.send(b"3")
            all_of(ways.receiving)
            assert held.drained() == b"12"
            all_of(ways.sending)
            assert two.recv(100) == b"answer"
            one.setblocking(False)
            with pytest.raises(BlockingIOError):
                one.recv(100)
    assert len(turned_away) == 1


def test_silence_is_listened_to_for_as_long_as_anybody_is_waited_for(tmp_path: Path) -> None:
    console, _said = heard()
    end = End(Transport.UNIX_DATAGRAM, str(tmp_path / "socket"))
    with bench() as held, listening_sockets(end, PLAIN, console) as sockets, dial(end, PLAIN, console) as call:
        ways = anybody_ways(sockets, Streams(held.source, held.sink), Welcome(wait_s=0.02), console)
        assert ways.company is not None
        ending = Relay(ways, RelaySettings(), console).run()
        assert (ending.deserted, ways.company.came) == (True, 0)
        call.send(b"here")
        ending = Relay(ways, RelaySettings(), console).run()
        assert (ending.deserted, ways.company.came, held.drained()) == (True, 1, b"here")


def test_what_is_too_long_for_a_datagram_is_a_fault_and_no_surprise() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        held.feeds(b"short")
        console, said = heard()
        streams = Streams(held.source, held.sink, sent=lambda _data: memoryview(bytes(1 << 22)))
        ending = Relay(datagram_ways(held.ours, streams), RelaySettings(), console).run()
        assert ending.fault is not None
        assert ending.fault.errno == errno.EMSGSIZE
        assert console.finished(ending) == 1
        assert "Message too long" in said.getvalue()


def test_an_answer_that_cannot_be_given_is_told_and_the_next_sender_served(tmp_path: Path) -> None:
    end = End(Transport.UNIX_DATAGRAM, str(tmp_path / "socket"))
    calls: list[socket.socket] = []
    console, said = heard()

    class Told(Console):
        def listening(self, end: End, local: Peer) -> None:
            calls.append(dial(end, PLAIN, console))
            calls[0].send(b"unlucky")
            calls[0].send(b"lucky")

        def complain(self, sentence: str) -> None:
            console.complain(sentence)

    def answer(data: bytes, _peer: Peer) -> bytes:
        if data == b"unlucky":
            raise UsageError("the file is gone")
        return data

    assert answer_datagrams(end, PLAIN, Told(None), answer, welcome=Welcome(keep_open=True, wait_s=0.01)) == 2
    assert calls[0].recv(100) == b"lucky"
    assert said.getvalue() == "hatoba: the file is gone\n"
    calls[0].close()


def test_a_server_answers_each_sender_or_says_nothing(tmp_path: Path) -> None:
    console, _said = heard()
    end = End(Transport.UNIX_DATAGRAM, str(tmp_path / "socket"))
    calls: list[socket.socket] = []

    class Told(Console):
        def listening(self, end: End, local: Peer) -> None:
            calls.extend(dial(end, PLAIN, console) for _caller in range(2))
            calls[0].send(b"one")
            calls[1].send(b"")
            calls[1].send(b"two")

    count = answer_datagrams(
        end, PLAIN, Told(None), lambda data, _peer: data.upper() or None, welcome=Welcome(keep_open=True, wait_s=0.01)
    )
    assert count == 3
    assert [call.recv(100) for call in calls] == [b"ONE", b"TWO"]
    for call in calls:
        call.close()
