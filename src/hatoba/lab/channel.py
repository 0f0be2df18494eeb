"""Messages between a lab and its keeper: JSON objects with descriptors beside them, over a Unix stream socket.

Each message is a length (4 bytes, big-endian) and that many bytes of UTF-8 JSON; descriptors travel with the length
(SCM_RIGHTS, unix(7)), which a stream socket never joins with data of another message.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]
_LENGTH = struct.Struct(">I")
MOST_DESCRIPTORS = 8


class ChannelClosed(Exception):
    """The other side is gone, or does not speak as a channel does."""


class Channel:
    """One end. Not for several threads at once."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._came = bytearray()
        """What has come of the next message, and with it :attr:`_descriptors`."""
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()
        while self._descriptors:
            os.close(self._descriptors.pop())

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Raise ChannelClosed where nobody reads any more. The descriptors stay open on this side."""
        body = json.dumps(message).encode()  # in ASCII: names that are no UTF-8 hold lone surrogates
        try:
            socket.send_fds(self._sock, [_LENGTH.pack(len(body))], list(descriptors))
            self._sock.sendall(body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosed from error

    def receive(self) -> tuple[Message, list[int]]:
        """The next message and the descriptors that came with it, which are the caller's to close. Raise ChannelClosed."""
        while (message := self.receive_some()) is None:
            pass
        return message

    def receive_some(self) -> tuple[Message, list[int]] | None:
        """Take some of the next message, without waiting where there is something to take; the message as in :meth:`receive`
        once all of it has come, None before."""
        try:
            self._came += self._some()
            if len(self._came) < _LENGTH.size or self._missing():
                return None
            message: Message = json.loads(self._came[_LENGTH.size :])
        except (ConnectionResetError, ValueError) as error:
            raise ChannelClosed from error
        descriptors, self._descriptors = self._descriptors, []
        self._came.clear()
        return message, descriptors

    def _missing(self) -> int:
        """How many bytes of the message that has begun are still to come."""
        return int(_LENGTH.unpack_from(self._came)[0]) + _LENGTH.size - len(self._came)

    def _some(self) -> bytes:
        if len(self._came) >= _LENGTH.size:
            part = self._sock.recv(min(self._missing(), 1 << 20))
        else:
            part, descriptors, _flags, _address = socket.recv_fds(self._sock, _LENGTH.size - len(self._came), MOST_DESCRIPTORS)
            self._descriptors += descriptors
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
        if not part:
            raise ChannelClosed
        return part
