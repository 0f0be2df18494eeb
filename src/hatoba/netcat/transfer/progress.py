"""How far a transfer is, in one line on a terminal that is written anew a few times a second; elsewhere nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from hatoba.messages import _
from hatoba.reports.quantities import time_left

_EVERY_S = 0.25
_CLEAR = "\r\x1b[K"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class ProgressLine:
    """Called with the bytes that are over and those of the whole (None where nobody knows). *stream* None shows nothing."""

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._clock = clock
        self._began_s: float | None = None
        self._began_bytes = 0
        self._next_s = 0.0
        self._shown = False

    def __call__(self, done_bytes: int, whole_bytes: int | None) -> None:
        if self._stream is None:
            return
        now_s = self._clock()
        if self._began_s is None:  # what had come earlier tells nothing of the speed now
            self._began_s, self._began_bytes, self._next_s = now_s, done_bytes, now_s + _EVERY_S
        if now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        rate = (done_bytes - self._began_bytes) / (now_s - self._began_s)
        self._stream.write(_CLEAR + line(done_bytes, whole_bytes, rate))
        self._stream.flush()
        self._shown = True

    def hide(self) -> None:
        """Take the line away."""
        if self._stream is not None and self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._shown = False


def line(done_bytes: int, whole_bytes: int | None, rate: float) -> str:
    """``42 %  1.2 GiB of 2.9 GiB, 512.0 MiB/s, 3 s left``"""
    if whole_bytes is None:
        return _("{done}, {rate}/s").format(done=size(done_bytes), rate=size(rate))
    values = {"done": size(done_bytes), "whole": size(whole_bytes), "rate": size(rate)}
    percent = 100 * done_bytes // whole_bytes if whole_bytes else 100
    if not rate:
        return _("{percent} %  {done} of {whole}").format(percent=percent, **values)
    left = time_left((whole_bytes - done_bytes) / rate)
    return _("{percent} %  {done} of {whole}, {rate}/s, {left} left").format(percent=percent, left=left, **values)


def size(count: float) -> str:
    """``512 B``, ``1.2 GiB``"""
    unit = 0
    while count >= 1023.95 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} {_UNITS[0]}"
