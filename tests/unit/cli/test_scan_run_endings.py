"""How a scan ends: stopped by signals, left by its readers, with a full disk, with problems."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from hatoba.cli.scan_run import CLOSED_PIPE
from tests.unit.cli.scripted_scans import Script, run


def test_ctrl_c_once_ends_properly_with_130(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(lambda: os.kill(os.getpid(), signal.SIGINT))
    status, shown = run(script, options={"outputs": (("xml", str(tmp_path / "x")),)})
    assert status == 130
    assert script.stopped
    assert "22/tcp" in shown
    assert "Ctrl-C once more" in capsys.readouterr().err
    assert (tmp_path / "x").read_text(encoding="utf-8").rstrip().endswith("</nmaprun>")


def test_ctrl_c_twice_stops_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    script = Script(twice)
    with pytest.raises(KeyboardInterrupt):
        run(script, options={"outputs": (("jsonl", str(tmp_path / "x")),)})
    assert script.closed
    assert '"open"' in (tmp_path / "x").read_text(encoding="utf-8")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_who_is_told_to_go_or_loses_the_terminal_ends_properly_too(
    number: signal.Signals, expected: int, tmp_path: Path
) -> None:
    script = Script(lambda: os.kill(os.getpid(), number))
    status, shown = run(script, options={"outputs": (("xml", str(tmp_path / "x")),)})
    assert status == expected
    assert "22/tcp" in shown
    assert (tmp_path / "x").read_text(encoding="utf-8").rstrip().endswith("</nmaprun>")


@pytest.mark.parametrize(
    ("failed", "silent", "expected"), [(True, False, 1), (False, True, 1), (True, True, 1), (False, False, 0)]
)
def test_a_problem_is_told_and_the_status_says_whether_the_scan_failed(
    failed: bool, silent: bool, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    status, shown = run(Script(problems=("eth0 went down",), failed=failed, silent=silent))
    assert status == expected
    assert "22/tcp" in shown
    assert "Problem: eth0 went down\n" in shown
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({}, {}, False),
        ({"stdout": Terminal()}, {}, False),
        ({"stdout": Terminal(), "stderr": Terminal()}, {}, False),
        ({"stderr": Terminal()}, {}, True),
        ({}, {"outputs": (("xml", "-"),)}, True),
        ({}, {"outputs": (("jsonl", "-"),)}, True),
    ],
)
def test_a_problem_is_not_told_beside_the_table_that_shows_it(
    changes: dict[str, Any], options: dict[str, Any], told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader at a terminal sees no table that went to a file."""
    run(Script(problems=("eth0 went down",)), options=options, **changes)
    assert ("hatoba: eth0 went down\n" in capsys.readouterr().err) is told


class Broken(io.StringIO):
    """A pipe whose reader goes after so many writes, or a disk that is full by then."""

    def __init__(self, error: OSError, after: int = 0) -> None:
        super().__init__()
        self._error, self._left = error, after

    def write(self, text: str, /) -> int:
        self._left -= 1
        if self._left < 0:
            raise self._error
        return super().write(text)


def test_when_nobody_reads_the_scan_stops(capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(lambda: pytest.fail("the scan went on"))
    status, _shown = run(script, stdout=Broken(BrokenPipeError()))
    assert status == CLOSED_PIPE
    assert script.closed
    shown = capsys.readouterr().err
    assert shown.startswith("hatoba: nobody reads")
    assert shown.count("\n") == 1


def test_when_one_of_two_readers_goes_the_other_gets_all(tmp_path: Path) -> None:
    status, _shown = run(Script(), options={"outputs": (("jsonl", str(tmp_path / "x")),)}, stdout=Broken(BrokenPipeError()))
    assert status == 0
    assert json.loads((tmp_path / "x").read_text(encoding="utf-8").splitlines()[-1])["type"] == "end"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence_and_the_table_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(Script(), options={"outputs": (("jsonl", "/dev/full"),)})
    assert status == 1
    assert "22/tcp" in shown
    told = capsys.readouterr().err
    assert "/dev/full" in told
    assert told.count("\n") == 1


def test_what_nobody_foresaw_still_closes_the_files(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(Script(ZeroDivisionError()), options={"outputs": (("jsonl", str(tmp_path / "x")),)})
    assert '"open"' in (tmp_path / "x").read_text(encoding="utf-8")
