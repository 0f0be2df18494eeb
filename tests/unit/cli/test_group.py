"""The command by itself: commands found lazily, and what is said instead of a command that there isn't."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest

from hatoba.cli.group import COMMANDS, nearest, without_arguments
from hatoba.cli.shell import run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there(name: str) -> None:
    assert isinstance(importlib.import_module(COMMANDS[name][0]).command, click.Command)


def test_help_lists_the_commands_and_imports_none_of_them() -> None:
    code = (
        "import sys; from hatoba.cli.main import main; status = main(['--help']); "
        "sys.exit(status or any(name in sys.modules for name in ('numpy', 'hatoba.cli.scan', 'hatoba.cli.ports')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


def test_the_first_screen_is_short_and_holds_three_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    shown = capsys.readouterr().out
    assert shown == without_arguments() + "\n"
    assert shown.count("\n  hatoba ") == 3
    assert shown.count("\n") < 12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["198.18.0.2"], "hatoba scan 198.18.0.2"),
        (["198.18.0.2", "-p", "22 23"], "hatoba scan 198.18.0.2 -p '22 23'"),
        (["localhost"], "hatoba scan localhost"),
        (["fd00:18::2"], "hatoba scan fd00:18::2"),
        (["198.18.0.0/24"], "hatoba scan 198.18.0.0/24"),
        (["-sS", "198.18.0.2"], "hatoba scan -sS 198.18.0.2"),
        (["prots", "443"], "did you mean 'hatoba ports 443'?"),
        (["sacn"], "did you mean 'hatoba scan'?"),
        (["xyzzy", "-F"], "to scan a host of that name, type: hatoba scan xyzzy -F"),
    ],
)
def test_what_to_type_instead(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert says in shown.err
    assert shown.err.startswith("hatoba: ")
    assert shown.err.count("\n") == 1


def test_nearest() -> None:
    assert nearest("--prots", ["--ports", "--open"]) == "--ports"
    assert nearest("--zzzzz", ["--ports", "--open"]) is None
