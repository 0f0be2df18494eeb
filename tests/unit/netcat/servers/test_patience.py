from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.netcat.servers.patience import Patience, PatientPeer, PeerGone, PeerSlow


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_deadline_passes_whatever_moves() -> None:
    clock = Clock()
    patience = Patience(10, clock=clock)
    clock.now_s += 9
    patience.moved(1_000_000)
    assert patience.left_s() == 1
    clock.now_s += 1
    with pytest.raises(PeerSlow):
        patience.left_s()


def test_a_window_begins_anew_once_enough_has_moved() -> None:
    clock = Clock()
    patience = Patience(10, 100, clock)
    clock.now_s += 9
    patience.moved(99)
    assert patience.left_s() == 1
    patience.moved(1)
    assert patience.left_s() == 10


def test_a_byte_now_and_then_holds_nobody() -> None:
    clock = Clock()
    patience = Patience(30, 16384, clock)
    for _second in range(30):
        assert patience.left_s()
        patience.moved(100)
        clock.now_s += 1
    with pytest.raises(PeerSlow):
        patience.left_s()


def test_patience_may_be_endless(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    assert Patience(None, 1).left_s() is None
    assert PatientPeer(ours).receive(10, Patience(None)) == b"x"


def test_silence_is_not_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(PeerSlow):
        PatientPeer(pair[0]).receive(10, Patience(0.01))


def test_a_peer_that_takes_nothing_is_not_waited_for(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(10_000_000))
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(PeerSlow):
        PatientPeer(pair[0]).send(bytes(10_000_000), Patience(0.05))
    with pytest.raises(PeerSlow):
        PatientPeer(pair[0]).send_file(descriptor, 0, 10_000_000, Patience(0.05))
    os.close(descriptor)


def test_a_peer_that_is_gone_is_told(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    pair[1].close()
    peer, patience = PatientPeer(pair[0]), Patience(5)
    (tmp_path / "file").write_bytes(b"x")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    for attempt in (lambda: peer.send(b"x", patience), lambda: peer.send_file(descriptor, 0, 1, patience)):
        with pytest.raises(PeerGone, match="Broken pipe"):
            attempt()
    os.close(descriptor)
    assert peer.receive(1, patience) == b""


@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_file_is_sent_whole(pair: tuple[socket.socket, socket.socket], tmp_path: Path, by_kernel: bool) -> None:
    class Wrapped(socket.socket):
        """Stands for a connection whose bytes pass through something, as TLS has it."""

    content = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(content)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    ours, theirs = pair
    connection = ours if by_kernel else Wrapped(fileno=ours.detach())
    came = bytearray()

    def read() -> None:
        while data := theirs.recv(65536):
            came.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    assert PatientPeer(connection).send_file(descriptor, 5, len(content), Patience(30, 1)) == len(content) - 5
    connection.close()
    reader.join()
    os.close(descriptor)
    assert came == content[5:]


def test_an_end_leaves_the_peer_time_to_read(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(b"x" * 1000)
    theirs.shutdown(socket.SHUT_WR)
    assert PatientPeer(ours).end(10_000, Patience(5)) == 1000
    assert theirs.recv(1) == b""


def test_an_end_takes_no_more_than_so_much(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].send(b"x" * 1000)
    assert PatientPeer(pair[0]).end(500, Patience(5)) == 1000
    assert PatientPeer(pair[0]).end(500, Patience(0.01)) == 0
