"""Echo, discard, and a fixed reply: each a handler for a connection, and a function for datagrams.

Nothing is kept of what a client sends but the piece that is on its way back. A client that sends without ever reading stops
itself: its echo fills its own buffers and then ours are not read.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from hatoba.errors import UsageError
from hatoba.messages import _, ngettext, system_words
from hatoba.netcat.console import Console
from hatoba.netcat.ends import Peer
from hatoba.netcat.servers.patience import CHUNK_BYTES, Patience, PatientPeer, PeerGone, PeerSlow

BUFFER_BYTES = 1 << 18
LINGER_S = 15.0
"""How long a client that has got its reply may be silent until it closes."""
MOST_DATAGRAM_BYTES = 65507
"""What IPv4 and UDP leave of 65,535 bytes."""

AnswerDatagram = Callable[[bytes, Peer], bytes | None]
"""From a datagram and its sender to what is sent back; None for nothing."""


class Echo:
    """Sends back what comes (RFC 862). *idle_s*: how long a client may be silent; None: for ever."""

    def __init__(self, idle_s: float | None = None) -> None:
        self._idle_s = idle_s

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        count = _pump(connection, peer, console, self._idle_s, back=True)
        console.tell(
            ngettext("{peer}: {count} byte sent back", "{peer}: {count} bytes sent back", count).format(
                peer=peer, count=f"{count:,}"
            )
        )

    @staticmethod
    def datagram(data: bytes, sender: Peer) -> bytes | None:
        """Nothing for a sender whose port is that of a service: two echo services that a forged address has set on each other
        would never stop."""
        return None if _is_service(sender) else data


class Discard:
    """Takes what comes and drops it (RFC 863)."""

    def __init__(self, idle_s: float | None = None) -> None:
        self._idle_s = idle_s

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        count = _pump(connection, peer, console, self._idle_s, back=False)
        console.tell(
            ngettext("{peer}: {count} byte dropped", "{peer}: {count} bytes dropped", count).format(
                peer=peer, count=f"{count:,}"
            )
        )

    @staticmethod
    def datagram(_data: bytes, _sender: Peer) -> bytes | None:
        return None


def _pump(connection: socket.socket, peer: Peer, console: Console, idle_s: float | None, *, back: bool) -> int:
    """Take what comes until its end, send it *back* or not. Return the bytes."""
    stream, patience = PatientPeer(connection), Patience(idle_s, 1)
    buffer = memoryview(bytearray(BUFFER_BYTES))
    total = 0
    try:
        while count := stream.receive_into(buffer, patience):
            total += count
            if back:
                stream.send(buffer[:count], patience)
    except PeerSlow:
        console.tell(_("{peer} was silent for too long and is let go").format(peer=peer))
    except PeerGone as error:
        console.tell(_("{peer}: {reason}").format(peer=peer, reason=error))
    return total


class Reply:
    """Sends every client the same file, whole, and then nothing more; what the client says goes to *output*.

    The file is opened anew for each, so that it can be changed meanwhile. Each raises UsageError where it can't be read now.
    """

    def __init__(self, path: Path, output: BinaryIO, idle_s: float | None = None) -> None:
        self._path, self._idle_s = path, LINGER_S if idle_s is None else idle_s
        self._output: BinaryIO | None = output
        self._writing = threading.Lock()
        os.close(self._open())

    def _open(self) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            os.pread(descriptor, 1, 0)  # a folder can be opened, a pipe can't be read twice
        except OSError as error:
            raise UsageError(
                _("{path} can't be sent as a reply ({reason}): name a regular file").format(
                    path=self._path, reason=system_words(error)
                )
            ) from error
        return descriptor

    def __call__(self, connection: socket.socket, peer: Peer, console: Console) -> None:
        stream, patience = PatientPeer(connection), Patience(self._idle_s, 1)
        descriptor = self._open()
        try:
            stream.send_file(descriptor, 0, os.fstat(descriptor).st_size, patience)
            stream.say_end()
            while data := stream.receive(CHUNK_BYTES, patience):
                self._show(data)
        except PeerSlow:
            console.tell(_("{peer} was silent for too long and is let go").format(peer=peer))
        except PeerGone as error:
            console.tell(_("{peer}: {reason}").format(peer=peer, reason=error))
        finally:
            os.close(descriptor)

    def _show(self, data: bytes) -> None:
        """Clients get their reply whether anybody reads what they say or not."""
        with self._writing:
            if self._output is None:
                return
            try:
                self._output.write(data)
                self._output.flush()
            except (OSError, ValueError):  # its reader is gone, its disk is full, it is closed
                self._output = None

    def datagram(self, data: bytes, sender: Peer) -> bytes | None:
        """The file, as far as one datagram holds it; nothing for a sender whose port is that of a service, as with Echo."""
        self._show(data)
        if _is_service(sender):
            return None
        descriptor = self._open()
        try:
            return os.pread(descriptor, MOST_DATAGRAM_BYTES, 0)
        finally:
            os.close(descriptor)


def _is_service(sender: Peer) -> bool:
    """Unix sockets have no port at all."""
    return 0 < sender.port < 1024
