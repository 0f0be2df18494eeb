"""A file that is not there until it is complete: written under a hidden name beside its place, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import unicodedata
from typing import Self

MOST_NAME_BYTES = 200
"""Of the 255 that file systems allow; the rest is for what is put around a name while the file is written."""


def fit_name(raw: bytes) -> str | None:
    """The name that a stranger wants for a file, if one may be made of it: UTF-8 without control characters, no path, not
    hidden, at most :data:`MOST_NAME_BYTES`. Otherwise None."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        return None
    if not name or len(raw) > MOST_NAME_BYTES or name.startswith(".") or "/" in name:
        return None
    return None if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name) else name


class NewFile:
    """A context manager: what isn't kept by :meth:`keep` is gone when it is left.

    *folder* is an open folder and stays the caller's, *name* is from :func:`fit_name`. Methods raise OSError; FileExistsError
    where the name is taken and *overwrite* is false. The file is in *among* until it is kept or gone: a program that ends while
    others still write finds there what to :meth:`drop`.
    """

    def __init__(self, folder: int, name: str, *, overwrite: bool, among: set[NewFile] | None = None) -> None:
        self._folder, self._name, self._overwrite = folder, name, overwrite
        self._among = set() if among is None else among
        if not overwrite:
            self._refuse_if_there()
        self._part = f".{name}.{secrets.token_hex(8)}.part"
        self.descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
        self._kept = False
        self._among.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        os.close(self.descriptor)
        self._among.discard(self)
        if not self._kept:
            self.drop()

    def drop(self) -> None:
        """Remove what has been written."""
        with contextlib.suppress(OSError):
            os.unlink(self._part, dir_fd=self._folder)

    def write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]

    def keep(self) -> None:
        """Give the file its name."""
        rename_to_new(self._folder, self._part, self._name, overwrite=self._overwrite)
        self._kept = True

    def _refuse_if_there(self) -> None:
        try:
            os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def rename_to_new(folder: int | None, part: str, name: str, *, overwrite: bool) -> None:
    """Rename *part* to *name* in *folder* (None: both are paths). Without *overwrite* the name is claimed first by an empty
    file of our own, which the renaming replaces: rename(2) alone would replace anybody's. Raise OSError."""
    if not overwrite:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder))
    try:
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        if not overwrite:
            os.unlink(name, dir_fd=folder)
        raise
