"""Help in the language in force, within the terminal's width."""

from __future__ import annotations

import click
import pytest

from hatoba.cli.command import Command, HelpFormatter, Option, speak_widely
from hatoba.cli.language import speak
from hatoba.errors import UsageError
from hatoba.messages import use_language
from hatoba.reports.text import width


@click.command("scan", cls=Command, help="Commands", epilog="Options")
@click.option("--x", cls=Option, help="Show this message and exit.")
@click.option("--y", cls=Option)
def command() -> None:
    """A command of words that the catalogue has."""


def _help(of: click.Command) -> str:
    with click.Context(of, info_name="scan") as outer:
        return of.make_context("scan", [], parent=outer).get_help()


def test_help_is_translated_when_it_is_shown() -> None:
    english = _help(command)
    speak("ja")
    japanese = _help(command)
    assert "Show this message and exit." in english
    assert "Show this message" not in japanese
    assert "使い方:" in japanese
    use_language("en")
    assert command.params[0].help == "Show this message and exit."  # type: ignore[attr-defined]


def test_a_word_too_many_is_named_with_what_to_do() -> None:
    with click.Context(command, info_name="hatoba") as outer, pytest.raises(UsageError) as told:
        command.make_context("doctor", ["--y", "1", "now", "please"], parent=outer)
    assert str(told.value) == ("now please: hatoba doctor takes nothing more; leave it out, or see hatoba doctor --help")


@click.command("scan", cls=Command)
@click.option("--a", cls=Option, section="Ports", help="First.")
@click.option("--b", cls=Option, help="Of no section.")
@click.option("--c", cls=Option, section="Targets", help="Second.")
@click.option("--d", cls=Option, section="Ports", help="Third.")
def divided() -> None:
    """Its options stand in sections."""


def test_options_stand_under_their_headings() -> None:
    shown = _help(divided)
    places = [shown.index(word) for word in ("Ports:", "--a", "--d", "Targets:", "--c", "Options:", "--b", "--help")]
    assert places == sorted(places)


@click.command("scan", cls=Command)
@click.option("--a", cls=Option, help="First.")
@click.argument("targets", nargs=-1, metavar="TARGETS...")
def with_argument() -> None:
    """Its argument is no option."""


def test_an_argument_stands_in_the_usage_and_not_among_the_options() -> None:
    shown = _help(with_argument)
    assert "[OPTIONS] TARGETS...\n" in shown
    assert "TARGETS" not in shown[shown.index("Options:") :]


def test_definitions_keep_to_the_width() -> None:
    formatter = HelpFormatter(width=60)
    formatter.write_dl([("--a", "文" * 50), ("--a-long-name-that-is-longer-than-the-column", "words " * 20), ("--b", "")])
    lines = formatter.getvalue().splitlines()
    assert all(width(line) <= 60 for line in lines)
    assert lines[-1] == "--b"


def test_text_is_wrapped_but_for_marked_paragraphs() -> None:
    formatter = HelpFormatter(width=30)
    formatter.write_text("one two three four five six seven\n\n\b\nkept   as\n  it is")
    assert formatter.getvalue() == "one two three four five six\nseven\n\nkept   as\n  it is\n"


@pytest.mark.parametrize("kind", [click.Command, click.Group])
def test_a_plain_command_learns_to_keep_to_the_width(kind: type[click.Command]) -> None:
    below = click.Command("below", help="文" * 100)
    plain = click.Group("plain", commands={"below": below}) if kind is click.Group else below
    speak_widely(plain)
    assert all(width(line) <= 80 for line in _help(below).splitlines())


@pytest.mark.parametrize("columns", [36, 40, 80])
def test_help_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    formatter = HelpFormatter()
    formatter.write_dl([("--a-long-option FILE", "words " * 20), ("-b", "more " * 20)])
    formatter.write_text("words " * 20)
    lines = formatter.getvalue().splitlines()
    assert max(map(width, lines)) <= columns - 2
    assert (columns == 80) is (lines[0] == "--a-long-option FILE  words words words words words words words words words")
