from __future__ import annotations

import errno
import re
from dataclasses import replace
from io import StringIO

import pytest

from hatoba.model import Doing, Progress
from hatoba.reports.progress import ProgressBar, facts

HALF = Progress(settled=500, total=1000, probes_sent=700, elapsed_s=2.0, rate_pps=12345.6, left_s=3.4, open_found=2)
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_facts() -> None:
    assert facts(HALF) == "12,346 probes/s, 2 open, 3 s left"
    unknown = Progress(settled=0, total=10, probes_sent=0, elapsed_s=0, rate_pps=0, left_s=None)
    assert facts(unknown) == "0 probes/s, 0 open"
    assert facts(replace(HALF, doing=Doing.PROVING)) == "proving ports closed, as fast as the host tells, 2 open, 3 s left"


def test_facts_are_parted_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.reports.progress._", lambda text: "、" if text == ", " else text)
    assert facts(HALF) == "12,346 probes/s、2 open、3 s left"


@pytest.mark.parametrize("doing", Doing)
def test_every_kind_of_work_has_its_words(doing: Doing) -> None:
    assert ("probes/s" in facts(replace(HALF, doing=doing))) is (doing is Doing.ASKING)


def test_hosts_are_looked_for_under_a_bar_that_knows_no_end() -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(replace(HALF, settled=0, total=0, doing=Doing.DISCOVERY))
        assert "looking for hosts" in stream.getvalue()
        assert "%" not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())


def test_what_comes_after_the_last_port_is_shown_too() -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(replace(HALF, settled=1000, doing=Doing.TRACING))
        assert "finding the ways" in stream.getvalue()


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    stream = StringIO()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(HALF)
    assert stream.getvalue() == ""


def test_a_dumb_terminal_is_left_alone() -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "dumb"}) as bar:
        bar.update(HALF)
    assert stream.getvalue() == ""


def test_the_bar_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm", "NO_COLOR": "1"}) as bar:
        bar.update(HALF)
        drawn = stream.getvalue()
    last_line = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn.splitlines()[-1])
    assert len(last_line) <= 80 - len("^C") - 1  # else the echo of Ctrl-C breaks the line
    assert "50%" in drawn
    assert "12,346 probes/s" in drawn


@pytest.mark.parametrize("changes", [{"elapsed_s": 0.1}, {"settled": 1000}])
def test_a_bar_that_would_only_flash_is_not_drawn(changes: dict[str, float]) -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(replace(HALF, **changes))  # type: ignore[arg-type]
    assert stream.getvalue() == ""


def test_a_bar_goes_away_when_all_is_settled() -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(HALF)
        assert SHOW_CURSOR not in stream.getvalue()
        bar.update(replace(HALF, settled=1000))
        assert SHOW_CURSOR in stream.getvalue()


def test_the_cursor_is_back_however_it_ends() -> None:
    stream = Terminal()
    try:
        with ProgressBar(stream, {"TERM": "xterm"}) as bar:
            bar.update(HALF)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        text = stream.getvalue()
    assert text.count(HIDE_CURSOR) == text.count(SHOW_CURSOR) == 1
    assert text.rindex(SHOW_CURSOR) > text.rindex(HIDE_CURSOR)


def test_a_hidden_bar_comes_back_with_the_next_update() -> None:
    stream = Terminal()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.hide()
        assert stream.getvalue() == ""
        bar.update(HALF)
        bar.hide()
        hidden = stream.getvalue()
        bar.hide()
        assert stream.getvalue() == hidden
        bar.update(HALF)
        assert "50%" in stream.getvalue()[len(hidden) :]


@pytest.mark.parametrize("shown_before", [False, True])
def test_a_terminal_that_goes_away_ends_nothing(shown_before: bool) -> None:
    class Gone(Terminal):
        gone = False

        def write(self, text: str) -> int:
            if self.gone:
                raise OSError(errno.EIO, "the terminal is gone")
            return super().write(text)

    stream = Gone()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        if shown_before:
            bar.update(HALF)
        stream.gone = True
        bar.update(HALF)
        bar.update(HALF)
        bar.hide()

    stream = Gone()
    with ProgressBar(stream, {"TERM": "xterm"}) as bar:
        bar.update(HALF)
        stream.gone = True
