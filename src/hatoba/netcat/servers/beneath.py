"""Files below one folder and no others, whatever a path says and whoever changes links and folders meanwhile.

Linux resolves the whole path in one step and refuses to leave the folder: openat2(2), ``RESOLVE_BENEATH`` with
``RESOLVE_NO_MAGICLINKS``. Where that is missing (before Linux 5.6, under some sandboxes, on other systems) each part is opened
from the descriptor of the one before it and no link is ever followed by the kernel (``O_NOFOLLOW``): we read it and walk its
parts ourselves, so a link that changes between two steps leads to an error and not out.

Both ways a symbolic link is followed while it stays below the folder; one that is absolute or climbs above it is as though it
weren't there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Sequence
from typing import Self

_OPENAT2 = 437
"""The number of the call on every architecture but alpha (linux/include/uapi/asm-generic/unistd.h)."""
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_TRIES_WHILE_MOVED = 16
"""The kernel gives up (EAGAIN) where folders on the way are being renamed; openat2(2) says to try again."""
_MOST_LINKS = 40
"""As many as Linux follows in one path (path_resolution(7))."""

_PATH_ONLY: int = getattr(os, "O_PATH", os.O_RDONLY)
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC


class _How(ctypes.Structure):
    """``struct open_how`` (openat2(2))."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class Folder:
    """An open folder, a context manager. Raise OSError where *path* is none."""

    def __init__(self, path: str | os.PathLike[str], *, in_one_step: bool | None = None) -> None:
        """*in_one_step*: whether the kernel resolves paths (None: if it can)."""
        self._root = os.open(path, os.O_RDONLY | _FOLDER)
        self._in_one_step = _kernel_can(self._root) if in_one_step is None else in_one_step

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        os.close(self._root)

    def open(self, parts: Sequence[bytes]) -> int:
        """A descriptor, open for reading and the caller's to close, of the regular file or folder that *parts* name; no parts
        name the folder itself. Raise OSError where there is none, or none that may be read; for anything else than files and
        folders (nothing of a device or a pipe is touched by the attempt) FileNotFoundError."""
        if self._in_one_step:
            return _open_in_one_step(self._root, b"/".join(parts) or b".")
        return _open_by_walking(self._root, parts)

    def open_folder(self, parts: Sequence[bytes]) -> int:
        """As :meth:`open`, for folders only."""
        descriptor = self.open(parts)
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return descriptor


def _kernel_can(root: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.close(_open_in_one_step(root, b"."))
    except OSError:  # no such call, a filter that forbids it, or no /proc
        return False
    return True


def _open_in_one_step(root: int, path: bytes) -> int:
    # O_PATH first: to open a pipe or a device for reading already does something to it.
    found = _openat2(root, path)
    try:
        mode = os.fstat(found).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _absent()
        return os.open(f"/proc/self/fd/{found}", _READ)
    finally:
        os.close(found)


def _openat2(root: int, path: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    how = _How(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    for _attempt in range(_TRIES_WHILE_MOVED):
        found: int = libc.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(root),
            ctypes.c_char_p(path),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if found >= 0:
            return found
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(code, os.strerror(code))


def _open_by_walking(root: int, parts: Sequence[bytes]) -> int:
    way = [os.dup(root)]  # the folders from the root to where we are: going up never asks the kernel what is above
    left, links = list(reversed(parts)), 0
    try:
        while left:
            part = left.pop()
            if part == b"..":
                if len(way) == 1:
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
                os.close(way.pop())
            elif part not in (b"", b"."):
                mode = os.stat(part, dir_fd=way[-1], follow_symlinks=False).st_mode
                if stat.S_ISLNK(mode):
                    links += 1
                    left.extend(reversed(_parts_of_link(part, way[-1], links)))
                elif stat.S_ISDIR(mode):
                    way.append(os.open(part, _PATH_ONLY | _FOLDER | os.O_NOFOLLOW, dir_fd=way[-1]))
                elif stat.S_ISREG(mode) and not left:
                    return _opened_file(part, way[-1])
                else:
                    raise _absent()
        return os.open(b".", _READ | _FOLDER, dir_fd=way[-1])
    finally:
        for descriptor in way:
            os.close(descriptor)


def _parts_of_link(name: bytes, folder: int, links: int) -> list[bytes]:
    if links > _MOST_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    target = os.readlink(name, dir_fd=folder)
    if target.startswith(b"/"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    return target.split(b"/")


def _opened_file(name: bytes, folder: int) -> int:
    descriptor = os.open(name, _READ | os.O_NOFOLLOW, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it was one when we looked
        os.close(descriptor)
        raise _absent()
    return descriptor


def _absent() -> OSError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
