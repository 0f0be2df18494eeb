"""A file that is received: ``NAME.part`` until it is complete, kept when it is not."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from pathlib import Path
from typing import Self

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.netcat.servers.new_file import rename_to_new

SUFFIX = ".part"
_READ_BYTES = 1 << 20


class Busy(Exception):
    """Another transfer writes the same partial file."""


class PartialFile:
    """A context manager. Raise FileExistsError where *path* is taken and may not be replaced, Busy, or OSError.

    What is in the partial file already is read once, for its digest; then bytes are added behind it.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path, self.part = path, path.with_name(path.name + SUFFIX)
        self._overwrite = overwrite
        if not overwrite and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # Not through a link, and not waiting at a pipe, that somebody put there.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self.part, flags, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._digest = hashlib.sha256()
            self.size_bytes = 0
            while data := os.read(self._descriptor, _READ_BYTES):
                self._digest.update(data)
                self.size_bytes += len(data)
        except BlockingIOError:
            os.close(self._descriptor)
            raise Busy from None
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """A partial file that holds nothing is of no use to anybody."""
        if self._descriptor >= 0:
            if not self.size_bytes:
                os.unlink(self.part)
            os.close(self._descriptor)

    @property
    def sha256(self) -> str:
        """Of all bytes that are in it now, in hexadecimal digits."""
        return self._digest.hexdigest()

    def begin_anew(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._digest, self.size_bytes = hashlib.sha256(), 0

    def write(self, data: memoryview) -> None:
        """Add *data*. Where the disk takes but some of it, that much counts, and OSError follows."""
        while data:
            count = os.write(self._descriptor, data)
            self._digest.update(data[:count])
            self.size_bytes += count
            data = data[count:]

    def keep(self) -> None:
        """Give the file its name, once the disk has it."""
        os.fsync(self._descriptor)
        rename_to_new(None, str(self.part), str(self.path), overwrite=self._overwrite)
        os.close(self._descriptor)
        self._descriptor = -1


def source_file(path: Path) -> int:
    """A descriptor of a regular file to send. Raise UsageError for anything else: its length has to be known beforehand."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            _("{path} can't be sent ({reason}): name a regular file, or pipe into hatoba nc without --send").format(
                path=path, reason=system_words(error)
            )
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(
            _("{path} is no regular file: pack a folder first, or pipe into hatoba nc without --send").format(path=path)
        )
    return descriptor
