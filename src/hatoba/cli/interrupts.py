"""Ctrl-C once: finish and report what is known. Twice: stop at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While entered, the first SIGINT or SIGTERM calls *stop*, which must be safe to call from a signal handler; any further
    one raises KeyboardInterrupt wherever the program is. Elsewhere than in the main thread it changes nothing."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[int, Any] = {}
        self.first: signal.Signals | None = None
        """The signal that came first; None while none came."""

    @property
    def exit_status(self) -> int:
        """What a shell shows for that signal: 130 for Ctrl-C, 143 for SIGTERM; 0 without one."""
        return 0 if self.first is None else 128 + self.first

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._arrived) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self.first is not None:
            raise KeyboardInterrupt
        self.first = signal.Signals(number)
        self._stop()
