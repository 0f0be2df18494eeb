"""ncat's words where no comparison with the program itself would show them."""

from __future__ import annotations

import errno
import io
import os

from hatoba.netcat.ends import End, NotBound, Peer, Transport
from hatoba.netcat.ncat import NcatConsole, dump
from hatoba.netcat.relay import Ending

TCP = End(Transport.TCP, "host.test", 80)
PEER = Peer("198.18.0.2", 80)
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def console(verbosity: int = 1) -> tuple[NcatConsole, io.StringIO]:
    stream = io.StringIO()
    return NcatConsole(stream, verbosity=verbosity, idle_s=0.5), stream


def test_the_next_address_is_tried_aloud() -> None:
    made, said = console()
    made.not_connected(TCP, Peer("::1", 80), REFUSED, last=False)
    made.not_connected(TCP, PEER, REFUSED, last=True)
    assert said.getvalue() == "Ncat: Connection to ::1 failed: Connection refused.\nNcat: Trying next address...\n"


def test_a_client_tells_why_it_ended_and_a_listener_does_not() -> None:
    made, said = console(0)
    assert made.finished(Ending(fault=ConnectionResetError(errno.ECONNRESET, "x"))) == 1
    assert made.finished(Ending(fault=ConnectionResetError(errno.ECONNRESET, "x")), listening=True) == 1
    assert made.finished(Ending(idle=True)) == 1
    assert said.getvalue() == "Ncat: Connection reset by peer.\nNcat: Idle timeout expired (500 ms).\n"


def test_what_cannot_be_bound() -> None:
    made, said = console(0)
    fault = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    assert made.gave_up(NotBound("x", fault, TCP, Peer("::", 80))) == 2
    assert said.getvalue() == "Ncat: bind to :::80: Address already in use. QUITTING.\n"


def test_its_dump() -> None:
    assert list(dump(">", 16, b"hello world, this is")) == [
        "0000   68 65 6c 6c 6f 20 77 6f  72 6c 64 2c 20 74 68 69  hello.world,.thi",
        "0010   73 20 69 73                                       s.is            ",
    ]
