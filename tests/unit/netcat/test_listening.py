"""Listeners on Unix sockets, which need no network: who is let in, how many at once, what a fault ends."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.console import Console
from hatoba.netcat.dialing import dial
from hatoba.netcat.ends import BrokenOff, End, NotBound, NotConnected, Peer, SocketSettings, ToldFault, Transport
from hatoba.netcat.listening import Welcome, listen, listening_sockets
from tests.unit.netcat.talking import heard

PLAIN = SocketSettings()
WAIT_S = 60


class Listener:
    """A listener in a thread; ready when ``calls`` may be used."""

    def __init__(self, path: Path, handler: Callable[..., None], **settings: object) -> None:
        self.end = End(Transport.UNIX, str(path))
        self.ready = threading.Event()
        self.count: int | None = None
        outer = self

        class Told(Console):
            def listening(self, end: End, local: Peer) -> None:
                outer.ready.set()

        self.console = Told(None)
        self.said, _stream = heard()

        def run() -> None:
            self.count = listen(self.end, PLAIN, self.console, handler, **settings)  # type: ignore[arg-type]

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert self.ready.wait(WAIT_S)

    def call(self) -> socket.socket:
        return dial(self.end, PLAIN, self.said)

    def ended(self) -> int | None:
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()
        return self.count


class Calling(Console):
    """Says nothing; somebody connects, and hangs up, as soon as there is a listener."""

    def __init__(self) -> None:
        super().__init__(None)

    def listening(self, end: End, local: Peer) -> None:
        dial(end, PLAIN, self).close()


def echo(connection: socket.socket, _peer: Peer, _console: Console) -> None:
    while data := connection.recv(100):
        connection.sendall(data)


def test_one_connection_and_the_end_with_nothing_left_behind(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "socket", echo)
    with listener.call() as call:
        call.sendall(b"hello")
        assert call.recv(100) == b"hello"
        call.shutdown(socket.SHUT_WR)
        assert call.recv(100) == b""
    assert listener.ended() == 1
    assert not (tmp_path / "socket").exists()


def test_where_it_listens_is_told_once_it_does(tmp_path: Path) -> None:
    end = End(Transport.UNIX, str(tmp_path / "socket"))
    console, _said = heard()
    told: list[Peer] = []

    def ready(local: Sequence[Peer]) -> None:
        told.extend(local)
        with dial(end, PLAIN, console) as call:
            call.shutdown(socket.SHUT_WR)

    assert listen(end, PLAIN, console, echo, ready=ready) == 1
    assert told == [Peer(str(tmp_path / "socket"))]


def test_several_at_once_each_with_a_handler_of_its_own(tmp_path: Path) -> None:
    together = threading.Barrier(3)

    def meet(connection: socket.socket, _peer: Peer, _console: Console) -> None:
        together.wait(WAIT_S)
        connection.sendall(b"met")

    listener = Listener(tmp_path / "socket", meet, welcome=Welcome(keep_open=True, at_once=3))
    calls = [listener.call() for _caller in range(3)]
    assert [call.recv(100) for call in calls] == [b"met"] * 3
    for call in calls:
        call.close()


def test_no_more_at_once_than_there_is_room_for(tmp_path: Path) -> None:
    busy = threading.Semaphore(0)
    inside: list[int] = []
    most: list[int] = []

    def hold(connection: socket.socket, _peer: Peer, _console: Console) -> None:
        inside.append(1)
        most.append(len(inside))
        busy.acquire(timeout=WAIT_S)
        inside.pop()

    listener = Listener(tmp_path / "socket", hold, welcome=Welcome(keep_open=True, at_once=2))
    calls = [listener.call() for _caller in range(5)]
    for _caller in calls:
        busy.release()
    for call in calls:
        assert call.recv(1) == b""
        call.close()
    assert len(most) == 5
    assert max(most) <= 2


def test_a_fault_of_one_connection_ends_no_other(tmp_path: Path) -> None:
    def once_broken(connection: socket.socket, peer: Peer, console: Console) -> None:
        if connection.recv(1) == b"x":
            raise ConnectionResetError
        connection.sendall(b"fine")

    listener = Listener(tmp_path / "socket", once_broken, welcome=Welcome(keep_open=True))
    for word, answer in ((b"x", b""), (b"y", b"fine")):
        with listener.call() as call:
            call.sendall(word)
            assert call.recv(10) == answer


def test_where_only_one_is_taken_its_fault_is_the_listeners(tmp_path: Path) -> None:
    """Otherwise a script would take a file that never came for one that did."""

    def wrap(connection: socket.socket, _peer: Peer, _console: Console) -> socket.socket:
        raise ToldFault(errno.EPROTO, "they do not speak TLS")

    with pytest.raises(BrokenOff, match=r"^they do not speak TLS$") as caught:
        listen(End(Transport.UNIX, str(tmp_path / "socket")), PLAIN, Calling(), echo, wrap=wrap)
    assert caught.value.exit_status == 1


def test_a_wrapper_stands_between_and_may_refuse(tmp_path: Path) -> None:
    def wrap(connection: socket.socket, _peer: Peer, _console: Console) -> socket.socket:
        if connection.recv(1) != b"k":
            raise OSError("no handshake")
        return connection

    listener = Listener(tmp_path / "socket", echo, welcome=Welcome(keep_open=True), wrap=wrap)
    with listener.call() as call:
        call.sendall(b"?")
        assert call.recv(10) == b""
    with listener.call() as call:
        call.sendall(b"khello")
        assert call.recv(10) == b"hello"


def test_who_may_not_connect_is_closed_and_does_not_count(tmp_path: Path) -> None:
    answers = iter([False, True])
    listener = Listener(tmp_path / "socket", echo, welcome=Welcome(allows=lambda _peer: next(answers)))
    with listener.call() as call:
        assert call.recv(1) == b""
    with listener.call() as call:
        call.sendall(b"in")
        assert call.recv(10) == b"in"
    assert listener.ended() == 1


def test_nobody_comes(tmp_path: Path) -> None:
    console, _said = heard()
    end = End(Transport.UNIX, str(tmp_path / "socket"))
    assert listen(end, PLAIN, console, echo, welcome=Welcome(wait_s=0.01)) == 0


def test_a_socket_that_a_program_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    console, _said = heard()
    with listening_sockets(End(Transport.UNIX, str(path)), PLAIN, console) as sockets:
        assert len(sockets) == 1


def test_a_socket_in_use_is_not_and_its_listener_hears_nothing(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    console, _said = heard()
    with socket.socket(socket.AF_UNIX) as used:
        used.bind(str(path))
        used.listen()
        used.setblocking(False)
        with (
            pytest.raises(NotBound, match="Address already in use"),
            listening_sockets(End(Transport.UNIX, str(path)), PLAIN, console),
        ):
            pass
        with pytest.raises(BlockingIOError):
            used.accept()
    assert path.exists()


def test_a_file_is_never_taken_for_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("dear to somebody")
    console, _said = heard()
    with pytest.raises(UsageError, match="is no socket"), listening_sockets(End(Transport.UNIX, str(path)), PLAIN, console):
        pass
    assert path.read_text() == "dear to somebody"


def test_the_abstract_namespace_leaves_no_file(tmp_path: Path) -> None:
    console, said = heard(verbosity=1)
    name = f"@hatoba-test-{os.getpid()}"
    with listening_sockets(End(Transport.UNIX, name), PLAIN, console), dial(End(Transport.UNIX, name), PLAIN, console) as call:
        assert call.getpeername() == b"\0" + name[1:].encode()
    assert f"listening on {name}\n" in said.getvalue()


def test_nobody_to_connect_to(tmp_path: Path) -> None:
    console, said = heard(explaining=True)
    with pytest.raises(NotConnected, match="No such file or directory"):
        dial(End(Transport.UNIX, str(tmp_path / "none")), PLAIN, console)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    with pytest.raises(NotConnected, match="Connection refused"):
        dial(End(Transport.UNIX, str(tmp_path / "left")), PLAIN, console)
    assert "no program listens on it any more" in said.getvalue()
