"""OpenBSD's words where no comparison with the program itself would show them."""

from __future__ import annotations

import errno
import io
import os
import socket

from hatoba.netcat.ends import End, NotBound, NotConnected, NotResolved, Peer, Transport
from hatoba.netcat.openbsd import OpenBsdConsole, probe_datagrams, program_name
from hatoba.netcat.relay import Ending

TCP = End(Transport.TCP, "host.test", 80)
PEER = Peer("198.18.0.2", 80)


def console(verbosity: int = 1) -> tuple[OpenBsdConsole, io.StringIO]:
    stream = io.StringIO()
    return OpenBsdConsole(stream, verbosity=verbosity, numeric=True), stream


def test_a_name_is_said_with_its_address() -> None:
    made, said = console()
    made.resolved(TCP, [PEER])
    made.connected(TCP, PEER, PEER, 0.0)
    assert said.getvalue() == "Connection to host.test (198.18.0.2) 80 port [tcp/*] succeeded!\n"


def test_a_udp_port_is_said_only_when_it_was_tried_out() -> None:
    made, said = console()
    made.connected(End(Transport.UDP, "198.18.0.2", 80), PEER, PEER, 0.0)
    assert said.getvalue() == ""
    made.confirmed()
    assert said.getvalue() == "Connection to 198.18.0.2 80 port [udp/*] succeeded!\n"


def test_why_nothing_came_about() -> None:
    fault = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    for error, words in (
        (NotBound("x", fault, TCP, PEER), "nc: Address already in use\n"),
        (
            NotResolved("x", unknown, TCP, listening=False),
            'nc: getaddrinfo for host "host.test" port 80: Name or service not known\n',
        ),
        (NotResolved("x", unknown, TCP, listening=True), "nc: getaddrinfo: Name or service not known\n"),
        (NotConnected("x", fault, TCP), ""),
    ):
        made, said = console(0)
        assert made.gave_up(error) == 1
        assert said.getvalue() == words


def test_an_end_is_an_end_whatever_it_was() -> None:
    made, said = console()
    assert made.finished(Ending(fault=ConnectionResetError())) == 0
    assert made.finished(Ending(idle=True)) == 0
    assert said.getvalue() == ""


def test_ports_are_tried_out_with_three_datagrams() -> None:
    ours, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, peer:
        assert probe_datagrams(ours, 0.001)
        assert [peer.recv(10) for _datagram in range(3)] == [b"X"] * 3
        peer.close()
        assert not probe_datagrams(ours, 0.001)


def test_the_name_is_nc_unless_called_by_another() -> None:
    assert program_name() == "nc"
