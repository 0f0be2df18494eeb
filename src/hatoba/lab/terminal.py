"""A program on a lab's host, attended from this process's own terminal.

A lab's processes are not of this terminal's session: what is typed would not reach their shells' jobs, nor Ctrl-C what they
run. So a program gets a terminal of its own, a pseudo-terminal (pty(7)), and this process hands on what either side says, and
the size of the window. Where standard input or output is a pipe or a file, the program gets these as they are, and the
signals that ask this process to end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import NoReturn

from hatoba.lab.process import Process

Starter = Callable[[Sequence[int], bool], Process]
"""Starts the program. Given its standard streams, and whether the first is a terminal that is to become its own."""

_AT_ONCE_BYTES = 65536
_END = b"\x04"
"""What says on a terminal that nothing more is typed (VEOF, termios(3))."""


def attend(start: Starter) -> int:
    """Start a program, stay with it to its end, and return its exit status as a shell shows it: 128 and the signal's number
    where a signal ended it."""
    status = _on_a_terminal(start) if os.isatty(0) and os.isatty(1) else _on_our_streams(start)
    return status if status >= 0 else 128 - status


def _on_our_streams(start: Starter) -> int:
    with _signals_to_hand_on() as come, start((0, 1, 2), False) as process:
        ended = process.pidfd.fileno()
        while ended not in _happened({ended: select.POLLIN, come: select.POLLIN}):
            for number in os.read(come, _AT_ONCE_BYTES):
                process.send_signal(number, group=True)
        return process.wait()


@contextlib.contextmanager
def _signals_to_hand_on() -> Iterator[int]:
    """A descriptor from which the numbers of the signals can be read that ask this process to end. One that comes while the
    program starts is meant for it, too, and waits there; one that is ignored here (nohup) is nobody's."""
    come, noted = os.pipe()
    os.set_blocking(noted, False)

    def note(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):  # so many wait already
            os.write(noted, bytes([number]))

    # Python hands signals to its main thread, whichever the kernel chose; to block them in one would not do.
    with _handling(note, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        try:
            yield come
        finally:
            os.close(come)
            os.close(noted)


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None], *numbers: int) -> Iterator[None]:
    """*handler* for those of the signals that are not ignored."""
    before = {number: known for number in numbers if (known := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)


def _on_a_terminal(start: Starter) -> int:
    master, slave = os.openpty()
    try:
        termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(0))
        _copy_size(slave)
        process = start((slave, slave, slave if os.isatty(2) else 2), True)
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    with process, open(master, "r+b", buffering=0), _raw(0), _resizing(master):
        _relay(master, process)
        return process.wait()


def _relay(master: int, process: Process, keyboard: int = 0, screen: int = 1) -> None:
    """Hand on until the program has ended and all that it had said is on the screen.

    What is typed waits here until the program takes it, and what it says is taken meanwhile: one that is stuck in saying
    takes nothing.
    """
    os.set_blocking(master, False)
    ended = process.pidfd.fileno()
    typed = b""
    open_ends = {keyboard, master}
    while True:
        wanted = {ended: select.POLLIN}
        if master in open_ends:
            wanted[master] = select.POLLIN | (select.POLLOUT if typed else 0)
        if keyboard in open_ends and not typed:
            wanted[keyboard] = select.POLLIN
        happened = _happened(wanted)
        if happened.get(master, 0) & select.POLLOUT:
            typed = typed[_taken(master, typed) :]
        if happened.get(master, 0) & ~select.POLLOUT and not _show(master, screen):
            open_ends.discard(master)  # nobody has the other side open any more
        if ended in happened:
            while _show(master, screen):
                pass
            return
        if keyboard in happened:
            typed = os.read(keyboard, _AT_ONCE_BYTES)
            if not typed:
                open_ends.discard(keyboard)
                typed = _END
        if master not in open_ends:
            typed = b""


def _happened(wanted: Mapping[int, int]) -> dict[int, int]:
    poll = select.poll()
    for descriptor, events in wanted.items():
        poll.register(descriptor, events)
    return dict(poll.poll())


def _taken(master: int, typed: bytes) -> int:
    """How much of what was typed the program's terminal takes now."""
    try:
        return os.write(master, typed)
    except BlockingIOError:
        return 0
    except OSError:  # EIO: the program has left its terminal
        return len(typed)


def _show(master: int, screen: int) -> bool:
    """Bring some of what the program said to the screen; False where there is nothing more."""
    try:
        rest = memoryview(os.read(master, _AT_ONCE_BYTES))
    except OSError:  # EAGAIN: nothing for now; EIO: nobody has the other side open any more
        return False
    said = bool(rest)
    while rest:
        rest = rest[os.write(screen, rest) :]
    return said


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Every key goes to the program as it is, Ctrl-C too. The terminal is put in order again however this ends, by a signal
    to this process too."""
    before = termios.tcgetattr(terminal)
    with _handling(_leave, signal.SIGTERM, signal.SIGHUP):
        tty.setraw(terminal, termios.TCSADRAIN)  # what was typed while the lab was made is kept
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _resizing(master: int) -> Iterator[None]:
    before = signal.signal(signal.SIGWINCH, lambda _number, _frame: _copy_size(master))
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _copy_size(terminal: int) -> None:
    """Give *terminal* the rows and columns of this process's own (ioctl_tty(2), TIOCGWINSZ)."""
    with contextlib.suppress(OSError):  # one that has no size
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
