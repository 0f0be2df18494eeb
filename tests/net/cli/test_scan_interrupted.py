"""Ctrl-C once: finish and tell what is known. Twice: stop at once. Either way the terminal is as it was."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hatoba.lab import PIPE
from hatoba.lab.process import Process
from hatoba.lab.topologies import TruthHost
from tests.real_scans import COMMAND, Following

pytestmark = pytest.mark.peer("nft")

TARGET = "198.18.0.2"
LONG = ("-p", "1-65535", "--max-rate", "2000")  # half a minute
PATIENCE_S = 60
SHOW_CURSOR, HIDE_CURSOR = b"\x1b[?25h", b"\x1b[?25l"


@pytest.mark.parametrize(
    ("method", "number", "status"),
    [("--syn", signal.SIGINT, 130), ("--connect", signal.SIGINT, 130), ("--connect", signal.SIGTERM, 143)],
)
def test_once(truth_lab: TruthHost, tmp_path: Path, method: str, number: signal.Signals, status: int) -> None:
    xml = tmp_path / "scan.xml"
    with Following(truth_lab.scanner, method, *LONG, "-oX", str(xml), TARGET) as scan:
        scan.until_ports()
        scan.process.send_signal(number)
        done = scan.to_the_end()
    assert done.status == status
    assert [line["type"] for line in done.lines[-2:]] == ["host", "end"]
    assert done.end["interrupted"]
    assert 0 < len(done.ports) < 65_535
    assert sum(done.end["counts"].values()) == len(done.ports)
    truth = truth_lab.expected(4, method.lstrip("-"))
    assert [port for port, line in done.ports.items() if line["state"] != truth[port][0].word] == []
    (told,) = done.errors.splitlines()
    assert told.startswith("hatoba: ")
    assert ElementTree.parse(xml).find("runstats/finished[@exit='error']") is not None


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_no_line_is_torn_while_the_reader_is_slow(truth_lab: TruthHost, unbuffered: str) -> None:
    """A signal cuts a write to a full pipe short. With PYTHONUNBUFFERED, which many containers set, Python itself forgets the
    rest then."""
    with Following(truth_lab.scanner, "-p", "1-65535", TARGET, env={"PYTHONUNBUFFERED": unbuffered}) as scan:
        scan.until_ports()
        until_it_waits_for_the_reader(scan.process)
        scan.process.send_signal(signal.SIGINT)
        done = scan.to_the_end()  # fails on a line that is no JSON
    assert done.status == 130
    assert sum(done.end["counts"].values()) == len(done.ports)


def until_it_waits_for_the_reader(process: Process, pid: int | None = None) -> None:
    """Until *process*, or its child *pid*, sleeps in write(2): nothing but the kernel's word tells (proc(5))."""
    folder = Path(f"/proc/{pid or process.pid}")
    while process.poll() is None:
        call = (folder / "syscall").read_text().split()
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        if (state, call[0]) == ("S", _WRITE):
            return
    raise AssertionError(f"it ended with {process.returncode}")


_WRITE = {"x86_64": "1", "aarch64": "64"}.get(os.uname().machine, "4")


SLOWLY = ("-p", "1-65535", "--max-rate", "200")  # it writes less at once than a buffer holds


