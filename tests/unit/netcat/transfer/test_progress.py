from __future__ import annotations

import io

import pytest

from hatoba.netcat.transfer.progress import ProgressLine, line, size


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_terminal_sees_it_a_few_times_a_second() -> None:
    terminal, clock = Terminal(), Clock()
    progress = ProgressLine(terminal, clock)
    for step in range(9):
        clock.now_s = step / 8
        progress(100 + 10 * step, 1000)
    progress.hide()
    shown = terminal.getvalue().split("\r\x1b[K")
    assert shown[1:] == [
        "12 %  120 B of 1000 B, 80 B/s, 11 s left",
        "14 %  140 B of 1000 B, 80 B/s, 11 s left",
        "16 %  160 B of 1000 B, 80 B/s, 10 s left",
        "18 %  180 B of 1000 B, 80 B/s, 10 s left",
        "",
    ]


def test_a_short_transfer_shows_nothing() -> None:
    terminal = Terminal()
    progress = ProgressLine(terminal, Clock())
    progress(0, 10)
    progress(10, 10)
    progress.hide()
    assert terminal.getvalue() == ""


def test_a_file_sees_nothing() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = ProgressLine(stream, clock)
    progress(0, 10)
    clock.now_s = 5
    progress(5, 10)
    progress.hide()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((5, None, 10.0), "5 B, 10 B/s"),
        ((0, 10, 0.0), "0 %  0 B of 10 B"),
        ((0, 0, 0.0), "100 %  0 B of 0 B"),
        ((3 << 30, 6 << 30, 2.0**29), "50 %  3.0 GiB of 6.0 GiB, 512.0 MiB/s, 6 s left"),
    ],
)
def test_lines(arguments: tuple[int, int | None, float], text: str) -> None:
    assert line(*arguments) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1048575, "1.0 MiB"), (2**60, "1048576.0 TiB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
