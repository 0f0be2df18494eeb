from __future__ import annotations

import io
from pathlib import Path

import pytest

from hatoba.cli.consent import ask_consent, user_name
from hatoba.errors import NotInScope
from hatoba.targets.scope_file import ScopeFile


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


NOW_S = 1_775_035_800.0
NETWORKS = ("198.51.100.7/32", "203.0.113.0/28")


@pytest.fixture
def file(tmp_path: Path) -> ScopeFile:
    return ScopeFile(tmp_path / "scope.jsonl")


def ask(
    file: ScopeFile,
    typed: str,
    *,
    source: io.StringIO | None = None,
    screen: io.StringIO | None = None,
    networks: tuple[str, ...] = NETWORKS,
) -> tuple[bool, str]:
    source, screen = source or Terminal(typed), screen or Terminal()
    error = NotInScope("not in scope", networks)
    return ask_consent(error, file, source=source, screen=screen, by="aoi", now_s=NOW_S), screen.getvalue()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("yes\nour own office\n", "our own office"),
        ("YES\n our own office \n", "our own office"),
        ("yes our own office\n", "our own office"),
        ("yes, our own office\n", "our own office"),
        ("yes: our own office", "our own office"),
    ],
)
def test_yes_with_a_reason_is_remembered(file: ScopeFile, typed: str, reason: str) -> None:
    granted, said = ask(file, typed)
    assert granted
    assert said.startswith("hatoba has no record of your permission to scan 198.51.100.7, 203.0.113.0/28.\nMay you?")
    assert [(str(g.network), g.by, g.at, g.reason) for g in file.load()] == [(n, "aoi", NOW_S, reason) for n in NETWORKS]


@pytest.mark.parametrize(
    "typed", ["", "\n", "no\n", "y\n", "yesterday\n", "yes\n", "yes\n\n", "yes,\n \n", "sure\nyes\n", "no yes\n", "\x1b[A\n"]
)
def test_anything_else_is_no_and_nothing_is_kept(file: ScopeFile, typed: str) -> None:
    granted, _said = ask(file, typed)
    assert not granted
    assert file.load() == ()


def test_without_terminals_nothing_is_asked(file: ScopeFile) -> None:
    assert ask(file, "", source=io.StringIO("yes\nours\n")) == (False, "")
    assert ask(file, "yes\nours\n", screen=io.StringIO()) == (False, "")
    assert ask(file, "yes\nours\n", networks=()) == (False, "")
    assert file.load() == ()


def test_many_networks_are_cut_short_on_the_screen_and_all_recorded(file: ScopeFile) -> None:
    networks = tuple(f"198.51.100.{n}/32" for n in range(1, 20, 2))
    granted, said = ask(file, "yes ours\n", networks=networks)
    assert granted
    assert "198.51.100.9 and 5 more networks." in said
    assert len(file.load()) == 10


def test_yes_may_be_said_in_the_users_language(file: ScopeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.cli.consent._", lambda text: "はい" if text == "yes" else text)
    assert ask(file, "はい、事務所のネットワーク\n")[0]
    assert {grant.reason for grant in file.load()} == {"事務所のネットワーク"}


def test_who_is_at_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ren")
    assert user_name({"SUDO_USER": "aoi"}) == "aoi"
    assert user_name({}) == "ren"

    def nobody() -> str:
        raise KeyError(4242)

    monkeypatch.setattr("getpass.getuser", nobody)
    assert user_name({}).startswith("uid ")
