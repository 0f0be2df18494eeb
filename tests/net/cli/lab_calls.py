"""``hatoba lab`` as it is typed, on a terminal and without one. Runs on a host of a lab: what it makes is a lab inside, and the
only one that can be seen there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

LAB = (sys.executable, "-P", "-m", "hatoba", "lab")
_PATIENCE_S = 60


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *argv: str) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.environ.update(SHELL="/bin/sh", LC_ALL="C.UTF-8", ENV="", TERM="dumb")
            os.execv(argv[0], argv)
        self.said = ""
        self._read = 0

    def type(self, words: str) -> None:
        os.write(self._master, words.encode())

    def until(self, pattern: str) -> str:
        """Read until what came after the last match matches, and return that."""
        deadline = time.monotonic() + _PATIENCE_S
        while (found := re.compile(pattern, re.MULTILINE).search(self.said, self._read)) is None:
            if not select.select([self._master], [], [], deadline - time.monotonic())[0]:
                raise TimeoutError(self.said)
            try:
                self.said += os.read(self._master, 65536).decode(errors="replace").replace("\r\n", "\n")
            except OSError:
                raise EOFError(self.said) from None
        self._read = found.end()
        return found[0]

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self) -> list[object]:
        settings: list[object] = termios.tcgetattr(self._master)
        return settings

    def end(self) -> int:
        """Its exit status, read to the end."""
        with contextlib.suppress(EOFError):
            self.until(r"(?!)")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def a_shell() -> dict[str, object]:
    """One sitting in the shell of a lab, and what was seen in it."""
    seen: dict[str, object] = {}
    terminal = Terminal(*LAB)
    terminal.type("echo typed-$((40 + 2))-ahead\n")
    seen["guide"] = terminal.until(r"(?s).*?^scanner# ")
    seen["typed ahead"] = terminal.until(r"typed-\d+-ahead\n")
    terminal.type("sh -c 'echo runs-now; exec tail -f /dev/null'\n")
    terminal.until(r"runs-now\n")
    terminal.type("\x03")
    terminal.until(r"scanner# ")
    terminal.type("echo interrupted-$?\n")
    seen["interrupted"] = terminal.until(r"interrupted-\d+\n").strip()
    terminal.resize(33, 111)
    terminal.type("stty size\n")
    seen["size"] = terminal.until(r"\d+ \d+\n").strip()
    terminal.type('echo "now on $(hatoba lab --on data hostname)"\n')
    seen["inside"] = terminal.until(r"now on \w+\n")
    terminal.type("hatoba lab\n")
    seen["again"] = terminal.until(r"hatoba: .*\n")
    second = subprocess.run([*LAB, "--on", "web", "hostname"], capture_output=True, text=True, check=False)
    seen["second terminal"] = second.stdout + second.stderr
    wrong = subprocess.run([*LAB, "--on", "nowhere"], capture_output=True, text=True, check=False)
    seen["wrong host"] = [wrong.returncode, wrong.stderr]
    status = subprocess.run([*LAB, "--on", "wall", "sh", "-c", "exit 9"], check=False).returncode
    seen["status there"] = status
    terminal.type("exit 7\n")
    seen["status"] = terminal.end()
    seen["left"] = subprocess.run([*LAB, "--on", "web"], capture_output=True, text=True, check=False).stderr
    return seen


def a_log() -> str:
    """What a connection leaves in the log of the database."""
    script = """
    log=/run/hatoba-lab/data/log/redis-server
    hatoba scan --connect -p 6379 198.18.0.20 > /dev/null
    tail -n +1 -f $log | grep -m 1 198.18.0.1
    """
    own = {**os.environ, "SHELL": "/bin/sh"}
    return subprocess.run(LAB, input=script, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, env=own).stdout


def ended_by_a_signal(number: int) -> list[object]:
    """How ``hatoba lab`` ends by a signal, and whether it leaves its terminal as it was."""
    terminal = Terminal(*LAB)
    before = terminal.settings()
    terminal.until(r"^scanner# ")
    during = terminal.settings()
    os.kill(terminal.pid, number)
    return [terminal.end(), during == before, terminal.settings() == before]
