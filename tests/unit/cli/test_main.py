"""The entry: what is answered before anything is imported, and streams that fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_called_so(arguments: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "hatoba", "--lang", "en", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "hatoba: the disk is full\n")


def test_talk_does_not_go_to_standard_output_where_standard_error_is_closed() -> None:
    command = ["sh", "-c", '"$0" -m hatoba scan --no-such-option 2>&-', sys.executable]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "status"), [("ports 80", 0), ("doctor", 0), ("scope list", 0), ("scan 203.0.113.5", 3), ("scan -iL -", 2)]
)
def test_closed_streams_lead_nowhere(arguments: str, status: int, closed: str, tmp_path: Path) -> None:
    """203.0.113.5 is not in scope, so nothing is sent."""
    line = f'"$0" -m hatoba {arguments} {closed}'
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["sh", "-c", line, sys.executable], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, "foreseen" in done.stderr) == (status, False)


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("/usr/bin/hatoba", []),
        ("hatoba-nc", ["nc"]),
        ("/home/aoi/bin/nc", ["nc", "--compat", "openbsd"]),
        ("ncat", ["nc", "--compat", "ncat"]),
        ("__main__.py", []),
    ],
)
def test_a_link_of_another_name_stands_for_a_command(name: str, stands_for: list[str]) -> None:
    assert entry._as_called([name, "-l", "80"]) == [*stands_for, "-l", "80"]
