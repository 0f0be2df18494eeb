"""A socket with TLS inside behaves like a socket, and knows a goodbye from a cut."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hatoba.netcat.tls import TlsSettings
from hatoba.netcat.tls_faults import TlsFault, TlsTruncated
from hatoba.netcat.tls_socket import TlsSocket
from tests.unit.netcat.tls_pairs import PATIENCE_S, Pair, handshake

LONG = bytes(range(256)) * 4096


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = handshake(TlsSettings(), TlsSettings())
    yield made
    for end in made:
        end.close()


def everything(end: TlsSocket) -> bytes:
    """All until the peer's goodbye."""
    return b"".join(iter(lambda: end.recv(65536), b""))


def test_bytes_go_both_ways(pair: Pair) -> None:
    pair.client.sendall(b"question")
    assert pair.server.recv(100) == b"question"
    pair.server.sendall(b"answer")
    buffer = bytearray(100)
    assert pair.client.recv_into(buffer) == 6
    assert buffer[:6] == b"answer"


def test_after_our_goodbye_the_whole_answer_still_comes(pair: Pair) -> None:
    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(pair.server.sendall, LONG)
        pair.client.sendall(b"question")
        pair.client.shutdown(socket.SHUT_WR)
        assert pair.server.recv(100) == b"question"
        assert pair.server.recv(100) == b""
        assert _so_many(pair.client, len(LONG)) == LONG
        answering.result()
    pair.server.shutdown(socket.SHUT_WR)
    assert pair.client.recv(100) == b""
    with pytest.raises(BrokenPipeError):
        pair.client.send(b"more")


def test_a_goodbye_loses_nothing_of_what_has_come(pair: Pair) -> None:
    """A record and half of the next have come when we say goodbye; the other half comes after it."""
    pair.server.sendall(b"x" * 1000)
    pair.server.sendall(b"y" * 1000)
    records = b""
    while len(records) < 2000 + 2 * 22:  # what TLS 1.3 adds to each
        records += pair.client.below.recv(65536)
    pair.client._incoming.write(records[:1500])
    pair.client.shutdown(socket.SHUT_WR)
    pair.client._incoming.write(records[1500:])
    assert _so_many(pair.client, 2000) == b"x" * 1000 + b"y" * 1000


def test_an_end_without_goodbye_is_a_cut(pair: Pair) -> None:
    pair.server.sendall(b"the first half")
    pair.server.below.shutdown(socket.SHUT_WR)
    assert pair.client.recv(100) == b"the first half"
    for _again in range(2):
        with pytest.raises(TlsTruncated, match="goodbye"):
            pair.client.recv(100)


def test_who_has_ended_without_goodbye_still_gets_what_is_sent(pair: Pair) -> None:
    """As ncat ends its input: what it asked for is still to come."""
    pair.server.below.shutdown(socket.SHUT_WR)
    with pytest.raises(TlsTruncated):
        pair.client.recv(100)
    pair.client.sendall(b"answer")
    pair.client.shutdown(socket.SHUT_WR)
    assert everything(pair.server) == b"answer"


def test_closing_says_goodbye(pair: Pair) -> None:
    pair.client.sendall(b"last words")
    pair.client.close()
    pair.client.close()
    assert everything(pair.server) == b"last words"


def test_closing_takes_what_was_never_read_so_that_the_peer_loses_nothing(pair: Pair) -> None:
    pair.server.sendall(b"ticket")
    kept = pair.client.below.dup()
    pair.client.sendall(b"last words")
    pair.client.close()
    assert everything(pair.server) == b"last words"
    with kept:
        kept.setblocking(False)
        with pytest.raises(BlockingIOError):
            kept.recv(100)


def test_bytes_that_are_no_records_are_a_fault(pair: Pair) -> None:
    pair.server.below.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(TlsFault, match=r"www\.example\.org"):
        pair.client.recv(100)


def test_waiting_has_an_end(pair: Pair) -> None:
    pair.client.settimeout(0.01)
    assert pair.client.gettimeout() == 0.01
    with pytest.raises(TimeoutError):
        pair.client.recv(100)


