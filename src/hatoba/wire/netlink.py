"""Questions to the kernel over rtnetlink: dumps and single look-ups, as plain tuples.

A scan starts with a handful of these. pyroute2 knows them all, but importing it takes longer than many a scan does, so the
lab builds with pyroute2 and the scanner asks by itself. See rtnetlink(7), netlink(7), linux/rtnetlink.h.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE = 18, 22, 26, 30, 34
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_RECEIVE_BYTES = 1 << 18


class Message(NamedTuple):
    """One answer: its fixed header as bytes and its attributes by number (the last of each)."""

    body: bytes
    attributes: dict[int, bytes]
    error: int = 0
    """An errno where the kernel refused this question, else 0."""


def attribute(number: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, number) + value + bytes(-size % 4)


class Netlink:
    """A socket for questions; a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._sequence = 0

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def dump(self, kind: int, body: bytes, body_bytes: int) -> list[Message]:
        """All objects of a kind. *body* is the question's fixed header, *body_bytes* the size of an answer's."""
        self._send(kind, _NLM_F_REQUEST | _NLM_F_DUMP, [body])
        found: list[Message] = []
        while True:
            for message_kind, payload in self._receive():
                if message_kind == _NLMSG_DONE:
                    return found
                if message_kind == _NLMSG_ERROR:
                    code = -struct.unpack_from("=i", payload)[0]
                    raise OSError(code, os.strerror(code))
                found.append(_parsed(payload, body_bytes))

    def ask(self, kind: int, bodies: Sequence[bytes], body_bytes: int) -> list[Message]:
        """One answer for each question, in order."""
        answers: list[Message] = []
        for start in range(0, len(bodies), 64):
            part = bodies[start : start + 64]
            self._send(kind, _NLM_F_REQUEST, part)
            heard = 0
            while heard < len(part):
                for message_kind, payload in self._receive():
                    heard += 1
                    if message_kind == _NLMSG_ERROR:
                        answers.append(Message(b"", {}, -struct.unpack_from("=i", payload)[0]))
                    else:
                        answers.append(_parsed(payload, body_bytes))
        return answers

    def _send(self, kind: int, flags: int, bodies: Sequence[bytes]) -> None:
        data = b""
        for body in bodies:
            self._sequence += 1
            data += _HEADER.pack(_HEADER.size + len(body), kind, flags, self._sequence, 0) + body
            data += bytes(-len(data) % 4)
        self._socket.sendto(data, (0, 0))

    def _receive(self) -> Iterator[tuple[int, bytes]]:
        data = self._socket.recv(_RECEIVE_BYTES)
        offset = 0
        while offset + _HEADER.size <= len(data):
            size, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
            if size < _HEADER.size:
                break
            yield kind, data[offset + _HEADER.size : offset + size]
            offset += size + -size % 4


def _parsed(payload: bytes, body_bytes: int) -> Message:
    attributes = {}
    offset = body_bytes
    while offset + _ATTRIBUTE.size <= len(payload):
        size, number = _ATTRIBUTE.unpack_from(payload, offset)
        if size < _ATTRIBUTE.size:
            break
        attributes[number & 0x3FFF] = payload[offset + _ATTRIBUTE.size : offset + size]
        offset += size + -size % 4
    return Message(payload[:body_bytes], attributes)
