"""Where the demo speaks and shows commands: on one screen, in turn, each command printed before its output."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from hatoba.reports.colour import bold
from hatoba.reports.text import safe
from hatoba.reports.wrapping import wrapped

Run = Callable[[Sequence[str]], int]
"""Runs an argument vector with this process's own standard streams and returns its exit status."""

_WIDEST = 100


class Stage:
    """*run* is how commands are run: in a lab, or right here. *language* is put into each command line where the environment
    alone would not choose it; None where it does."""

    def __init__(self, out: TextIO, run: Run, *, colour: bool = False, language: str | None = None) -> None:
        self._out, self._run, self._colour = out, run, colour
        self._extra = ("--lang", language) if language else ()
        self._columns = min(shutil.get_terminal_size().columns, _WIDEST)
        self._scenes = 0
        self.failures = 0
        """How many of the commands did not end with status 0."""

    def scene(self, title: str) -> None:
        """A new part, numbered."""
        self._scenes += 1
        heading = f"{self._scenes}. {title}"
        self._write([bold(heading) if self._colour else heading, ""])

    def say(self, text: str) -> None:
        """A paragraph, broken to the width of the screen, and an empty line."""
        self._write([*wrapped(safe(text), self._columns), ""])

    def list(self, items: Sequence[str]) -> None:
        """Points, one below the other."""
        for item in items:
            first, *rest = wrapped(safe(item), self._columns - 4) or [""]
            self._write([f"  - {first}", *(f"    {line}" for line in rest)])
        self._write([""])

    def code(self, *lines: str) -> None:
        """Lines to be read, or typed, as they are."""
        self._write([*(f"  {line}" for line in lines), ""])

    def type(self, lines: Sequence[tuple[str, str]]) -> None:
        """Command lines, and what each is for."""
        column = max(len(line) for line, _meaning in lines)
        self._write([*(f"  {line:<{column}}   {meaning}" for line, meaning in lines), ""])

    def hatoba(self, *arguments: str) -> None:
        """Run hatoba, printing the command line first."""
        shown = f"$ {shlex.join(['hatoba', *self._extra, *arguments])}"
        self._write([bold(shown) if self._colour else shown])
        self._out.flush()
        if self._run([sys.executable, "-P", "-m", "hatoba", *self._extra, *arguments]):
            self.failures += 1
        self._write([""])

    def _write(self, lines: Sequence[str]) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()
