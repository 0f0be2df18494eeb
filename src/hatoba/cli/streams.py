"""Standard output, made fit for readers that are slow, stop reading, or are gone."""

from __future__ import annotations

import io
import os
import stat
from typing import TextIO


def buffered(stream: TextIO) -> TextIO:
    """*stream*, or one with a buffer to the same place where it has none (``PYTHONUNBUFFERED``, ``python -u``). Lines go out
    as they come all the same.

    A signal may cut a write to a pipe short. A buffer keeps the rest and writes it then; without one, Python's text layer
    loses it without a word (write(2), "Return value").
    """
    if not isinstance(getattr(stream, "buffer", None), io.RawIOBase):
        return stream
    return open(stream.fileno(), "w", 1, encoding=stream.encoding, errors=stream.errors, closefd=False)


def is_nowhere(stream: TextIO) -> bool:
    """Whether the caller had closed this standard stream (``>&-``), so that ``shell`` opened it on nothing. One that was sent
    to the null device has a name of its own: somebody wants it so."""
    return getattr(stream, "name", None) == os.devnull


def forget(stream: TextIO) -> None:
    """Point *stream* at nothing, so that what it still holds neither fails nor waits when the interpreter flushes it."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, stream.fileno())
    except (OSError, ValueError):
        # Not a file of the system (a test's buffer), or closed: nothing can come of it later.
        return
    finally:
        os.close(nothing)


def hang_up(stream: TextIO) -> None:
    """:func:`forget` it if it leads to a terminal, which is gone. Asking whether it is one fails by now; what kind of file it
    is can be told."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISCHR(mode):
        forget(stream)


def release(stream: TextIO) -> None:
    """:func:`forget` it, unless it is a file on a disk: a reader that does not read, such as a pager, must not keep us."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        forget(stream)
