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

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

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
        descriptors: list[int] = []
        try:
            head, descriptors, _flags, _address = socket.recv_fds(self._sock, _LENGTH.size, MOST_DESCRIPTORS)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            head += self._exactly(_LENGTH.size - len(head))
            message: Message = json.loads(self._exactly(_LENGTH.unpack(head)[0]))
        except BaseException as error:
            for descriptor in descriptors:
                os.close(descriptor)
            if isinstance(error, (ConnectionResetError, ValueError)):
                raise ChannelClosed from error
            raise
        return message, descriptors

    def _exactly(self, count: int) -> bytes:
        parts = []
        while count:
            part = self._sock.recv(min(count, 1 << 20))
            if not part:
                raise ChannelClosed
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
