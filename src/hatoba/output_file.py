"""A file that a scan writes: opened so that no other scan writes it at the same time, and what to say where that fails."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from io import BufferedWriter, FileIO
from typing import TYPE_CHECKING, BinaryIO

from hatoba.errors import OutputError
from hatoba.messages import _, system_words

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Rewritten(FileIO):
    """A file of the disk, written behind its first *keep_bytes*. What else stands there goes with the first write: by then all
    that may refuse a scan has been asked, so a mistake elsewhere costs nobody an older report."""

    def __init__(self, descriptor: int, keep_bytes: int) -> None:
        super().__init__(descriptor, "w")
        self._keep_bytes: int | None = keep_bytes

    def write(self, data: ReadableBuffer, /) -> int:
        if self._keep_bytes is not None:
            self.truncate(self._keep_bytes)
            self.seek(self._keep_bytes)
            self._keep_bytes = None
        return super().write(data)


def open_claimed(path: str, keep_bytes: int = 0) -> BinaryIO:
    """The file at *path* for writing, behind its first *keep_bytes* and, once something is written, without the rest; made if
    it is not there.

    It is the caller's alone until it is closed. Raises OutputError, having changed nothing, for one that can't be opened or
    that another scan still writes.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise OutputError(opening_failed(path, error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "wb")  # a pipe, a terminal, /dev/null: nothing to lose in it, and several may write there
    stream = BufferedWriter(_Rewritten(descriptor, keep_bytes))
    if not _claim(stream):
        stream.close()
        raise OutputError(_("{path} is still being written by another scan: wait for its end").format(path=path))
    return stream


def _claim(stream: BinaryIO) -> bool:
    """False where another program of ours writes this file: their lines would get into each other. Nobody is kept out where
    the file system has no locks."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def opening_failed(path: str, error: OSError) -> str:
    """The sentence for a file that can't be opened."""
    match error.errno:
        case errno.ENOENT:
            return _(
                "{path} can't be written: its folder does not exist; make it first with mkdir -p, or choose another"
            ).format(path=path)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return _("{path} can't be written: no permission; choose a folder that is yours").format(path=path)
        case errno.EISDIR:
            return _("{path} is a folder; give the name of a file in it").format(path=path)
    return _("{path} can't be written: {problem}").format(path=path, problem=system_words(error))


def writing_failed(name: str, error: OSError) -> str:
    """The sentence for one that could not be written to its end."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("{name} is incomplete: the disk is full; make room and scan again, or write elsewhere").format(name=name)
    return _("{name} is incomplete: {problem}").format(name=name, problem=system_words(error))