def stopped_at_once(process: Process) -> None:
    """One Ctrl-C does not end what waits for its reader, the second does."""
    until_it_waits_for_the_reader(process)
    process.send_signal(signal.SIGINT)
    until_it_waits_for_the_reader(process)  # again: sooner, the kernel would make one signal of the two
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    assert process.stderr is not None
    told = process.stderr.read()
    assert b"Exception" not in told
    assert b"Traceback" not in told


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_twice_while_nobody_reads(truth_lab: TruthHost, unbuffered: str) -> None:
    """As with ``hatoba scan ... | less``: it can't write and must not wait for it."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    command, environment = [*COMMAND, *SLOWLY, "-oJ", "-", TARGET], {"PYTHONUNBUFFERED": unbuffered}
    with truth_lab.scanner.popen(command, stdout=write_end, stderr=PIPE, env=environment) as process:
        os.close(write_end)
        stopped_at_once(process)
    with open(read_end, "rb") as pipe:
        assert json.loads(pipe.readline())["type"] == "scan"


def test_twice_while_nobody_reads_a_named_pipe(truth_lab: TruthHost, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read_end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, 4096)
    command = [*COMMAND, *SLOWLY, "-oJ", str(fifo), "-oN", "/dev/null", TARGET]
    with truth_lab.scanner.popen(command, stdout=subprocess.DEVNULL, stderr=PIPE) as process:
        stopped_at_once(process)
    os.close(read_end)


class Terminal:
    """A terminal of its own for a scan, with somebody before it who reads and types."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        termios.tcsetwinsize(self.theirs, (40, 120))
        self.before = termios.tcgetattr(self.theirs)
        self.shown = b""

    def settings(self) -> list[object]:
        return list(termios.tcgetattr(self.theirs))

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def read(self, timeout_s: float) -> bool:
        """Read what is shown; False where nothing comes in that time."""
        if not select.select([self.ours], [], [], timeout_s)[0]:
            return False
        self.shown += os.read(self.ours, 65536)
        return True

    def until(self, words: bytes) -> None:
        while words not in self.shown:
            assert self.read(PATIENCE_S), self.shown

    def close(self) -> None:
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def at(terminal: Terminal, truth_lab: TruthHost, *arguments: str, stdout: int | None = None) -> Process:
    """Start a scan that has *terminal* as its controlling one."""
    where = terminal.theirs
    return truth_lab.scanner.popen(
        ["setsid", "--ctty", "--wait", *COMMAND, *LONG, *arguments, TARGET],
        stdin=where,
        stdout=where if stdout is None else stdout,
        stderr=where,
        env={"TERM": "xterm-256color"},
    )


@pytest.mark.peer("setsid")
@pytest.mark.parametrize("method", ["--syn", "--connect"])
def test_once_at_a_terminal(truth_lab: TruthHost, terminal: Terminal, method: str) -> None:
    with at(terminal, truth_lab, method) as process:
        terminal.until(b"probes/s")
        terminal.type(b"\x03")
        terminal.until(b"Hosts up: 1 of 1.")
        assert process.wait(PATIENCE_S) == 130
        while terminal.read(0):
            pass
    assert b"198.18.0.2: up" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert terminal.settings() == terminal.before
    assert terminal.shown.count(HIDE_CURSOR) > 0
    assert terminal.shown.rfind(SHOW_CURSOR) > terminal.shown.rfind(HIDE_CURSOR)


def fill(pipe: int) -> None:
    """Write into a pipe until it is full."""
    ours = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK)  # opened anew: only here it does not block
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(ours, bytes(4096))
    os.close(ours)


@pytest.mark.peer("setsid")
def test_twice_at_a_terminal(truth_lab: TruthHost, terminal: Terminal) -> None:
    """The report goes into a pipe that nobody reads, and that is full from then on: so the first Ctrl-C can't end it."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 1 << 20)
    with open(read_end, "rb"), at(terminal, truth_lab, "-oJ", "-", stdout=write_end) as process:
        terminal.until(b"probes/s")
        fill(write_end)
        os.close(write_end)
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        until_it_waits_for_the_reader(process, int(child))
        terminal.type(b"\x03")
        terminal.until(b"^C")
        until_it_waits_for_the_reader(process, int(child))  # again: sooner, the kernel would make one Ctrl-C of the two
        terminal.type(b"\x03")
        assert process.wait(PATIENCE_S) == 130
        while terminal.read(0):
            pass
    assert b"Traceback" not in terminal.shown
    assert terminal.settings() == terminal.before
    assert terminal.shown.rfind(SHOW_CURSOR) > terminal.shown.rfind(HIDE_CURSOR) >= 0
