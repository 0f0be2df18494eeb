"""Ctrl-C once: finish and report what is known. Twice: stop at once. Likewise for a terminal that goes away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

from hatoba.cli.streams import hang_up

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, the first SIGINT, SIGTERM or SIGHUP calls *stop*, which must be safe to call from a signal handler; any
    further SIGINT or SIGTERM raises KeyboardInterrupt wherever the program is.

    SIGHUP says that the terminal is gone: those of *streams* that lead to one lead nowhere then, as to write there would fail.
    The kernel and the shell both send it, so a second one is no news; where it was ignored before (``nohup``) it stays so.
    Elsewhere than in the main thread nothing is changed."""

    def __init__(self, stop: Callable[[], None], streams: Sequence[TextIO] = ()) -> None:
        self._stop, self._streams = stop, streams
        self._before: dict[int, Any] = {}
        self.first: signal.Signals | None = None
        """The signal that came first; None while none came."""

    @property
    def exit_status(self) -> int:
        """What a shell shows for that signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP; 0 without one."""
        return 0 if self.first is None else 128 + self.first

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in _SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._arrived) for number in heard}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            for stream in self._streams:
                hang_up(stream)
        if self.first is not None:
            if number == signal.SIGHUP:
                return
            raise KeyboardInterrupt
        self.first = signal.Signals(number)
        self._stop()
