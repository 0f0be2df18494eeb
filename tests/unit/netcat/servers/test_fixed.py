from __future__ import annotations

import io
import os
import socket
import threading
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Handler, Peer
from hatoba.netcat.servers.fixed import MOST_DATAGRAM_BYTES, Discard, Echo, Reply

CLIENT = Peer("198.18.0.9", 4321)
SERVICE = Peer("198.18.0.9", 7)


def talk(handler: Handler, sent: bytes) -> tuple[bytes, str]:
    """What the handler answers to a client that sends *sent* and reads all the time, and what it tells the console."""
    ours, theirs = socket.socketpair()
    log = io.StringIO()

    def serve() -> None:
        handler(theirs, CLIENT, Console(log, verbosity=1))
        theirs.close()

    def send() -> None:
        ours.sendall(sent)
        ours.shutdown(socket.SHUT_WR)

    threads = [threading.Thread(target=serve), threading.Thread(target=send)]
    for thread in threads:
        thread.start()
    said = bytearray()
    while data := ours.recv(65536):
        said += data
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    ours.close()
    return bytes(said), log.getvalue()


def test_echo_sends_everything_back() -> None:
    content = os.urandom(3_000_000)
    said, log = talk(Echo(), content)
    assert said == content
    assert "3,000,000 bytes sent back" in log


def test_discard_says_nothing() -> None:
    said, log = talk(Discard(), bytes(3_000_000))
    assert said == b""
    assert "3,000,000 bytes dropped" in log


def test_a_silent_client_is_let_go_where_that_is_wanted() -> None:
    ours, theirs = socket.socketpair()
    log = io.StringIO()
    Echo(0.01)(theirs, CLIENT, Console(log, verbosity=1))
    assert "198.18.0.9:4321 was silent for too long" in log.getvalue()
    ours.close()
    theirs.close()


def test_reply_sends_the_file_and_shows_what_was_asked(tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    (tmp_path / "reply").write_bytes(content)
    output = io.BytesIO()
    said, _log = talk(Reply(tmp_path / "reply", output), b"GET / HTTP/1.0\r\n\r\n")
    assert said == content
    assert output.getvalue() == b"GET / HTTP/1.0\r\n\r\n"


def test_reply_takes_the_file_as_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "reply").write_bytes(b"old")
    reply = Reply(tmp_path / "reply", io.BytesIO())
    (tmp_path / "reply").write_bytes(b"newer")
    assert talk(reply, b"")[0] == b"newer"


def test_reply_goes_on_where_nobody_reads_the_questions(tmp_path: Path) -> None:
    class Gone(io.BytesIO):
        def write(self, _data: object) -> int:
            raise BrokenPipeError

    (tmp_path / "reply").write_bytes(b"answer")
    reply = Reply(tmp_path / "reply", Gone())
    assert [reply.datagram(b"question", CLIENT) for _client in range(2)] == [b"answer", b"answer"]
    assert talk(reply, b"question")[0] == b"answer"


@pytest.mark.parametrize("name", ["none", "folder"])
def test_a_reply_needs_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="name a regular file"):
        Reply(tmp_path / name, io.BytesIO())


def test_datagrams(tmp_path: Path) -> None:
    (tmp_path / "reply").write_bytes(bytes(100_000))
    output = io.BytesIO()
    reply = Reply(tmp_path / "reply", output)
    assert Echo().datagram(b"x", CLIENT) == b"x"
    assert Discard().datagram(b"x", CLIENT) is None
    assert reply.datagram(b"asked", CLIENT) == bytes(MOST_DATAGRAM_BYTES)
    assert output.getvalue() == b"asked"


def test_a_unix_socket_has_no_port_and_is_answered(tmp_path: Path) -> None:
    (tmp_path / "reply").write_bytes(b"answer")
    client = Peer("/run/client")
    assert Echo().datagram(b"x", client) == b"x"
    assert Reply(tmp_path / "reply", io.BytesIO()).datagram(b"x", client) == b"answer"


def test_no_datagram_goes_to_a_service(tmp_path: Path) -> None:
    """Two echo services would go on for ever, once somebody had sent one a datagram in the other's name."""
    (tmp_path / "reply").write_bytes(b"x")
    assert Echo().datagram(b"x", SERVICE) is None
    assert Reply(tmp_path / "reply", io.BytesIO()).datagram(b"x", SERVICE) is None
