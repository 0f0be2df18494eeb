"""Whatever ends a command becomes one sentence and an exit status."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import click
import pytest

from hatoba import errors
from hatoba.cli import group, shell


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], int]:
    """Runs a command that ends with what is given: raised if it is an exception, else returned."""

    def run(value: object) -> int:
        @click.command("scan")
        @click.option("--ports", type=int)
        @click.option("--kind", type=click.Choice(["a", "b"]))
        def command(ports: int | None, kind: str | None) -> object:
            if isinstance(value, BaseException):
                raise value
            return value

        monkeypatch.setattr(group.Hatoba, "get_command", lambda self, ctx, name: command)
        return shell.run(value if isinstance(value, list) else ["scan"])

    return run


@pytest.mark.parametrize(
    ("value", "status"),
    [(None, 0), (0, 0), (130, 130), (click.exceptions.Exit(4), 4), (SystemExit(5), 5), (SystemExit(None), 0)],
)
def test_statuses_pass_through(
    ending: Callable[[object], int], value: object, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(value) == status
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (errors.UsageError("write 22"), 2, "hatoba: write 22\n"),
        (errors.NotInScope("not yours", ["198.18.0.0/24"]), 3, "hatoba: not yours\n"),
        (errors.WireError("no route"), 1, "hatoba: no route\n"),
        (click.ClickException("file"), 1, "hatoba: file\n"),
        (SystemExit("words"), 1, "hatoba: words\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, "\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "hatoba: the disk is full\n"),
    ],
)
def test_errors_become_a_sentence_and_a_status(
    ending: Callable[[object], int], error: BaseException, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(error) == status
    assert capsys.readouterr().err == says


def test_what_nobody_foresaw_is_one_sentence_that_says_how_to_report_it(
    ending: Callable[[object], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(ValueError("odd")) == 1
    shown = capsys.readouterr().err
    assert "ValueError: odd" in shown
    assert "HATOBA_DEBUG=1" in shown
    assert shown.count("\n") == 1


def test_debug_shows_the_traceback(ending: Callable[[object], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATOBA_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        ending(ValueError("odd"))


def test_a_closed_pipe_is_for_the_entry_to_handle(ending: Callable[[object], int]) -> None:
    with pytest.raises(BrokenPipeError):
        ending(BrokenPipeError())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan", "--prots", "2"], "there is no option --prots; did you mean --ports?"),
        (["scan", "--quux"], "there is no option --quux; hatoba scan --help lists them"),
        (["scan", "-q"], "there is no option -q; hatoba scan --help lists them"),
        (["scan", "--ports", "x"], "'x' is not a valid integer; hatoba scan --help tells more"),
        (["scan", "--ports"], "--ports needs a value behind it; hatoba scan --help tells more"),
        (["scan", "--kind", "c"], "'c' is not one of 'a', 'b'; hatoba scan --help tells more"),
        (["scan", "extra"], "hatoba scan --help tells more"),
    ],
)
def test_clicks_errors_say_what_to_type(
    ending: Callable[[object], int], arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(arguments) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.count("\n") == 1


def test_clicks_errors_speak_japanese(ending: Callable[[object], int], capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(["--lang", "ja", "scan", "--ports", "x"]) == 2
    shown = capsys.readouterr().err
    assert "hatoba scan --help" in shown
    assert "is not" not in shown
    assert "Invalid" not in shown


def test_a_complaint_that_nobody_reads_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stderr", nobody)
        shell.complain("web has 1 other address")
        shell.complain("the disk is full")


def test_a_complaint_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    shell.complain("bad \x1b[2J name\u202e\n日本\u3000語")
    assert capsys.readouterr().err == "hatoba: bad \\x1b[2J name\\u202e\n日本\u3000語\n"
