"""What ``test_own_address.py`` asks about, called on a lab's host: who answers a datagram that came to one of several of its
addresses."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hatoba.netcat.console import Console
from hatoba.netcat.datagrams import answer_datagrams, anybody_ways, connect_to_first, datagram_ways
from hatoba.netcat.ends import End, Peer, SocketSettings, Transport
from hatoba.netcat.listening import Welcome, listening_sockets
from hatoba.netcat.relay import Relay, RelaySettings
from hatoba.netcat.ways import Streams, Ways
from tests.unit.netcat.talking import bench

LIMIT_S = 60
PLAIN = SocketSettings()
END = End(Transport.UDP)
WELCOME = Welcome(keep_open=True, wait_s=0.05)


class Calling(Console):
    """Says nothing; datagrams are sent to *address* as soon as somebody listens, before he has looked."""

    def __init__(self, address: str) -> None:
        super().__init__(None)
        self._address = address
        self.call: socket.socket | None = None

    def listening(self, end: End, local: Peer) -> None:
        if self.call is None and (":" in local.host) == (":" in self._address):
            self.call = socket.socket(socket.AF_INET6 if ":" in self._address else socket.AF_INET, socket.SOCK_DGRAM)
            self.call.settimeout(LIMIT_S)
            self.call.connect((self._address, local.port))  # it hears nobody else
            for word in (b"one ", b"two "):
                self.call.send(word)

    def said(self, data: bytes) -> None:
        assert self.call is not None
        self.call.send(data)

    def heard(self) -> str:
        assert self.call is not None
        return self.call.recv(100).decode()


def _echo(console: Calling) -> dict[str, Any]:
    answer_datagrams(END, PLAIN, console, lambda data, _peer: data.upper(), welcome=WELCOME)
    return {"heard": console.heard() + console.heard()}


@contextmanager
def _first(console: Calling, streams: Streams) -> Iterator[Ways]:
    found = connect_to_first(END, PLAIN, console, WELCOME)
    assert found is not None
    with found[0] as connection:
        yield datagram_ways(connection, streams, found[1])


@contextmanager
def _anybody(console: Calling, streams: Streams) -> Iterator[Ways]:
    with listening_sockets(END, PLAIN, console) as sockets:
        yield anybody_ways(sockets, streams, WELCOME, console)


def _relayed(console: Calling, ways_of: Callable[..., Any]) -> dict[str, Any]:
    """A word of ours once both of theirs have come, and one more of theirs after that."""
    with bench() as held, ways_of(console, Streams(held.source, held.sink)) as ways:
        Relay(ways, RelaySettings(most_pieces=2, sends=False, idle_s=LIMIT_S), console).run()
        os.write(held.feed, b"answer")
        Relay(ways, RelaySettings(idle_s=0.05), console).run()
        heard = console.heard()
        console.said(b"three")
        Relay(ways, RelaySettings(most_pieces=1, idle_s=LIMIT_S), console).run()
        return {"heard": heard, "out": held.drained().decode()}


def everything(addresses: list[str]) -> dict[str, Any]:
    """All of it, by address."""
    return {
        address: {
            "echo": _echo(Calling(address)),
            "first": _relayed(Calling(address), _first),
            "anybody": _relayed(Calling(address), _anybody),
        }
        for address in addresses
    }
