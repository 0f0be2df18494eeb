"""Processes as the keeper sees them: started, read, reaped, reported."""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from hatoba.lab.children import Child, Children
from hatoba.lab.sandbox import Namespaces
from tests.descriptors import open_descriptors


class Here:
    """The namespaces that this process is in already."""

    def enter(self) -> None:
        """Stay."""


def start(
    children: Children, script: str, ready: str | None = None, cwd: str = "/", log: str | None = None
) -> tuple[Child, int]:
    """The child and the reading end of its status pipe."""
    status, told = os.pipe()
    streams = [] if ready is not None else [os.open(os.devnull, os.O_RDWR) for _stream in range(3)]
    request: dict[str, Any] = {
        "argv": [sys.executable, "-S", "-c", script],
        "env": dict(os.environ),
        "cwd": cwd,
        "privileged": True,
        "ready": ready,
        "log": log,
    }
    try:
        return children.start("a", cast(Namespaces, Here()), request, [told, *streams]), status
    finally:
        for descriptor in (told, *streams):
            os.close(descriptor)


def wait_end(child: Child) -> None:
    """Wait for the process's end and leave it to be reaped."""
    pidfd = os.pidfd_open(child.process.pid)
    select.select([pidfd], [], [])
    os.close(pidfd)


def everything(status: int) -> str:
    with open(status, encoding="ascii") as lines:
        return lines.read()


@pytest.fixture
def children() -> Children:
    return Children()


@pytest.mark.parametrize(
    ("script", "words"),
    [("raise SystemExit(3)", "exit 3\n"), ("import os; os.kill(os.getpid(), 9)", "exit -9\n")],
    ids=["status", "signal"],
)
def test_end_is_reported(children: Children, script: str, words: str) -> None:
    child, status = start(children, script)
    wait_end(child)
    children.reap()
    assert everything(status) == words


def test_ready_is_reported_once_when_the_pattern_is_complete(children: Children) -> None:
    write: Callable[[str], str] = "import os; os.write(1, b'{}')".format
    child, status = start(children, "; ".join([write("almost rea"), write("dy\\n"), write("ready\\n")]), ready="^almost ready$")
    wait_end(child)
    while child.read():
        pass
    children.reap()
    assert everything(status) == "ready\nexit 0\n"
    assert children.tail("a") == "almost ready\nready\n"
    child.close_output()


def test_last_words_are_kept_even_if_nobody_read_in_time(children: Children) -> None:
    child, status = start(children, "import sys; sys.exit('no room')", ready="^ready$")
    wait_end(child)
    children.reap()
    assert everything(status) == "exit 1\n"
    assert children.tail("a") == "no room\n"
    child.close_output()


def test_tail_is_bounded(children: Children) -> None:
    child, status = start(children, "print('x' * 300000 + 'end')", ready="^ready$")
    while child.read() != 0:
        pass
    wait_end(child)
    children.reap()
    assert len(children.tail("a")) == 65536
    assert children.tail("a").endswith("xend\n")
    os.close(status)
    child.close_output()


def test_signal_reaches_the_group_and_ended_ones_are_left_alone(children: Children) -> None:
    child, status = start(children, "import signal; signal.pause()")
    children.signal("a", 15, True)
    wait_end(child)
    children.reap()
    children.signal("a", 15, False)
    assert everything(status) == "exit -15\n"


def test_folder_that_is_not_there_is_named_and_nothing_leaks(children: Children) -> None:
    before = len(open_descriptors())
    with pytest.raises(FileNotFoundError) as caught:
        start(children, "", cwd="/no/such/folder")
    assert caught.value.filename == "/no/such/folder/."
    assert len(open_descriptors()) == before + 1, "the status pipe's reading end, which is the test's own"


@pytest.mark.parametrize(("ready", "log"), [("never", "/dev/null/log"), ("(", "{folder}/log"), ("never", "{folder}")])
def test_what_cannot_be_watched_is_not_started(children: Children, tmp_path: Path, ready: str, log: str) -> None:
    before, others = len(open_descriptors()), psutil.Process().children()
    script = f"open({str(tmp_path / 'it ran')!r}, 'w')"
    with pytest.raises((OSError, re.error)):
        start(children, script, ready=ready, log=log.format(folder=tmp_path))
    assert set(psutil.Process().children()) <= set(others)
    assert not (tmp_path / "it ran").exists()
    assert len(open_descriptors()) == before + 1, "the status pipe's reading end, which is the test's own"


def test_the_log_is_closed_where_starting_fails(children: Children, tmp_path: Path) -> None:
    before = len(open_descriptors())
    with pytest.raises(FileNotFoundError) as caught:
        start(children, "", ready="never", cwd="/no/such/folder", log=str(tmp_path / "log"))
    assert len(open_descriptors()) == before + 1, "the status pipe's reading end, which is the test's own"
    assert caught.tb is not None, "it keeps alive what the call had open"


def test_nobody_waiting_is_no_trouble(children: Children) -> None:
    child, status = start(children, "")
    os.close(status)
    wait_end(child)
    children.reap()
    assert child.process.returncode == 0


@pytest.mark.parametrize("lines", [3, 1100])
def test_what_it_says_is_written_down_and_begins_anew_at_a_mebibyte(children: Children, tmp_path: Path, lines: int) -> None:
    log = tmp_path / "log/daemon"
    child, _status = start(children, f"for n in range({lines}): print(format(n, '01023'))", ready="never", log=str(log))
    assert child.output is not None
    os.set_blocking(child.output, True)
    while child.read():
        pass
    said = "".join(format(number, "01023") + "\n" for number in range(lines))
    written = log.read_text()
    assert written
    assert said.endswith(written)
    assert (written == said) is (lines <= 1024)
    child.close_output()
