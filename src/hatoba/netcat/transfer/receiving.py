"""The receiving end of a file transfer."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path

from hatoba.messages import _, system_words
from hatoba.netcat.servers.new_file import fit_name
from hatoba.netcat.servers.patience import Patience, PeerGone
from hatoba.netcat.transfer.lines import BUFFER_BYTES, Lines, TransferFailed, count_of, digest_of
from hatoba.netcat.transfer.partial import Busy, PartialFile
from hatoba.netcat.transfer.sending import Outcome, Progress

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LINGER_BYTES = 1 << 30
_LINGER_S = 5.0
"""How much and how long we still take and drop after an error, so that the sender hears of it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a file goes: to *path*, or, where that is a folder, into it under the name that the sender gives."""

    path: Path
    overwrite: bool = False

    def for_name(self, name: object) -> Path | None:
        """None where the sender's name can't be taken."""
        if not self.path.is_dir():
            return self.path
        fit = fit_name(name.encode("utf-8", "surrogatepass")) if isinstance(name, str) else None
        return None if fit is None else self.path / fit


def receive_file(
    connection: socket.socket, destination: Destination, progress: Progress, *, idle_s: float | None = None, raw: bool = False
) -> Outcome:
    """Take a file. Raise TransferFailed where it did not come over whole; what had come is in ``NAME.part`` then."""
    receiving = _Receiving(Lines(connection, idle_s), destination, progress)
    return receiving.raw() if raw else receiving.framed()


class _Receiving:
    def __init__(self, lines: Lines, destination: Destination, progress: Progress) -> None:
        self._lines, self._destination, self._progress = lines, destination, progress
        self._size_bytes: int | None = None
        self._buffer = memoryview(bytearray(BUFFER_BYTES))

    def framed(self) -> Outcome:
        try:
            greeting = self._lines.greet(role="receive")
            self._size_bytes = count_of(greeting, "bytes")
            path = self._destination.for_name(greeting.get("name"))
            if path is None:
                raise self._stop("name", _("the sender's name for the file can't be taken: name a file instead of a folder"))
            return self._into(path)
        except PeerGone as error:
            raise TransferFailed(_("no file came: {reason}").format(reason=str(error) or _("too slow"))) from error

    def _into(self, path: Path) -> Outcome:
        with self._opened(path) as file:
            self._lines.say(have=file.size_bytes, sha256=file.sha256)
            resumed = count_of(self._lines.hear(), "from")
            if resumed not in (0, file.size_bytes):
                raise TransferFailed(_("the sender wants to go on where we are not: nothing was written"))
            if not resumed:
                file.begin_anew()
            self._take(file)
            theirs = self._last_line(file)
            if theirs != file.sha256:
                raise self._stop(
                    "mismatch",
                    _("{path} came with another SHA-256 than it was sent with: receive it again").format(path=file.part),
                )
            self._keep(file)
            self._lines.say(sha256=theirs)
            return Outcome(path.name, file.size_bytes, theirs, resumed)

    def raw(self) -> Outcome:
        if self._destination.path.is_dir():
            raise TransferFailed(_("with --raw nobody tells a file's name: name a file instead of a folder"))
        with self._opened(self._destination.path) as file:
            file.begin_anew()
            self._take(file)
            self._keep(file)
            return Outcome(self._destination.path.name, file.size_bytes, file.sha256)

    def _opened(self, path: Path) -> PartialFile:
        try:
            return PartialFile(path, overwrite=self._destination.overwrite)
        except (FileExistsError, IsADirectoryError) as error:
            raise self._stop(
                "exists", _("{path} exists: name another, or add --overwrite to replace a file").format(path=path)
            ) from error
        except Busy as error:
            raise self._stop("busy", _("another transfer to {path} is going on").format(path=path)) from error
        except OSError as error:
            reason = system_words(error)
            raise self._stop("storage", _("{path} can't be written ({reason})").format(path=path, reason=reason)) from error

    def _take(self, file: PartialFile) -> None:
        """The bytes of the file: as many as the sender said, or all until the end of the connection."""
        patience = self._lines.patience()
        while self._size_bytes is None or file.size_bytes < self._size_bytes:
            self._progress(file.size_bytes, self._size_bytes)
            wanted = BUFFER_BYTES if self._size_bytes is None else min(BUFFER_BYTES, self._size_bytes - file.size_bytes)
            try:
                count = self._lines.take(self._buffer[:wanted], patience)
            except PeerGone as error:
                raise self._cut(file, str(error) or _("too slow")) from error
            if not count:
                if self._size_bytes is None:
                    break
                raise self._cut(file, _("the other end closed the connection"))
            try:
                file.write(self._buffer[:count])
            except OSError as error:
                raise self._not_stored(file, error) from error
        self._progress(file.size_bytes, self._size_bytes)

    def _last_line(self, file: PartialFile) -> str:
        try:
            return digest_of(self._lines.hear())
        except PeerGone as error:
            raise self._cut(file, str(error) or _("too slow")) from error

    def _keep(self, file: PartialFile) -> None:
        try:
            file.keep()
        except FileExistsError as error:
            raise self._stop(
                "exists",
                _("{path} was made by another program meanwhile: what came is in {part}").format(
                    path=file.path, part=file.part
                ),
            ) from error
        except OSError as error:
            raise self._not_stored(file, error) from error

    def _not_stored(self, file: PartialFile, error: OSError) -> TransferFailed:
        word = "full" if error.errno in _FULL else "storage"
        return self._stop(
            word,
            _("{part} keeps the first {count} bytes ({reason}): make room and run the same command again on both ends").format(
                part=file.part, count=f"{file.size_bytes:,}", reason=system_words(error)
            ),
        )

    def _cut(self, file: PartialFile, reason: str) -> TransferFailed:
        if self._size_bytes is None:
            return TransferFailed(
                _("the transfer was cut ({reason}): {part} keeps the first {count} bytes").format(
                    part=file.part, count=f"{file.size_bytes:,}", reason=reason
                )
            )
        return TransferFailed(
            _(
                "the transfer was cut ({reason}): {part} keeps the first {count} of {size} bytes; run the same command again on"
                " both ends, and it goes on from there"
            ).format(part=file.part, count=f"{file.size_bytes:,}", size=f"{self._size_bytes:,}", reason=reason)
        )

    def _stop(self, word: str, sentence: str) -> TransferFailed:
        """Tell the sender why we stop, and make what to tell the user."""
        if self._size_bytes is not None:
            try:
                self._lines.say(error=word)
                self._lines.peer.end(_LINGER_BYTES, Patience(_LINGER_S))
            except PeerGone:
                pass  # it will see the end of the connection
        return TransferFailed(sentence)
