"""The language of the command line."""

from __future__ import annotations

import gettext

import pytest

from hatoba.cli.language import speak, take_language
from hatoba.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "rest", "language"),
    [
        (["scan", "x"], ["scan", "x"], None),
        (["--lang", "ja", "scan"], ["scan"], "ja"),
        (["scan", "--lang=en", "x"], ["scan", "x"], "en"),
        (["scan", "x", "--lang", "ja_JP.UTF-8"], ["scan", "x"], "ja"),
        (["--lang", "ja", "--lang", "en"], [], "en"),
        (["scan", "--", "--lang", "ja"], ["scan", "--", "--lang", "ja"], None),
        (["lab", "--lang", "ja", "prog", "--lang", "x"], ["lab", "prog", "--lang", "x"], "ja"),
        (["--lang", "ja", "lab", "prog", "--lang=x"], ["lab", "prog", "--lang=x"], "ja"),
        (["lab", "--on", "web", "--lang", "ja", "prog", "--lang", "x"], ["lab", "--on", "web", "prog", "--lang", "x"], "ja"),
        (["lab", "--on=web", "prog", "--lang", "x"], ["lab", "--on=web", "prog", "--lang", "x"], None),
        (["scan", "lab", "--lang", "ja"], ["scan", "lab"], "ja"),
    ],
)
def test_the_option_is_taken_out_wherever_it_stands(arguments: list[str], rest: list[str], language: str | None) -> None:
    assert take_language(arguments) == (rest, language)


@pytest.mark.parametrize("arguments", [["--lang", "fr"], ["--lang"], ["--lang="], ["scan", "--lang", "x"]])
def test_an_unknown_language_is_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="--lang en or --lang ja"):
        take_language(arguments)


def test_click_is_told_the_language_even_against_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    assert speak("ja") == "ja"
    assert gettext.gettext("Usage:") == "使い方:"
    assert speak("en") == "en"
    assert gettext.gettext("Usage:") == "Usage:"


def test_no_catalogue_is_read_for_english(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr(gettext.GNUTranslations, "_parse", lambda _self, file: read.append(file.name))
    monkeypatch.setattr(gettext, "_translations", {})
    speak("en")
    assert gettext.gettext("Usage:") == "Usage:"
    assert read == []


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "en_GB.UTF-8"}, "ja"),
        ({"LC_ALL": "C.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "ja"}, "ja"),
        ({"LANG": "POSIX"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_decides_in_the_order_of_posix(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert speak(None) == language
