"""The sending end of a file transfer."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hatoba.messages import _
from hatoba.netcat.servers.patience import PeerGone
from hatoba.netcat.transfer.lines import BUFFER_BYTES, Lines, TransferFailed, count_of, digest_of, not_ours
from hatoba.netcat.transfer.partial import source_file

Progress = Callable[[int, int | None], None]
"""Told how many bytes of how many are over; the whole is None where nobody knows."""

LINGER_S = 60.0
"""How long a receiver may take to close once it has all, where there are no lines to say that it has."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A file that came over whole. *resumed_bytes*: how many of its bytes had come earlier."""

    name: str
    size_bytes: int
    sha256: str
    resumed_bytes: int = 0


def send_file(
    connection: socket.socket, path: Path, progress: Progress, *, idle_s: float | None = None, raw: bool = False
) -> Outcome:
    """Send the file at *path*. Raise UsageError where it can't be read, TransferFailed where it did not come over."""
    descriptor = source_file(path)
    try:
        sending = _Sending(Lines(connection, idle_s), descriptor, path.name, progress)
        return sending.raw() if raw else sending.framed()
    finally:
        os.close(descriptor)


class _Sending:
    def __init__(self, lines: Lines, descriptor: int, name: str, progress: Progress) -> None:
        self._lines, self._descriptor, self._name, self._progress = lines, descriptor, name, progress
        self._size_bytes = os.fstat(descriptor).st_size
        self._digest = hashlib.sha256()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._sent_bytes = 0

    def framed(self) -> Outcome:
        try:
            self._lines.greet(role="send", name=self._name, bytes=self._size_bytes)
            resumed = self._agree()
            self._lines.say(**{"from": resumed})
            self._sent_bytes = resumed
            self._send(watch=True)
            ours = self._digest.hexdigest()
            self._lines.say(sha256=ours)
            theirs = digest_of(self._lines.hear())
        except PeerGone as error:
            raise self._cut(error) from error
        if theirs != ours:
            raise TransferFailed(
                _("the other end has a file with another SHA-256 ({sha256}): send it again").format(sha256=theirs)
            )
        return Outcome(self._name, self._size_bytes, ours, resumed)

    def raw(self) -> Outcome:
        try:
            self._send(watch=False)
            self._lines.peer.say_end()
            # Only a receiver's closing says that it took everything; what it sends meanwhile is not for us.
            while self._lines.take(self._buffer, self._lines.patience()):
                continue
        except PeerGone as error:
            raise self._cut(error) from error
        return Outcome(self._name, self._size_bytes, self._digest.hexdigest())

    def _agree(self) -> int:
        """How many first bytes the receiver has already; they are in our digest then."""
        answer = self._lines.hear()
        theirs, have = digest_of(answer), count_of(answer, "have")
        if have > self._size_bytes:
            return 0
        known = self._digest.copy()
        self._hash_first(known, have)
        if known.hexdigest() != theirs:
            return 0
        self._digest = known
        return have

    def _hash_first(self, digest: hashlib._Hash, count: int) -> None:
        offset = 0
        while offset < count:
            read = os.preadv(self._descriptor, [self._buffer[: min(BUFFER_BYTES, count - offset)]], offset)
            if not read:
                raise self._shrunk()
            digest.update(self._buffer[:read])
            offset += read

    def _send(self, *, watch: bool) -> None:
        """Send the file from where we are. With *watch* a line of the receiver in between is an error that it tells."""
        patience = self._lines.patience()
        while self._sent_bytes < self._size_bytes:
            self._progress(self._sent_bytes, self._size_bytes)
            if watch and self._lines.has_heard_something():
                digest_of(self._lines.hear())  # raises where it is an error
                raise not_ours()
            wanted = min(BUFFER_BYTES, self._size_bytes - self._sent_bytes)
            count = os.preadv(self._descriptor, [self._buffer[:wanted]], self._sent_bytes)
            if not count:
                raise self._shrunk()
            self._lines.peer.send(self._buffer[:count], patience)
            self._digest.update(self._buffer[:count])
            self._sent_bytes += count
        self._progress(self._sent_bytes, self._size_bytes)

    def _shrunk(self) -> TransferFailed:
        return TransferFailed(_("{name} became shorter while it was sent: send it again").format(name=self._name))

    def _cut(self, error: PeerGone) -> TransferFailed:
        return TransferFailed(
            _(
                "the transfer was cut after {sent} of {size} bytes ({reason}): run the same command again on both ends, and it"
                " goes on from there"
            ).format(sent=f"{self._sent_bytes:,}", size=f"{self._size_bytes:,}", reason=str(error) or _("too slow"))
        )
