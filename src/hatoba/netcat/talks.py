"""Short talks before a connection is what it is for, without I/O: with a proxy, or as one.

A **talk** is a generator. It yields bytes that are to be sent, or a number: so many bytes are wanted next, and ``yield`` gives
them. What it returns is what came of it. A talk never asks for more than it knows is its own, so not a byte of what follows
is lost, and it asks for a bounded number of bytes, whatever the other side says.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from hatoba.messages import _

Value = TypeVar("Value")
Talk = Generator[bytes | int, bytes, Value]


class ProxyFault(OSError):
    """The other side of a talk refuses, or says what nobody understands: a fault of the network, whose ``strerror`` is a clause
    for people."""

    def __init__(self, clause: str) -> None:
        super().__init__(errno.EPROTO, clause)

    def __str__(self) -> str:
        return self.strerror or ""


class HungUp(ProxyFault):
    """The connection ended in the middle of the talk."""

    def __init__(self) -> None:
        super().__init__(_("hung up before everything was said"))


def converse(
    talk: Talk[Value], connection: socket.socket, patience_s: float | None, clock: Callable[[], float] = time.monotonic
) -> Value:
    """Hold *talk* over *connection*, for at most *patience_s* altogether (None: no limit). Raises ProxyFault, TimeoutError and
    whatever the socket raises; *connection* stays open, and is blocking again afterwards."""
    deadline = None if patience_s is None else clock() + patience_s
    answer: bytes | None = None
    while True:
        try:
            step = next(talk) if answer is None else talk.send(answer)
        except StopIteration as done:
            connection.settimeout(None)
            value: Value = done.value
            return value
        if isinstance(step, bytes):
            _limit(connection, deadline, clock)
            connection.sendall(step)
            answer = b""
        else:
            answer = _exactly(connection, step, deadline, clock)


def _exactly(connection: socket.socket, count: int, deadline: float | None, clock: Callable[[], float]) -> bytes:
    parts = []
    while count:
        _limit(connection, deadline, clock)
        part = connection.recv(count)
        if not part:
            raise HungUp
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _limit(connection: socket.socket, deadline: float | None, clock: Callable[[], float]) -> None:
    if deadline is None:
        return
    left_s = deadline - clock()
    if left_s <= 0:
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    connection.settimeout(left_s)
