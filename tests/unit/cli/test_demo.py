"""``hatoba demo``: where it plays, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli import demo, demo_loopback
from hatoba.cli.shell import run
from hatoba.errors import LabError

REFUSED = "kernel.unprivileged_userns_clone keeps ordinary users from making a lab"


def refuse() -> int:
    raise LabError(REFUSED)


def interrupt(*_given: Any) -> int:
    raise KeyboardInterrupt


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the demo on loopback was told, which sends nothing here."""
    told: list[str] = []

    def play(refused: str) -> int:
        told.append(refused)
        return 0

    monkeypatch.setattr(demo, "_on_loopback", play)
    return told


def test_practice_hosts_come_first(monkeypatch: pytest.MonkeyPatch, loopback: list[str]) -> None:
    monkeypatch.setattr(demo, "_in_lab", lambda: 0)
    assert run(["demo"]) == 0
    assert loopback == []


def test_without_namespaces_the_demo_plays_on_loopback(monkeypatch: pytest.MonkeyPatch, loopback: list[str]) -> None:
    monkeypatch.setattr(demo, "_in_lab", refuse)
    assert run(["demo"]) == 0
    assert loopback == [REFUSED]


def test_loopback_can_be_asked_for(monkeypatch: pytest.MonkeyPatch, loopback: list[str]) -> None:
    monkeypatch.setattr(demo, "_in_lab", interrupt)
    assert run(["demo", "--loopback"]) == 0
    assert loopback == [""]


def test_a_scan_that_fails_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "_in_lab", lambda: 2)
    assert run(["demo"]) == 1
    assert "hatoba doctor" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["_in_lab", "_on_loopback"])
def test_an_interrupt_says_that_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    monkeypatch.setattr(demo, "_in_lab", refuse)
    monkeypatch.setattr(demo, where, interrupt)
    assert run(["demo"]) == 130
    assert "what the demo had started is gone" in capsys.readouterr().err


def test_no_room_to_listen_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def none_to_be_had() -> AbstractContextManager[object]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(demo_loopback, "servers", none_to_be_had)
    assert run(["demo", "--loopback"]) == 1
    assert "can't listen on the loopback interface: Too many open files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "locale", "language"),
    [(["demo"], "ja_JP.UTF-8", None), (["--lang", "ja", "demo"], "C", "ja"), (["--lang", "en", "demo"], "ja_JP.UTF-8", "en")],
)
def test_the_commands_that_it_shows_speak_its_language(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], locale: str, language: str | None
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    told: list[str | None] = []

    def play() -> int:
        told.append(stage_of(lambda _argv: 0))
        return 0

    def stage_of(runner: Callable[..., int]) -> str | None:
        extra = demo._stage(runner)._extra
        return extra[1] if extra else None

    monkeypatch.setattr(demo, "_in_lab", play)
    run(arguments)
    assert told == [language]


@pytest.mark.parametrize(
    ("found", "folder", "typed"),
    [("/usr/bin/hatoba", ".venv/bin", "hatoba"), (None, ".venv/bin", ".venv/bin/hatoba"), (None, "no such folder", "hatoba")],
)
def test_what_to_type_next_is_found_by_a_shell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: str | None, folder: str, typed: str
) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/hatoba").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(tmp_path / folder / "python"))
    monkeypatch.setattr("shutil.which", lambda _name: found)
    assert demo._as_typed() == typed
