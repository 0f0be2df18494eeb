"""Conversations: a connection or a pair of datagram sockets' ends with one port, for whoever wants to know who is there.

A conversation is a seam as the packet wires are: :class:`KernelDials` opens real ones, tests put scripted ones in their stead,
and ``wire.gate.GatedDials`` stands in front of either. asyncio, because hundreds are under way at once and each mostly waits.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Protocol as Interface

from hatoba.model import Address, Protocol
from hatoba.wire.connect_sockets import new_socket


class Conversation(Interface):
    """With one port. Each method raises OSError where the other side or the network has ended it."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self, most_bytes: int) -> bytes:
        """What came next, a datagram or a piece of the stream; nothing once the other side has ended a stream."""

    def close(self, last: bytes = b"") -> None:
        """End it, after *last* if that can be sent without waiting. Harmless when repeated."""


class Dials(Interface):
    """A way to open conversations."""

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Conversation:
        """Raises OSError where nobody answers; NotPermitted and WireError where this machine can't do it at all. With
        *any_port* datagrams count from whichever port of the address they come."""


class SocketConversation:
    """Over a socket that does not block."""

    def __init__(self, its_socket: socket.socket) -> None:
        self._socket = its_socket

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def receive(self, most_bytes: int) -> bytes:
        # Where something is there already, sock_recv returns at once. Who pours without end would keep everybody else from
        # their turn, and our own time from running out.
        await asyncio.sleep(0)
        return await asyncio.get_running_loop().sock_recv(self._socket, most_bytes)

    def close(self, last: bytes = b"") -> None:
        """A stream ends with FIN in order, so that the daemon logs no reset; what it still says is not waited for."""
        with suppress(OSError):
            if last:
                self._socket.send(last)
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()


class StrayConversation(SocketConversation):
    """Datagrams to one port, and back from any port of the same address: a server of TFTP answers from one that it has just
    chosen (RFC 1350 section 4). Nobody says that the port is closed."""

    def __init__(self, its_socket: socket.socket, address: Address, port: int) -> None:
        super().__init__(its_socket)
        self._to, self._packed = _socket_address(address, port), address.packed

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendto(self._socket, data, self._to)

    async def receive(self, most_bytes: int) -> bytes:
        while True:
            await asyncio.sleep(0)
            data, sender = await asyncio.get_running_loop().sock_recvfrom(self._socket, most_bytes)
            if ip_address(sender[0]).packed == self._packed:
                return data


class KernelDials:
    """The real ones, tied to *interface* if one is named."""

    def __init__(self, interface: str | None = None) -> None:
        self._interface = interface

    async def dial(self, protocol: Protocol, address: Address, port: int, *, any_port: bool = False) -> Conversation:
        kind = {Protocol.TCP: socket.SOCK_STREAM, Protocol.UDP: socket.SOCK_DGRAM}[protocol]
        fresh = new_socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, self._interface, kind)
        if any_port:
            return StrayConversation(fresh, address, port)
        try:
            await asyncio.get_running_loop().sock_connect(fresh, _socket_address(address, port))
            if fresh.getsockname()[:2] == fresh.getpeername()[:2]:
                # On an own address the kernel may pick the asked port as the source port: we would talk with ourselves.
                raise ConnectionRefusedError("the connection met itself")
        except BaseException:
            fresh.close()
            raise
        return SocketConversation(fresh)


def _socket_address(address: Address, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """By number only: asyncio looks up no name."""
    if address.version == 4:
        return str(address), port
    zone = address.scope_id
    return str(address).partition("%")[0], port, 0, socket.if_nametoindex(zone) if zone else 0
