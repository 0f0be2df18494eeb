"""Lists of targets in files: ``-iL``, ``--excludefile``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.targets.quoting import shown_path


def read_expressions(path: str | Path, stdin: IO[bytes] | IO[str]) -> Iterator[str]:
    """Target expressions of a file (``-``: of *stdin*), separated by white space; ``#`` starts a comment.

    Read as it is consumed, so a list of any length takes no memory. Raises UsageError where the file can't be read or is
    not text.
    """
    if str(path) == "-":
        yield from _expressions(getattr(stdin, "buffer", stdin), _("standard input"))
        return
    try:
        with Path(path).open("rb") as file:
            yield from _expressions(file, shown_path(path))
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = system_words(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            _("{path}: the list of targets can't be read ({reason}); name a text file, or - for standard input").format(
                path=shown_path(path), reason=reason
            )
        ) from None


def _expressions(lines: Iterable[bytes | str], source: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        text = line if isinstance(line, str) else _decoded(line, source, number)
        if "\0" in text:
            raise _not_text(source, number)
        yield from text.removeprefix("\ufeff").partition("#")[0].split()


def _decoded(line: bytes, source: str, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_text(source, number) from None


def _not_text(source: str, number: int) -> UsageError:
    return UsageError(
        _("{source}, line {number}: this is not text; a list of targets holds names, addresses and networks in UTF-8").format(
            source=source, number=number
        )
    )
