"""Pumps move everything, in order, wait for nothing, and leave other people's descriptors as they are."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
from pathlib import Path

import pytest

from hatoba.netcat.pumps import Copying, SendingFile, Splicing, reading, receiving, sending, writing
from tests.descriptors import open_descriptors
from tests.unit.netcat.talking import bench


def to_the_end(pump: Splicing | SendingFile | Copying, drain: object = None) -> int:
    """Step until the source ends; return how often it had to wait."""
    waits = 0
    while (moved := pump.step()) != 0:
        if moved is None:
            waits += 1
            assert callable(drain)
            drain()
    return waits


def test_splicing_takes_a_pipe_to_a_socket_and_a_socket_to_a_pipe() -> None:
    with bench() as held:
        held.ours.setblocking(False)
        out = Splicing(held.source, held.ours.fileno())
        assert out.step() is None
        assert out.waits_for() == (held.source, select.POLLIN)
        held.feeds(b"over the wire")
        to_the_end(out)
        assert out.moved_bytes == 13
        back = Splicing(held.ours.fileno(), held.sink)
        held.peer.sendall(b"and back")
        held.peer.shutdown(socket.SHUT_WR)
        to_the_end(back)
        assert (held.peer_heard(), held.drained()) == (b"over the wire...", b"and back")


def test_where_the_kernel_cannot_go_on_what_is_in_the_way_is_waited_for() -> None:
    with bench() as held:
        held.ours.setblocking(False)
        empty = Splicing(held.ours.fileno(), held.sink)
        for _time in range(3):
            assert empty.step() is None
            assert empty.waits_for() == (held.ours.fileno(), select.POLLIN)
        write = writing(held.sink)
        while write(memoryview(bytes(4096))):
            pass
        held.peer.sendall(b"no room for it")
        for _time in range(3):
            assert empty.step() is None
            assert empty.waits_for() == (held.sink, select.POLLOUT)


def test_a_pipe_is_widened_only_when_much_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.netcat.pumps._WIDEN_AFTER_BYTES", 100_000)
    with bench() as held:
        held.ours.setblocking(False)
        pump = Splicing(held.source, held.ours.fileno())
        before = fcntl.fcntl(held.source, fcntl.F_GETPIPE_SZ)
        os.write(held.feed, bytes(60_000))
        pump.step()
        assert fcntl.fcntl(held.source, fcntl.F_GETPIPE_SZ) == before
        os.write(held.feed, bytes(60_000))
        pump.step()
        assert fcntl.fcntl(held.source, fcntl.F_GETPIPE_SZ) > before


def test_a_file_is_sent_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"skipped|sent")
    with bench() as held, path.open("rb", buffering=0) as file:
        held.ours.setblocking(False)
        file.seek(8)
        to_the_end(SendingFile(file.fileno(), held.ours.fileno(), _no_spare))
        assert held.peer_heard() == b"sent..."


def _no_spare() -> Copying:
    raise AssertionError("sendfile is enough")


def test_a_file_that_cannot_be_sent_so_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: object) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("hatoba.netcat.pumps.os.sendfile", refused)
    (tmp_path / "input").write_bytes(b"all of it")
    with bench() as held, (tmp_path / "input").open("rb", buffering=0) as file:
        held.ours.setblocking(False)
        source = file.fileno()
        pump = SendingFile(
            source,
            held.ours.fileno(),
            lambda: Copying(source, reading(source), held.ours.fileno(), sending(held.ours)),
        )
        assert to_the_end(pump, lambda: None) == 1
        assert pump.moved_bytes == 9
        assert held.peer_heard() == b"all of it..."


def test_what_a_full_pipe_needed_is_closed_again() -> None:
    with bench() as held:
        before = len(open_descriptors())
        for _connection in range(3):
            write = writing(held.sink)
            assert write(memoryview(b"x")) == 1
            del write
        assert len(open_descriptors()) == before


def test_copying_passes_pieces_through_a_filter_and_finishes_each() -> None:
    with bench() as held:
        held.ours.setblocking(False)
        taken: list[bytes] = []

        def slow(data: memoryview) -> int | None:
            if len(taken) == 2:
                taken.append(b"")
                return None
            taken.append(bytes(data[:3]))
            return len(data[:3])

        pump = Copying(held.source, reading(held.source), -1, slow, change=lambda data: memoryview(bytes(data).upper()))
        assert pump.step() is None
        assert pump.waits_for() == (held.source, select.POLLIN)
        held.feeds(b"abcdefgh")
        while (moved := pump.step()) != 0:
            if moved is None:
                assert pump.waits_for() == (-1, select.POLLOUT)
        assert taken == [b"ABC", b"DEF", b"", b"GH"]
        assert pump.moved_bytes == 8


def test_a_filter_may_keep_a_piece_to_itself() -> None:
    with bench() as held:
        pump = Copying(held.source, reading(held.source), held.sink, writing(held.sink), change=lambda data: data[:0])
        held.feeds(b"all of it")
        assert pump.step() == 9
        assert pump.step() == 0
        assert held.drained() == b""


def test_lines_go_one_by_one_with_a_pause_between() -> None:
    with bench(socket.SOCK_DGRAM) as held:
        held.ours.setblocking(False)
        pump = Copying(held.source, reading(held.source), held.ours.fileno(), sending(held.ours), line_delay_s=60)
        held.feeds(b"one\ntwo\nrest")
        assert pump.step() == 4
        assert pump.ready_at_s > 0
        assert [pump.step(), pump.step(), pump.step()] == [4, 4, 0]
        assert [held.peer.recv(100) for _line in range(3)] == [b"one\n", b"two\n", b"rest"]


def test_a_full_pipe_holds_nobody_up_loses_nothing_and_stays_blocking() -> None:
    with bench() as held:
        data = bytes(range(256)) * 2000
        write = writing(held.sink)
        got = b""
        rest = memoryview(data)
        refused = 0
        while rest:
            taken = write(rest)
            if taken is None:
                refused += 1
                got += held.drained()
            else:
                rest = rest[taken:]
        got += held.drained()
        assert refused > 1
        assert got == data
        assert os.get_blocking(held.sink)


def test_a_full_socket_as_output_holds_nobody_up_either() -> None:
    with bench() as held:
        write = writing(held.ours.fileno())
        sent = 0
        while (taken := write(memoryview(bytes(100_000)))) is not None:
            sent += taken
        assert sent > 0
        assert held.ours.getblocking()


def test_a_terminal_that_was_closed_is_the_end_of_input() -> None:
    master, terminal = os.openpty()
    try:
        read = reading(terminal)
        assert read(memoryview(bytearray(10))) is None
        os.close(master)
        assert read(memoryview(bytearray(10))) == 0
    finally:
        os.close(terminal)


def test_a_terminal_that_may_not_be_read_is_the_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_arguments: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with bench() as held:
        os.write(held.feed, b"x")
        monkeypatch.setattr("hatoba.netcat.pumps.os.readv", lost)
        assert reading(held.source)(memoryview(bytearray(10))) == 0


class Wrapped(socket.socket):
    """What TLS does where it must wait: it raises a class of its own."""

    class SSLWantReadError(OSError):
        pass

    def recv_into(self, *_arguments: object) -> int:
        raise Wrapped.SSLWantReadError(2, "want read")


def test_tls_that_waits_is_no_fault_and_no_end() -> None:
    ours, peer = socket.socketpair()
    with peer, Wrapped(ours.family, ours.type, 0, ours.detach()) as wrapped:
        assert receiving(wrapped)(memoryview(bytearray(10))) is None
