"""The words of this room: what the user named, how the socket is to be, who called."""

from __future__ import annotations

import enum
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatoba.errors import HatobaError
from hatoba.messages import system_words

if TYPE_CHECKING:
    from hatoba.netcat.console import Console

SocketAddress = Any
"""What the socket module takes for an address: a tuple that begins with host and port, or a path (text, or bytes that begin
with a zero byte in Linux's abstract namespace)."""

IPPROTO_SCTP = 132
"""Assigned by IANA; the socket module lacks the name on some systems."""


class Transport(enum.Enum):
    """What carries the bytes. The value is its word in messages."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    UNIX = "unix"
    UNIX_DATAGRAM = "unix-datagram"

    @property
    def by_path(self) -> bool:
        """Whether an end is a path rather than host and port."""
        return self in (Transport.UNIX, Transport.UNIX_DATAGRAM)

    @property
    def datagrams(self) -> bool:
        """Whether it keeps messages apart, and knows no connection."""
        return self in (Transport.UDP, Transport.UNIX_DATAGRAM)

    @property
    def kind(self) -> socket.SocketKind:
        return socket.SOCK_DGRAM if self.datagrams else socket.SOCK_STREAM

    @property
    def protocol(self) -> int:
        """The number for ``socket()``; 0 where family and kind say enough."""
        return IPPROTO_SCTP if self is Transport.SCTP else 0


@dataclass(frozen=True, slots=True)
class End:
    """What the user named. *host* may be empty for listening (everywhere); for Unix sockets it is the path, and ``@name``
    stands for Linux's abstract namespace."""

    transport: Transport
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return self.host if self.transport.by_path else with_port(self.host, self.port)


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How a socket is to be, before it connects or listens; None and empty leave it to the system."""

    family: int = socket.AF_UNSPEC
    """AF_INET, AF_INET6, or AF_UNSPEC for both."""
    numeric: bool = False
    """No name is looked up (-n)."""
    source: str = ""
    """The address to come from; for Unix datagrams the path of our own socket."""
    source_port: int = 0
    connect_timeout_s: float | None = None
    traffic_class: int | None = None
    """IPv4's type of service, IPv6's traffic class: 0 to 255."""
    receive_buffer_bytes: int | None = None
    send_buffer_bytes: int | None = None
    ttl: int | None = None
    min_ttl: int | None = None
    """Packets that arrive with less are dropped by the kernel (RFC 5082)."""
    broadcast: bool = False
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the other side, by numbers: *host* is an address, or a path (often empty: a client's Unix socket has no
    name)."""

    host: str
    port: int = 0

    @classmethod
    def of(cls, address: SocketAddress) -> Peer:
        """From what ``accept`` and ``getpeername`` return. An IPv4 address in IPv6's clothes (``::ffff:...``) is one of
        IPv4."""
        if isinstance(address, tuple):
            return cls(str(address[0]).removeprefix("::ffff:"), int(address[1]))
        return cls(path_text(address))

    def __str__(self) -> str:
        return with_port(self.host, self.port) if self.port else self.host


class NotConnected(HatobaError):
    """No connection came about; the message says with whom, and why. *fault* is the system's word for the last attempt."""

    def __init__(self, message: str, fault: OSError | None = None, end: End | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.end = end


class BrokenOff(NotConnected):
    """The one connection that a listener takes came about, and to nothing."""


class NotResolved(NotConnected):
    """A name that nobody knows, or that could not be looked up, to connect to or to listen at."""

    def __init__(self, message: str, fault: OSError, end: End, *, listening: bool) -> None:
        super().__init__(message, fault, end)
        self.listening = listening


class NotBound(NotConnected):
    """Nothing can listen there; *local* is where."""

    def __init__(self, message: str, fault: OSError | None, end: End, local: Peer) -> None:
        super().__init__(message, fault, end)
        self.local = local


class ToldFault(OSError):
    """A fault of the network whose ``strerror`` is a whole sentence for people, that says who the peer is where it matters."""

    def __str__(self) -> str:
        return self.strerror or ""


class Cut(ToldFault):
    """What a peer sends has ended where it should not have. It may still listen."""


class OutputClosed(HatobaError):
    """Nobody reads standard output any more. No BrokenPipeError: a listener takes those for a client that went away."""

    exit_status = 141


Dialer = Callable[[End, SocketSettings, "Console"], socket.socket]
"""Connects to an end and returns the socket; raises NotConnected."""

Wrapper = Callable[[socket.socket, Peer, "Console"], socket.socket]
"""Puts something around a connection (TLS) and returns what to talk through. Raises OSError where that fails."""

Handler = Callable[[socket.socket, Peer, "Console"], None]
"""Talks on a connection and returns when it is done; the caller closes."""


def fault_sentence(who: Peer | End, fault: OSError | None) -> str:
    """What went wrong with *who*, for people."""
    words = system_words(fault or 0)
    return words if isinstance(fault, ToldFault) or not str(who) else f"{who}: {words}"


def with_port(host: str, port: int) -> str:
    """``198.18.0.1:80``, ``[fd00::1]:80`` (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def path_text(address: str | bytes | None) -> str:
    """A Unix socket's address as people write it."""
    if isinstance(address, bytes):
        return "@" + address[1:].decode(errors="backslashreplace") if address[:1] == b"\0" else address.decode(errors="replace")
    return address or ""


def path_address(path: str) -> str | bytes:
    """What the socket module takes for a path as people write it (unix(7), "Abstract sockets")."""
    return b"\0" + path[1:].encode() if path.startswith("@") else path
