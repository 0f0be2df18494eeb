"""Staying with a program that has our own streams. What happens on a terminal is in ``tests/net/cli/test_lab.py``."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace, TracebackType
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


def test_an_interrupt_while_the_program_starts_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(5, 0)

    def start(_streams: Sequence[int], _own: bool) -> Process:
        os.kill(os.getpid(), signal.SIGINT)
        return cast(Process, program)

    monkeypatch.setattr("os.isatty", lambda _descriptor: False)
    assert terminal.attend(start) == 5
    assert program.handed_on == 1


def test_much_can_be_typed_at_a_program_that_repeats_it_before_it_takes_more(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    for end_of_it in (ours, theirs):
        end_of_it.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # as little room as a terminal has
    ending, ended = os.pipe()  # readable at the program's end, as a pidfd is
    typed = os.urandom(2 << 20)
    (tmp_path / "typed").write_bytes(typed)

    def repeat() -> None:
        left = len(typed)
        while left:
            words = theirs.recv(65536)
            theirs.sendall(words)
            left -= len(words)
        os.close(ended)

    program = threading.Thread(target=repeat, daemon=True)
    with (
        ours,
        theirs,
        open(ending, "rb") as end,
        open(tmp_path / "typed", "rb") as keyboard,
        open(tmp_path / "said", "wb") as screen,
    ):
        program.start()
        terminal._relay(ours.fileno(), cast(Process, SimpleNamespace(pidfd=end)), keyboard.fileno(), screen.fileno())
        program.join()
    assert (tmp_path / "said").read_bytes() == typed


def test_what_was_said_last_is_shown_though_the_program_has_ended(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ending, ended = os.pipe()
    theirs.sendall(b"last words")
    os.close(ended)
    with ours, theirs, open(ending, "rb") as end, open(os.devnull, "rb") as keyboard, open(tmp_path / "said", "wb") as screen:
        terminal._relay(ours.fileno(), cast(Process, SimpleNamespace(pidfd=end)), keyboard.fileno(), screen.fileno())
    assert (tmp_path / "said").read_bytes() == b"last words"


def test_the_end_of_what_is_typed_is_told_as_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ending, ended = os.pipe()
    heard: list[bytes] = []

    def take() -> None:
        heard.append(theirs.recv(99))
        os.close(ended)

    program = threading.Thread(target=take, daemon=True)
    with ours, theirs, open(ending, "rb") as end, open(os.devnull, "rb") as keyboard, open(tmp_path / "said", "wb") as screen:
        program.start()
        terminal._relay(ours.fileno(), cast(Process, SimpleNamespace(pidfd=end)), keyboard.fileno(), screen.fileno())
        program.join()
    assert heard == [b"\x04"]
