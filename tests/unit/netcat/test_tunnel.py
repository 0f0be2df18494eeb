"""Bytes between two connections, and their ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hatoba.netcat.tls import TlsSettings
from hatoba.netcat.tunnel import PIECE_BYTES, Idle, tunnel
from tests.unit.netcat.proxy_world import PATIENCE_S, everything
from tests.unit.netcat.tls_pairs import handshake

MUCH = bytes(range(256)) * 16384


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def pairs() -> tuple[socket.socket, socket.socket, socket.socket, socket.socket]:
    """A client, our side of it, our side of the server, the server."""
    client, left = socket.socketpair()
    right, server = socket.socketpair()
    for end in (client, server):
        end.settimeout(PATIENCE_S)
    return client, left, right, server


def test_both_ways_and_both_ends(pool: ThreadPoolExecutor) -> None:
    client, left, right, server = pairs()
    passing: Future[tuple[int, int]] = pool.submit(tunnel, left, right, early=b"early ")
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    assert everything(server) == b"early question"
    server.sendall(b"the answer comes after the question has ended")
    server.close()
    assert everything(client) == b"the answer comes after the question has ended"
    assert passing.result(PATIENCE_S) == (14, 45)


def test_much_both_ways_at_once(pool: ThreadPoolExecutor) -> None:
    client, left, right, server = pairs()
    passing = pool.submit(tunnel, left, right)
    for end in (client, server):
        pool.submit(lambda one: (one.sendall(MUCH), one.shutdown(socket.SHUT_WR)), end)
    heard = [pool.submit(everything, end) for end in (client, server)]
    assert [one.result(PATIENCE_S) == MUCH for one in heard] == [True, True]
    assert passing.result(PATIENCE_S) == (len(MUCH), len(MUCH))


def test_a_reader_that_stops_holds_up_the_sender_and_no_memory(pool: ThreadPoolExecutor) -> None:
    client, left, right, server = pairs()
    passing = pool.submit(tunnel, left, right)
    client.setblocking(False)
    sent, full = 0, 0
    while full < 1000:  # the tunnel's thread takes what it will
        try:
            sent += client.send(MUCH)
            full = 0
        except BlockingIOError:
            full += 1
    assert sent < PIECE_BYTES + (8 << 20)
    client.close()
    assert len(everything(server)) == sent
    server.close()
    passing.result(PATIENCE_S)


def test_tls_on_one_side(pool: ThreadPoolExecutor) -> None:
    inside = handshake(TlsSettings(), TlsSettings())
    right, server = socket.socketpair()
    server.settimeout(PATIENCE_S)
    passing = pool.submit(tunnel, inside.server, right)  # type: ignore[arg-type]
    asking = pool.submit(lambda: (inside.client.sendall(MUCH), inside.client.shutdown(socket.SHUT_WR)))
    assert everything(server) == MUCH
    asking.result(PATIENCE_S)
    answering = pool.submit(lambda: (server.sendall(MUCH), server.close()))
    assert everything(inside.client) == MUCH  # type: ignore[arg-type]
    answering.result(PATIENCE_S)
    assert passing.result(PATIENCE_S) == (len(MUCH), len(MUCH))


def test_nothing_moves() -> None:
    _client, left, right, _server = pairs()
    times = iter((0.0, 1.0, 61.0))
    with pytest.raises(Idle):
        tunnel(left, right, idle_s=1.0005, clock=lambda: next(times))


def test_a_server_that_is_gone(pool: ThreadPoolExecutor) -> None:
    client, left, right, server = pairs()
    server.close()
    client.sendall(b"question")
    with pytest.raises(BrokenPipeError):
        tunnel(left, right)
