"""``hatoba lab``: what is said before any lab is made, and what a program there finds around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hatoba.cli import lab
from hatoba.cli.shell import run
from hatoba.lab import door
from hatoba.messages import wanted_language


@pytest.fixture(autouse=True)
def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*given: Any) -> int:
        raise AssertionError(given)

    monkeypatch.setattr("hatoba.lab.laboratory.start_keeper", made)
    monkeypatch.setattr(door, "is_inside", lambda: False)
    monkeypatch.setattr(door, "doors", list)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--no"], 2, "there is no option --no; hatoba lab --help lists them"),
        (["scan", "web"], 2, "type: hatoba lab hatoba scan web"),
        (["--on", "web", "scan", "data"], 2, "type: hatoba lab --on web hatoba scan data"),
        (["no-such-program"], 1, "The program no-such-program is not installed."),
        (["--on", "web"], 1, "no lab of yours is there; make one in another terminal: hatoba lab"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    assert run(["lab", *arguments]) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(words)


def test_several_labs_are_not_chosen_from(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(door, "doors", lambda: [Path("a"), Path("b")])
    assert run(["lab", "--on", "web"]) == 1
    assert "in the shell of the one that you mean" in capsys.readouterr().err


def test_a_lab_in_a_lab_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(door, "is_inside", lambda: True)
    assert run(["lab"]) == 2
    assert "hatoba lab --on web" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({"LANG": "C.UTF-8"}, "ja"),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "ja"),
        ({"LC_ALL": "ja_JP.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({}, "en"),
    ],
)
def test_hatoba_speaks_there_as_here(environment: dict[str, str], asked: str) -> None:
    there = {**environment, **lab._language({**environment, "LANGUAGE": asked})}
    assert wanted_language(there) == asked


def test_the_character_set_stays_as_it_is() -> None:
    assert lab._language({"LC_ALL": "C.UTF-8", "LANGUAGE": "ja"})["LC_CTYPE"] == "C.UTF-8"


def test_an_environment_that_says_it_already_is_left_alone() -> None:
    assert lab._language({"LC_ALL": "ja_JP.UTF-8", "LANGUAGE": "ja"}) == {}


@pytest.mark.parametrize(("own", "chosen"), [("/bin/sh", "/bin/sh"), ("/no/such/shell", "/bin/sh"), ("", "/bin/sh")])
def test_a_shell_that_is_not_there_is_replaced(monkeypatch: pytest.MonkeyPatch, own: str, chosen: str) -> None:
    monkeypatch.setenv("SHELL", own)
    assert lab._shell() == chosen


def test_every_example_of_its_help_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "--help"]) == 0
    told = capsys.readouterr().out
    for line, _meaning in lab.EXAMPLES:
        assert line in told
        assert lab.command.make_context("lab", line.split()[2:]).params["argv"] is not None
