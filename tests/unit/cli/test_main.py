"""The entry: what is answered before anything is imported, and streams that fail."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hatoba import __version__
from hatoba.cli import main as entry


@pytest.mark.parametrize("argument", ["--version", "-V"])
def test_the_version_is_told_without_click_or_numpy(argument: str) -> None:
    code = f"""
import sys
from hatoba.cli.main import main
status = main([{argument!r}])
sys.exit(status or len({{"click", "numpy", "gettext", "rich"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"hatoba {__version__}\n")


def test_the_version_after_another_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--lang", "en", "--version"]) == 0
    assert capsys.readouterr().out == f"hatoba {__version__}\n"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], []])
def test_a_closed_pipe_ends_quietly(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "hatoba", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (entry.BROKEN_PIPE, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hatoba", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("hatoba: ")
    assert done.stderr.count("\n") == 1


def test_an_interrupt_while_importing_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("hatoba.cli.shell.run", interrupted)
    assert entry.main(["scan"]) == 130
