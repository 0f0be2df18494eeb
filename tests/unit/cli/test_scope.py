from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from hatoba.cli.main import main
from hatoba.targets.scope_file import ScopeFile


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("SUDO_USER", "aoi")
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["scope", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def networks(home: Path) -> list[str]:
    return [str(grant.network) for grant in ScopeFile(home / "hatoba" / "scope.jsonl").load()]


@pytest.mark.usefixtures("home")
def test_add_list_remove(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, out, err = run(capsys, "add", "198.51.100.0/24", "2001:db8::7", "--reason", "our own")
    assert (status, out) == (0, "")
    assert err == "hatoba: 198.51.100.0/24 is in scope from now on\nhatoba: 2001:db8::7 is in scope from now on\n"

    status, out, _err = run(capsys, "list")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert lines[0] == ["NETWORK", "SINCE", "BY", "REASON"]
    assert [(line[0], line[3], line[4:]) for line in lines[1:]] == [
        ("198.51.100.0/24", "aoi", ["our", "own"]),
        ("2001:db8::7", "aoi", ["our", "own"]),
    ]

    status, out, _err = run(capsys, "list", "--json")
    assert [(g["network"], g["by"], g["reason"]) for g in json.loads(out)] == [
        ("198.51.100.0/24", "aoi", "our own"),
        ("2001:db8::7/128", "aoi", "our own"),
    ]

    status, out, err = run(capsys, "remove", "2001:db8::7")
    assert (status, out, err) == (0, "", "hatoba: 2001:db8::7 is no longer in scope\n")
    assert networks(home) == ["198.51.100.0/24"]


def test_what_is_covered_is_told(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    run(capsys, "add", "198.51.100.0/24", "--reason", "ours\x1b[31m")
    status, _out, err = run(capsys, "add", "198.51.100.7", "--reason", "again")
    assert status == 0
    assert "198.51.100.7 is in scope already: aoi added 198.51.100.0/24 on " in err
    assert "\x1b" not in err
    assert networks(home) == ["198.51.100.0/24"]


@pytest.mark.usefixtures("home")
def test_hostile_text_does_not_reach_the_screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "a\u202eb")
    run(capsys, "add", "198.51.100.0/24", "--reason", "x\x1b[2Jy\nz")
    _status, out, _err = run(capsys, "list")
    assert len(out.splitlines()) == 2
    assert all(line.isprintable() for line in out.splitlines())
    _status, out, _err = run(capsys, "list", "--json")
    assert all(line.isprintable() for line in out.splitlines())
    assert json.loads(out)[0]["reason"] == "x\x1b[2Jy\nz"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["add", "198.51.100.0/24"], 2, "--reason"),
        (["add", "198.51.100.0/24", "--reason", "  "], 2, "--reason"),
        (["add", "--reason", "ours"], 2, "no network given"),
        (["add", "www.example.org", "--reason", "ours"], 2, "a name may change hands"),
        (["add", "198.51.100.7/24", "--reason", "ours"], 2, "write 198.51.100.0/24 for the network or 198.51.100.7"),
        (["add", "198.51.100.0/24", "x/y", "--reason", "ours"], 2, "x/y"),
        (["remove"], 2, "no network given"),
        (["remove", "198.51.100.0/24"], 1, "198.51.100.0/24 is not in the scope file"),
        (["list", "x"], 2, "x"),
    ],
)
def test_mistakes_change_nothing(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: list[str], status: int, said: str
) -> None:
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (status, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert networks(home) == []


@pytest.mark.usefixtures("home")
def test_an_empty_scope_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "list")
    assert (status, out) == (0, "")
    assert "hatoba scope add 198.51.100.0/24" in err
    assert run(capsys, "list", "--json")[1] == "[]\n"


def test_the_reason_is_asked_for_on_a_terminal(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("our own\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["scope", "add", "198.51.100.7"]) == 0
    assert "why?" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert [grant.reason for grant in ScopeFile(home / "hatoba" / "scope.jsonl").load()] == ["our own"]
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert main(["scope", "add", "198.51.100.8"]) == 2
    assert networks(home) == ["198.51.100.7/32"]


def test_another_scope_file(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    other = str(tmp_path / "other.jsonl")
    assert run(capsys, "add", "198.51.100.7", "--reason", "ours", "--scope-file", other)[0] == 0
    assert networks(home) == []
    assert "198.51.100.7 " in run(capsys, "list", "--scope-file", other)[1]
    assert run(capsys, "remove", "198.51.100.7", "--scope-file", other)[0] == 0


@pytest.mark.usefixtures("home")
def test_help_names_the_three(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _err = run(capsys, "--help")
    assert status == 0
    assert all(word in out for word in ("add", "list", "remove", "--authorized"))
    assert "--reason" in run(capsys, "add", "--help")[1]


def test_without_a_sub_command_the_help_comes_on_standard_output(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    assert all(f"\n  {name} " in out for name in ("add", "list", "remove"))


@pytest.mark.parametrize(
    ("word", "says"), [("lst", "did you mean 'hatoba scope list'?"), ("xyzzy", "hatoba scope --help lists them")]
)
def test_a_sub_command_that_there_is_not(capsys: pytest.CaptureFixture[str], home: Path, word: str, says: str) -> None:
    status, out, err = run(capsys, word)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"there is no command '{word}'" in err
    assert says in err
