"""What is said to whom wants to hear it."""

from __future__ import annotations

import errno
import io
import os
import threading

import pytest

from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, Peer, Transport
from hatoba.netcat.relay import Ending
from tests.unit.netcat.talking import heard

PEER, LOCAL = Peer("198.18.0.2", 80), Peer("198.18.0.1", 40_000)
TCP, UDP, SCTP = (End(transport, "host.test", 80) for transport in (Transport.TCP, Transport.UDP, Transport.SCTP))
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def test_nothing_is_said_unasked() -> None:
    console, said = heard()
    console.resolved(TCP, [PEER])
    console.connected(TCP, PEER, LOCAL, 0.001)
    console.not_connected(TCP, PEER, REFUSED, last=True)
    console.listening(TCP, LOCAL)
    console.accepted(TCP, PEER, LOCAL)
    console.turned_away(PEER)
    console.input_ended(told=True)
    console.peer_ended(still_sending=True)
    console.left(PEER)
    console.failed(PEER, REFUSED)
    assert console.finished(Ending()) == 0
    assert said.getvalue() == ""


def test_what_went_wrong_is_said_always() -> None:
    console, said = heard()
    assert console.finished(Ending(fault=REFUSED)) == 1
    assert console.finished(Ending(idle=True)) == 1
    lines = said.getvalue().splitlines()
    assert lines[0] == "hatoba: the connection broke off: Connection refused"
    assert lines[1].startswith("hatoba: nothing moved for the time that -i allows")


def test_verbose_says_who_and_how_much() -> None:
    console, said = heard(verbosity=1)
    console.connected(TCP, PEER, LOCAL, 0.001)
    console.accepted(End(Transport.UNIX, "/run/some.socket"), Peer(""), Peer("/run/some.socket"))
    console.finished(Ending(sent_bytes=5, received_bytes=7, took_s=1.5))
    assert said.getvalue().splitlines() == [
        "connected to 198.18.0.2:80",
        "connection from a socket without a name",
        "5 bytes sent, 7 bytes received in 1.50 s",
    ]


def test_why_one_address_failed_is_said_on_the_second_v() -> None:
    for verbosity, text in ((1, ""), (2, "198.18.0.2:80: Connection refused\n")):
        console, said = heard(verbosity=verbosity)
        console.not_connected(TCP, PEER, REFUSED, last=False)
        assert said.getvalue() == text


@pytest.mark.parametrize(
    ("end", "words"),
    [(TCP, "three-way handshake (SYN, SYN-ACK, ACK) took 0.3 ms"), (UDP, "UDP has no handshake"), (SCTP, "COOKIE")],
)
def test_the_teaching_mode_tells_what_a_connection_is(end: End, words: str) -> None:
    console, said = heard(explaining=True)
    console.resolved(end, [PEER, Peer("fd00:18::2", 80)])
    console.connected(end, PEER, LOCAL, 0.0003)
    assert "the name host.test stands for these addresses, tried in turn: 198.18.0.2, fd00:18::2" in said.getvalue()
    assert words in said.getvalue()


@pytest.mark.parametrize(
    ("end", "fault", "words"),
    [
        (TCP, REFUSED, "answered our SYN with RST"),
        (UDP, REFUSED, 'ICMP "port unreachable"'),
        (End(Transport.UNIX, "/s"), REFUSED, "no program listens on it any more"),
        (TCP, TimeoutError(errno.ETIMEDOUT, "x"), "a firewall drops our packets"),
    ],
)
def test_and_why_there_is_none(end: End, fault: OSError, words: str) -> None:
    console, said = heard(explaining=True)
    console.not_connected(end, PEER, fault, last=True)
    assert words in said.getvalue()


def test_nothing_from_the_network_steers_the_terminal() -> None:
    console, said = heard(verbosity=1)
    console.tell("a\x1b[2Jb")
    assert said.getvalue() == "a\\x1b[2Jb\n"


def test_a_stream_that_is_gone_ends_no_connection() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    console = Console(Gone(), verbosity=1)
    console.tell("to nobody")
    console.tell("and again")
    Console(None, verbosity=1).complain("to nobody at all")


def test_lines_of_several_threads_stay_whole() -> None:
    console, said = heard(verbosity=1)
    threads = [threading.Thread(target=lambda: [console.tell("x" * 50) for _time in range(50)]) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(said.getvalue().splitlines()) == {"x" * 50}
