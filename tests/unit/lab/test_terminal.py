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
    """Ends with *status* once *awaited* signals have been handed on. *signals*: what comes to this process while it waits,
    each when the one before has been handed on."""

    def __init__(self, status: int, signals: Sequence[int], awaited: int) -> None:
        self.status, self.left, self.awaited = status, list(signals), awaited
        self.handed_on: list[tuple[int, bool]] = []
        ending, self._ended = os.pipe()  # readable at the program's end, as a pidfd is
        self.pidfd = open(ending, "rb", buffering=0)  # noqa: SIM115 - closed at its exit

    def __enter__(self) -> Program:
        self._go_on()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pidfd.close()

    def wait(self) -> int:
        return self.status

    def send_signal(self, number: int, *, group: bool) -> None:
        self.handed_on.append((number, group))
        self._go_on()

    def _go_on(self) -> None:
        if self.left:
            os.kill(os.getpid(), self.left.pop(0))
        if len(self.handed_on) == self.awaited:
            os.close(self._ended)


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda descriptor: descriptor == 0)


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize(("status", "shown"), [(0, 0), (3, 3), (-9, 137)])
@pytest.mark.parametrize("signals", [[], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP, signal.SIGTERM]])
def test_signals_are_handed_on_until_it_ends(status: int, shown: int, signals: list[int]) -> None:
    before = [signal.getsignal(number) for number in signals]
    program = Program(status, signals, len(signals))
    given: list[tuple[Sequence[int], bool]] = []

    def start(streams: Sequence[int], own: bool) -> Process:
        given.append((streams, own))
        return cast(Process, program)

    assert terminal.attend(start) == shown
    assert given == [((0, 1, 2), False)]
    assert program.handed_on == [(number, True) for number in signals]
    assert [signal.getsignal(number) for number in signals] == before


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_program_starts_is_handed_on(number: int) -> None:
    program = Program(5, [], 1)

    def start(_streams: Sequence[int], _own: bool) -> Process:
        os.kill(os.getpid(), number)
        return cast(Process, program)

    assert terminal.attend(start) == 5
    assert program.handed_on == [(number, True)]


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(number: int) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    program = Program(0, [], 0)

    def start(_streams: Sequence[int], _own: bool) -> Process:
        os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_IGN
        return cast(Process, program)

    try:
        assert terminal.attend(start) == 0
    finally:
        signal.signal(number, before)
    assert program.handed_on == []


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