def test_without_blocking_nothing_waits_and_little_is_kept(pair: Pair) -> None:
    pair.client.setblocking(False)
    with pytest.raises(BlockingIOError):
        pair.client.recv(100)
    sent = _as_much_as_goes(pair.client)
    assert pair.client.unsent
    pair.client.shutdown(socket.SHUT_WR)
    taken = _so_many(pair.server, sent)
    pair.client.setblocking(True)
    sent += pair.client.send(LONG)  # what was begun above: it is encrypted, and goes out before the goodbye
    pair.client.flush()
    taken += everything(pair.server)
    assert taken == (LONG[: 1 << 16] * (sent >> 16))
    assert not pair.client.unsent


class Replayed:
    """A socket that has heard all that it will hear."""

    def __init__(self, heard: bytes) -> None:
        self._heard = heard

    def recv(self, most_bytes: int) -> bytes:
        piece, self._heard = self._heard[:most_bytes], self._heard[most_bytes:]
        return piece


def test_who_takes_no_more_is_heard_out(pair: Pair) -> None:
    """It may have said why, and what can't be handed to it any more is no fault of what it said."""
    pair.client.setblocking(False)
    _as_much_as_goes(pair.client)
    pair.server.sendall(b"why")
    pair.server.below.shutdown(socket.SHUT_RD)
    assert pair.client.recv(100) == b"why"
    with pytest.raises(BrokenPipeError):
        pair.client.send(LONG)


def test_a_long_read_leaves_nothing_that_the_kernel_does_not_know_of(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The beginning of a long record lies in OpenSSL, and more than is asked for comes next: or who waits for the kernel would
    never hear of the rest."""
    sizes = (1 << 14, *[1 << 13] * 8)
    raw = b""
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(lambda: [pair.server.sendall(b"x" * size) for size in sizes])
        while len(raw) < sum(sizes) + 22 * len(sizes):  # what TLS 1.3 adds to each
            raw += pair.client.below.recv(1 << 20)
        sending.result(PATIENCE_S)
    pair.client._incoming.write(raw[: 1 << 14])
    monkeypatch.setattr(pair.client, "_below", Replayed(raw[1 << 14 :]))
    taken = 0
    while taken < sum(sizes):
        taken += len(pair.client.recv(1 << 16))
        assert pair.client.pending() == 0
    monkeypatch.undo()


def _as_much_as_goes(end: TlsSocket) -> int:
    sent = 0
    while True:
        try:
            sent += end.send(LONG)
        except BlockingIOError:
            return sent


def test_a_short_read_leaves_the_rest_where_pending_tells(pair: Pair) -> None:
    pair.server.sendall(b"0123456789")
    assert pair.client.recv(4) == b"0123"
    assert pair.client.pending() == 6
    assert pair.client.recv(100) == b"456789"
    assert pair.client.pending() == 0


def test_two_threads_talk_at_once(pair: Pair) -> None:
    """Far more than the kernel's buffers hold, in both directions: neither may wait for the other."""
    much = LONG * 4
    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(end.sendall, much) for end in pair]
        receivers = [pool.submit(_so_many, end, len(much)) for end in pair]
        for sending in senders:
            sending.result(PATIENCE_S)
        assert [receiving.result(PATIENCE_S) == much for receiving in receivers] == [True, True]


def _so_many(end: TlsSocket, count: int) -> bytes:
    parts = []
    while count > 0:
        parts.append(end.recv(65536))
        count -= len(parts[-1])
    return b"".join(parts)


def test_a_handshake_has_an_end() -> None:
    """A peer that never says a word; the clock jumps."""
    times = iter((0.0, 1.0, 100.0))
    ours, theirs = socket.socketpair()
    inside = TlsSocket(ours, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "peer", server_side=True)
    with theirs, inside, pytest.raises(TimeoutError):
        inside.handshake(0.01, lambda: next(times))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"220 mail.example.org ESMTP\r\n", "does not speak TLS on this port; leave out --ssl"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS on this port; leave out --ssl"),
        (b"", "hung up during the TLS handshake; perhaps it does not speak TLS on this port"),
    ],
)
def test_a_server_without_tls(said: bytes, sentence: str) -> None:
    ours, theirs = socket.socketpair()
    context = ssl.create_default_context()
    with theirs, TlsSocket(ours, context, "here", server_name="here") as inside:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(TlsFault) as caught:
            inside.handshake(PATIENCE_S)
    assert str(caught.value) == f"here {sentence}"
