"""Staying with a program that has our own streams. What happens on a terminal is in ``tests/net/cli/test_lab.py``."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import cast

import pytest

from hatoba.lab import Process, terminal


class Program:
    """Ends with *status* once *interrupts* have come and been handed on."""

    def __init__(self, status: int, interrupts: int) -> None:
        self.status, self.left = status, interrupts
        self.handed_on = 0

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def wait(self) -> int:
        if self.left:
            self.left -= 1
            raise KeyboardInterrupt
        return self.status

    def interrupt(self) -> None:
        self.handed_on += 1


@pytest.mark.parametrize(("status", "shown"), [(0, 0), (3, 3), (-9, 137)])
@pytest.mark.parametrize("interrupts", [0, 2])
def test_interrupts_are_handed_on_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, status: int, shown: int, interrupts: int
) -> None:
    program = Program(status, interrupts)
    given: list[tuple[Sequence[int], bool]] = []

    def start(streams: Sequence[int], own: bool) -> Process:
        given.append((streams, own))
        return cast(Process, program)

    monkeypatch.setattr("os.isatty", lambda descriptor: descriptor == 0)
    assert terminal.attend(start) == shown
    assert given == [((0, 1, 2), False)]
    assert program.handed_on == interrupts
