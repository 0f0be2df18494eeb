"""Lists of targets in files: ``-iL``, ``--excludefile``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hatoba.errors import UsageError
from hatoba.messages import _, system_words
from hatoba.targets.ports import NoPortLeft
from hatoba.targets.quoting import shown_path

Place = tuple[str, int]
"""A file, or standard input, as people call it, and the number of a line in it."""


def at(place: Place | None, error: UsageError) -> UsageError:
    """*error* with the place that it is about, if that is one."""
    if place is None:
        return error
    source, number = place
    return UsageError(_("{source}, line {number}: {problem}").format(source=source, number=number, problem=error))


class Listed:
    """Target expressions of files (``-``: of *stdin*), separated by white space; ``#`` starts a comment.

    Read as they are consumed, so a list of any length takes no memory. Iterating raises UsageError where a file can't be read
    or is not text.
    """

    def __init__(self, paths: Sequence[str | Path], stdin: IO[bytes] | IO[str]) -> None:
        self._paths, self._stdin = paths, stdin
        self._place: Place | None = None

    def place(self) -> Place | None:
        """File and line of the expression that was handed out last, until the next one is asked for."""
        return self._place

    def __iter__(self) -> Iterator[str]:
        for path in self._paths:
            yield from self._of_file(path)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Within it, a UsageError about an expression says in which file and line that stands."""
        try:
            yield
        except NoPortLeft:
            raise  # no line of a file is to blame
        except UsageError as error:
            if self._place is None:
                raise
            raise at(self._place, error) from error

    def _of_file(self, path: str | Path) -> Iterator[str]:
        if str(path) == "-":
            yield from self._expressions(getattr(self._stdin, "buffer", self._stdin), _("standard input"))
            return
        try:
            with Path(path).open("rb") as file:
                yield from self._expressions(file, shown_path(path))
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            reason = system_words(error) if isinstance(error, OSError) else str(error)
            raise UsageError(
                _("{path}: the list of targets can't be read ({reason}); name a text file, or - for standard input").format(
                    path=shown_path(path), reason=reason
                )
            ) from None

    def _expressions(self, lines: Iterable[bytes | str], source: str) -> Iterator[str]:
        for number, line in enumerate(lines, start=1):
            text = line if isinstance(line, str) else _decoded(line, source, number)
            if "\0" in text:
                raise _not_text(source, number)
            for expression in text.removeprefix("\ufeff").partition("#")[0].split():
                self._place = source, number
                yield expression
                self._place = None


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
