"""Both ends of a transfer over a pair of sockets, or one of them and a script of what the other says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hatoba.errors import HatobaError
from hatoba.netcat.transfer.receiving import Destination, receive_file
from hatoba.netcat.transfer.sending import Outcome, send_file

Ended = Outcome | HatobaError
"""How an end saw the transfer."""

SENDER = {"hatoba-file": 1, "role": "send", "name": "file"}
RECEIVER = {"hatoba-file": 1, "role": "receive"}


def quiet(_done_bytes: int, _whole_bytes: int | None) -> None:
    """No progress."""


def ending(action: Callable[[], Outcome]) -> Ended:
    try:
        return action()
    except HatobaError as error:
        return error


def transfer(source: Path, destination: Destination, *, raw: bool = False) -> tuple[Ended, Ended]:
    """Send and receive; how the sender and the receiver saw it."""
    ours, theirs = socket.socketpair()
    seen: list[Ended] = []

    def receive() -> None:
        seen.append(ending(lambda: receive_file(theirs, destination, quiet, raw=raw)))
        theirs.close()

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    sent = ending(lambda: send_file(ours, source, quiet, raw=raw))
    ours.close()
    receiver.join(60)
    return sent, seen[0]


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def against(action: Callable[[socket.socket], Outcome], said: bytes, last: bytes | None = None) -> tuple[Ended, bytes]:
    """One end, whose other end says *said* at once whatever it hears, then *last* once it has heard a SHA-256, and then ends.
    How that end saw it, and what it said."""
    ours, theirs = socket.socketpair()
    ours.sendall(said)
    if last is None:
        ours.shutdown(socket.SHUT_WR)
    heard = bytearray()

    def hear() -> None:
        with suppress(ConnectionResetError):  # the end had not read all that we said
            while data := ours.recv(65536):
                heard.extend(data)
                if last is not None and b'"sha256"' in heard:
                    ours.sendall(last)
                    ours.shutdown(socket.SHUT_WR)

    ear = threading.Thread(target=hear, daemon=True)
    ear.start()
    ended = ending(lambda: action(theirs))
    theirs.close()
    ear.join(60)
    ours.close()
    return ended, bytes(heard)


def sending(path: Path, said: bytes, last: bytes | None = None) -> tuple[Ended, bytes]:
    return against(lambda connection: send_file(connection, path, quiet), said, last)


def receiving(path: Path, said: bytes, *, raw: bool = False, overwrite: bool = False) -> tuple[Ended, bytes]:
    return against(lambda connection: receive_file(connection, Destination(path, overwrite), quiet, raw=raw), said)


def lines_of(heard: bytes) -> list[dict[str, Any]]:
    return [json.loads(each) for each in heard.splitlines()]
