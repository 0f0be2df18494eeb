"""Where the demo speaks."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Sequence

import pytest

from hatoba.cli.demo_stage import Stage
from hatoba.reports.text import width


class Recorder:
    """Runs nothing; notes what it was to run and what was on the screen by then."""

    def __init__(self, status: int = 0) -> None:
        self.out = io.StringIO()
        self.status = status
        self.ran: list[list[str]] = []
        self.seen: list[str] = []

    def __call__(self, argv: Sequence[str]) -> int:
        self.ran.append(list(argv))
        self.seen.append(self.out.getvalue())
        return self.status


def test_the_command_line_is_printed_before_it_runs_and_is_the_one_that_runs() -> None:
    recorder = Recorder()
    Stage(recorder.out, recorder).hatoba("scan", "-p", "80,443", "a b")
    (argv,) = recorder.ran
    (seen,) = recorder.seen
    assert argv[:4] == [sys.executable, "-P", "-m", "hatoba"]
    assert seen == "$ hatoba scan -p 80,443 'a b'\n"
    assert shlex.split(seen)[2:] == argv[4:]


def test_a_language_of_its_own_is_part_of_the_command_line() -> None:
    recorder = Recorder()
    Stage(recorder.out, recorder, language="ja").hatoba("doctor")
    assert recorder.seen == ["$ hatoba --lang ja doctor\n"]
    assert recorder.ran[0][4:] == ["--lang", "ja", "doctor"]


@pytest.mark.parametrize(("status", "failures"), [(0, 0), (1, 2), (3, 2)])
def test_commands_that_fail_are_counted(status: int, failures: int) -> None:
    recorder = Recorder(status)
    stage = Stage(recorder.out, recorder)
    stage.hatoba("scan", "a")
    stage.hatoba("scan", "b")
    assert stage.failures == failures


def test_scenes_are_numbered() -> None:
    recorder = Recorder()
    stage = Stage(recorder.out, recorder)
    stage.scene("One")
    stage.scene("Two")
    assert recorder.out.getvalue().split("\n\n")[:2] == ["1. One", "2. Two"]


@pytest.mark.parametrize("text", ["word " * 60, "波止場から港を眺めて、船の出入りを記録します。" * 8])
def test_text_keeps_to_the_width_of_the_screen(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    recorder = Recorder()
    stage = Stage(recorder.out, recorder)
    stage.say(text)
    stage.list([text])
    assert max(map(width, recorder.out.getvalue().splitlines())) <= 40
    assert "".join(recorder.out.getvalue().split()).replace("-", "") == "".join(text.split()) * 2


def test_what_is_to_be_typed_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    recorder = Recorder()
    stage = Stage(recorder.out, recorder)
    stage.code("nft  'add table inet demo; add chain inet demo input'")
    stage.type([("hatoba scan localhost", "what is open"), ("hatoba doctor", "what is allowed")])
    lines = recorder.out.getvalue().splitlines()
    assert "  nft  'add table inet demo; add chain inet demo input'" in lines
    assert [line.index("what") for line in lines if "what" in line] == [26, 26]


def test_a_text_cannot_steer_the_terminal() -> None:
    recorder = Recorder()
    Stage(recorder.out, recorder).say("name\x1b[2Jserver")
    assert "\x1b" not in recorder.out.getvalue()
