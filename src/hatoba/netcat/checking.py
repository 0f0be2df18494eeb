"""Which ports are open, by connecting and nothing more (``-z``)."""

from __future__ import annotations

import errno
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatoba.netcat.ends import End, NotConnected, Peer, SocketSettings, Transport, fault_sentence
from hatoba.netcat.resolving import Place, places
from hatoba.netcat.sockets import bind_source, open_socket

if TYPE_CHECKING:
    from hatoba.wire.connect_errors import SocketError

AT_ONCE = 64
"""Ports that are tried at the same time."""

UDP_WAIT_S = 1.0
"""How long a UDP port may take to answer, or its host to say that it is closed."""

QUESTION = b"\n"
"""What a UDP port is sent: an empty datagram is dropped by many programs."""

_CUT = (errno.ECONNRESET, errno.EPIPE)
"""Only what stood can be cut: who hangs up at once had accepted the connection."""

_TOTAL_RETRANSMITS = slice(100, 104)
"""``tcpi_total_retrans`` in what TCP_INFO tells (linux/tcp.h)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A port, and what came of it: *fault* None where it is open. *proved* is false for a UDP port that did not answer: nobody
    said that it is closed either."""

    port: int
    address: str
    fault: OSError | None
    proved: bool = True
    asked: int = 1
    """How often: the kernel repeats a handshake's first packet."""
    took_s: float | None = None
    """From the first question to what came back; None where nothing did."""
    icmp: SocketError | None = None
    """The ICMP error behind *fault*, and who sent it; None where it was none."""


def check_ports(
    end: End, ports: Sequence[int], settings: SocketSettings, *, at_once: int = AT_ONCE, pause_s: float = 0.0
) -> Iterator[Checked]:
    """Each of *ports* on the host of *end*, in their order. Where a name has several addresses, a port is open if it is on one
    of them, and otherwise what the last of them said counts. Raises NotConnected for an unknown name, and where the system has
    no socket for any of its addresses."""
    candidates = places(End(end.transport, end.host), settings)
    size = 1 if pause_s else max(1, min(at_once, _descriptors() // 2))
    for start in range(0, len(ports), size):
        if start and pause_s:
            time.sleep(pause_s)
        some = list(ports[start : start + size])
        found: dict[int, Checked] = {}
        lack: OSError | None = None
        for place in candidates:
            rest = [port for port in some if port not in found or found[port].fault is not None]
            try:
                found.update((checked.port, checked) for checked in _check_some(end.transport, place, rest, settings))
            except OSError as error:  # no socket of this kind: another address may be of another family
                lack = error
        if not found:
            raise NotConnected(fault_sentence(Peer(end.host), lack), lack, end)
        yield from (found[port] for port in some)


def _descriptors() -> int:
    most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if most != resource.RLIM_INFINITY else sys.maxsize


class _Attempt:
    """One port that is being tried. Raises OSError where there is no socket for that."""

    def __init__(self, transport: Transport, place: Place, port: int, settings: SocketSettings) -> None:
        self._transport = transport
        self._port, self._address = port, str(place.address[0])
        self._fault: OSError | None = None
        self._took_s: float | None = None
        self._icmp: SocketError | None = None
        self._answered = False
        self.over = False
        self.awaits = select.POLLIN if transport.datagrams else select.POLLOUT
        self.socket = open_socket(transport, place, settings)
        self.socket.setblocking(False)
        _keep_errors(self.socket)
        self._began_s = time.monotonic()
        try:
            bind_source(self.socket, transport, place.family, settings)
            self.socket.connect((place.address[0], port, *place.address[2:]))
            if transport.datagrams:
                self.socket.send(QUESTION)
            else:
                self._ended(None)
        except BlockingIOError:
            pass  # the handshake is under way (EINPROGRESS)
        except OSError as error:
            self._ended(error)

    def ready(self) -> None:
        """Something came back."""
        if self._transport.datagrams:
            try:
                self.socket.recv(1)
            except OSError as error:
                self._ended(error)
            else:
                self._answered = True
                self._ended(None)
        else:
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._ended(OSError(code, os.strerror(code)) if code and code not in _CUT else None)

    def _ended(self, fault: OSError | None) -> None:
        self.over = True
        self._took_s = time.monotonic() - self._began_s
        self._fault = fault
        if fault is not None:
            self._icmp = _icmp_error(self.socket)

    def outcome(self) -> Checked:
        """What came of it, up to now."""
        datagrams, fault = self._transport.datagrams, self._fault
        if not self.over and not datagrams:
            fault = TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        proved = not datagrams or self._answered or fault is not None
        return Checked(self._port, self._address, fault, proved, self._asked(), self._took_s, self._icmp)

    def _asked(self) -> int:
        if self._transport is not Transport.TCP:
            return 1
        told = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TOTAL_RETRANSMITS.stop)
        return 1 + int.from_bytes(told[_TOTAL_RETRANSMITS], sys.byteorder)


def _keep_errors(connection: socket.socket) -> None:
    """Have the kernel keep ICMP errors with their senders, and tell a UDP socket of all of them."""
    from hatoba.wire.connect_errors import IP_RECVERR, IPV6_RECVERR

    if connection.family == socket.AF_INET6:
        connection.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        connection.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def _icmp_error(connection: socket.socket) -> SocketError | None:
    """The ICMP error that the kernel has kept for *connection*."""
    from hatoba.wire.connect_errors import ORIGIN_ICMP, ORIGIN_ICMP6, ErrorQueue

    error = ErrorQueue().read(connection.fileno())
    return error if error is not None and error.origin in (ORIGIN_ICMP, ORIGIN_ICMP6) else None


def _check_some(transport: Transport, place: Place, ports: Sequence[int], settings: SocketSettings) -> list[Checked]:
    attempts: dict[int, _Attempt] = {}
    try:
        for port in ports:
            attempt = _Attempt(transport, place, port, settings)
            attempts[attempt.socket.fileno()] = attempt
        _await(attempts, UDP_WAIT_S if transport.datagrams else None, settings.connect_timeout_s)
        return [attempt.outcome() for attempt in attempts.values()]
    finally:
        for attempt in attempts.values():
            attempt.socket.close()


def _await(attempts: dict[int, _Attempt], usual_s: float | None, wanted_s: float | None) -> None:
    """Until something came back for all, or the time is over."""
    limit_s = wanted_s if wanted_s is not None else usual_s
    deadline_s = None if limit_s is None else time.monotonic() + limit_s
    poll = select.poll()
    for descriptor, attempt in attempts.items():
        if not attempt.over:
            poll.register(descriptor, attempt.awaits)
    waiting = sum(not attempt.over for attempt in attempts.values())
    while waiting:
        left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
        ready = poll.poll(None if left_s is None else 1000 * left_s)
        if not ready:
            return
        for descriptor, _event in ready:
            attempts[descriptor].ready()
            poll.unregister(descriptor)
            waiting -= 1
