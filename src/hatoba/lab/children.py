"""The processes of a lab, as its process 1 sees them: started in a host's namespaces, watched, reaped.

What becomes of a process is written in lines to the status pipe that its starter handed over: ``ready`` once its output
matched the pattern that was asked for, and ``exit N`` at its end (N as in ``subprocess``: negative for a signal).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import signal
import subprocess
import termios
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hatoba.lab import kernel
from hatoba.lab.channel import Message
from hatoba.lab.sandbox import Namespaces

_TAIL_BYTES = 65536
_LONGEST_LOG_BYTES = 1 << 20
"""A log in the lab's memory that would grow longer begins anew."""


@dataclass(slots=True)
class Child:
    """One process. ``output`` is the pipe that its standard output and error go to, where the keeper reads them;
    ``log`` is the file that they are then written to, if any."""

    process: subprocess.Popen[bytes]
    status: int
    output: int | None = None
    ready: re.Pattern[bytes] | None = None
    log: BinaryIO | None = None
    tail: bytearray = field(default_factory=bytearray)

    def tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError, BlockingIOError):  # nobody waits for it any more
            os.write(self.status, line.encode() + b"\n")

    def runs(self) -> bool:
        return self.process.returncode is None  # as reap() has told it

    def read(self) -> int | None:
        """Take some of what the process has written. Return the number of bytes, 0 at its end, None where there is no more
        for now."""
        if self.output is None:
            return 0
        try:
            data = os.read(self.output, 65536)
        except BlockingIOError:
            return None
        self.tail += data
        del self.tail[:-_TAIL_BYTES]
        self._write_down(data)
        if self.ready is not None and self.ready.search(self.tail):
            self.ready = None
            self.tell("ready")
        return len(data)

    def _write_down(self, data: bytes) -> None:
        if self.log is None:
            return
        with contextlib.suppress(OSError):  # no room: what the lab does is worth more than its log
            if self.log.tell() + len(data) > _LONGEST_LOG_BYTES:
                self.log.seek(0)
                self.log.truncate()
            self.log.write(data)

    def close_output(self) -> None:
        if self.output is not None:
            os.close(self.output)
            self.output = None
        if self.log is not None:
            self.log.close()
            self.log = None


class Children:
    """All processes of a lab by the key that their starters chose."""

    def __init__(self) -> None:
        self._all: dict[str, Child] = {}
        self._by_pid: dict[int, str] = {}

    def start(self, key: str, namespaces: Namespaces, request: Message, descriptors: list[int]) -> Child:
        """Start ``request["argv"]`` in a host. *descriptors*: the status pipe, then standard input, output and error; only the
        status pipe where ``request["ready"]`` names a pattern and the keeper reads the output itself, and writes it to the file
        ``request["log"]``. With ``request["terminal"]`` standard input is a terminal, and becomes the process's own (tty(4)).
        The descriptors stay the caller's to close. Raise OSError, and what a request that makes no sense leads to."""
        if key in self._all:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), key)
        if len(descriptors) < (4 if request.get("ready") is None else 1):  # the others found no room (unix(7), MSG_CTRUNC)
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        told, *streams = descriptors
        ready = re.compile(request["ready"].encode(), re.MULTILINE) if request.get("ready") is not None else None
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as lent:
            # All that can fail comes before the process, which nobody would know of otherwise.
            status = os.dup(told)
            kept.callback(os.close, status)
            os.set_blocking(status, False)
            log = _opened_log(request.get("log"))
            if log is not None:
                kept.callback(log.close)
            output = None
            if ready is not None:
                output, write_end = os.pipe()
                kept.callback(os.close, output)
                lent.callback(os.close, write_end)
                os.set_blocking(output, False)
                nothing = os.open(os.devnull, os.O_RDONLY)
                lent.callback(os.close, nothing)
                streams = [nothing, write_end, write_end]
            process = _start(namespaces, request, streams)
            kept.pop_all()
        child = Child(process, status, output, ready, log)
        self._all[key] = child
        self._by_pid[process.pid] = key
        return child

    def signal(self, key: str, signal_number: int, whole_group: bool) -> None:
        """Send a signal to a process, or to all of its process group. Nothing where it has ended."""
        child = self._all.get(key)
        if child is None or not child.runs():
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if whole_group else os.kill)(child.process.pid, signal_number)

    def end(self, child: Child) -> None:
        """Kill a process and its group, if it has not ended."""
        if child.runs():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)

    def tail(self, key: str) -> str:
        """The last 64 KiB that a process wrote, where the keeper reads its output."""
        child = self._all.get(key)
        return bytes(child.tail).decode(errors="replace") if child is not None else ""

    def reap(self) -> None:
        """Collect every process that has ended, orphans too, and tell those who wait for one that the lab had started."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            key = self._by_pid.pop(pid, None)
            if key is None:
                continue  # an orphan of the lab's processes: process 1 inherits those
            child = self._all[key]
            # Popen must not wait for it again: the number may belong to another process by then.
            child.process.returncode = os.waitstatus_to_exitcode(status)
            while child.read():
                pass
            child.tell(f"exit {child.process.returncode}")
            os.close(child.status)
            if child.output is None and not child.tail:
                del self._all[key]


def _opened_log(path: str | None) -> BinaryIO | None:
    if path is None:
        return None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return open(path, "wb", buffering=0)


def _start(namespaces: Namespaces, request: Message, streams: list[int]) -> subprocess.Popen[bytes]:
    folder, privileged, terminal = request["cwd"], request["privileged"], request.get("terminal", False)
    os.stat(os.path.join(folder, "."))  # here the error has a name; after the fork it would not

    def enter() -> None:
        namespaces.enter()
        os.chdir(folder)
        signal.set_wakeup_fd(-1)
        if terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if not privileged:
            kernel.give_up_capabilities()

    try:
        return subprocess.Popen(
            request["argv"],
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            env=request["env"],
            preexec_fn=enter,  # noqa: PLW1509 - this process has one thread
            start_new_session=True,
        )
    except subprocess.SubprocessError as error:
        raise OSError(errno.EPERM, str(error)) from error
