from __future__ import annotations

import subprocess
import sys

import click
import pytest

from hatoba.cli.nc_serving_options import PURPOSES, serving_options, wants_server


@click.command()
@serving_options
def command(**given: object) -> None:
    print(wants_server(given))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--serve", "."],
        ["--upload", "."],
        ["--echo"],
        ["--discard"],
        ["--reply", "x"],
        ["--send", "x"],
        ["--receive", "x"],
        ["--raw"],
    ],
)
def test_servers_are_told_from_the_relay(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    command.main(arguments, standalone_mode=False)
    assert capsys.readouterr().out == "True\n"
    command.main([], standalone_mode=False)
    assert capsys.readouterr().out == "False\n"


def test_every_purpose_is_an_option() -> None:
    options = {option.name: option.opts for option in command.params}
    assert all(flag in options[name] for name, flag in PURPOSES.items())


def test_the_relay_needs_no_web_server() -> None:
    """``hatoba nc`` starts at once: what servers need is imported where one is asked for."""
    code = "import sys, hatoba.cli.nc, hatoba.cli.nc_run; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "hatoba.cli.nc_run" in modules
    heavy = {"h11", "python_multipart", "ctypes", "mimetypes", "hashlib", "hatoba.cli.nc_serving"}
    assert not heavy & set(modules)
    assert not [name for name in modules if name.startswith(("hatoba.netcat.servers", "hatoba.netcat.transfer"))]
