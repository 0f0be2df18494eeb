"""Talks over a connection: exactly as many bytes as are wanted, and no longer than is allowed."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hatoba.netcat.talks import HungUp, Talk, converse

PATIENCE_S = 60.0


def greeting() -> Talk[bytes]:
    yield b"who are you?"
    first = yield 2
    return first + (yield 3)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE_S)
    with ours, theirs:
        yield ours, theirs


def test_not_a_byte_more_than_is_wanted(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(b"hello, and what follows")
    assert converse(greeting(), ours, PATIENCE_S) == b"hello"
    assert theirs.recv(100) == b"who are you?"
    assert ours.recv(100) == b", and what follows"
    assert ours.gettimeout() is None


def test_who_says_a_little_now_and_then_has_no_more_time_for_it(ends: tuple[socket.socket, socket.socket]) -> None:
    """Every byte comes at once, and yet the whole takes too long: the clock tells."""
    ours, theirs = ends
    theirs.sendall(b"he")
    times = iter((0.0, 1.0, 2.0, 31.0))
    with pytest.raises(TimeoutError):
        converse(greeting(), ours, 30.0, lambda: next(times))


def test_who_hangs_up(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(b"hel")
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(HungUp):
        converse(greeting(), ours, None)
