from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

from hatoba.reports.base import Sink


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_what_an_encoding_lacks_is_written_as_an_escape() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    Sink(stream).write("波止場: ok\n")
    stream.flush()
    assert raw.getvalue() == b"\\u6ce2\\u6b62\\u5834: ok\n"


def test_a_progress_bar_is_asked_to_step_aside_on_a_terminal_only() -> None:
    asked: list[str] = []
    for stream in (Terminal(), StringIO()):
        Sink(stream, lambda: asked.append("please")).write("x")
    assert asked == ["please"]
