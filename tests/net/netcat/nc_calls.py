"""Called in a process on a lab's host (``Host.call``): ``hatoba nc`` and its peers talk over the loopback of that host.

``hatoba`` is forked from this process instead of started anew: what is imported already need not be imported fifty times.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hatoba.cli.main import main

LIMIT_S = 60.0
"""Nothing here takes a fraction of it; whatever hangs fails by it."""

COMMANDS = {"hatoba": ["hatoba", "nc"], "ncat": ["ncat"], "openbsd": ["nc.openbsd"]}
QUESTION, ANSWER = b"question " * 30_000, b"answer " * 50_000
SHORT_QUESTION, SHORT_ANSWER = b"question\n", b"answer\n"


@dataclass
class Running:
    """One program with a pipe to each of its standard streams."""

    pid: int
    stdin: int
    stdout: int
    stderr: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes | None, *, close: bool = True) -> None:
        """Write *data*, in a process of its own that may wait as long as it likes, and close its input; None does neither."""
        if data is None:
            return
        if os.fork() == 0:
            with suppress(OSError):  # it ended before it read all
                while data:
                    data = data[os.write(self.stdin, data) :]
            os._exit(0)
        if close:
            os.close(self.stdin)
            self.stdin = -1

    def read(self, *, out: int | None = None, err: bytes | None = None) -> None:
        """Read until *out* bytes or the words *err* came, or both streams ended."""
        drain([self], lambda: (out is not None and len(self.out) >= out) or (err is not None and err in self.err))

    def at_end(self) -> bool:
        """Whether it has closed its streams."""
        return self.stdout < 0 and self.stderr < 0

    def read_once(self, wait_s: float) -> None:
        """Read what comes within *wait_s*."""
        wanted = [descriptor for descriptor in (self.stdout, self.stderr) if descriptor >= 0]
        for descriptor in select.select(wanted, [], [], wait_s)[0]:
            self.take(descriptor)

    def take(self, descriptor: int) -> None:
        """Read what *descriptor*, one of its streams, has."""
        data = os.read(descriptor, 1 << 20)
        (self.out if descriptor == self.stdout else self.err).extend(data)
        if not data:
            os.close(descriptor)
            if descriptor == self.stdout:
                self.stdout = -1
            else:
                self.stderr = -1

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def close(self) -> int:
        """Its status, once it has closed its streams; negative for the signal that ended it."""
        _pid, status = os.waitpid(self.pid, 0)
        for descriptor in (self.stdin, self.stdout, self.stderr):
            if descriptor >= 0:
                os.close(descriptor)
        return os.waitstatus_to_exitcode(status)


def drain(programs: Sequence[Running], enough: Callable[[], bool]) -> bool:
    """Read all that *programs* write, so that none holds up another, until it is *enough*, or they have ended; False where
    nothing came for too long."""
    while not enough():
        wanted = {each: running for running in programs for each in (running.stdout, running.stderr) if each >= 0}
        if not wanted:
            return True
        ready, _writable, _broken = select.select(list(wanted), [], [], LIMIT_S)
        if not ready:
            return False
        for descriptor in ready:
            wanted[descriptor].take(descriptor)
    return True


def ended(*programs: Running) -> list[int]:
    """The statuses of *programs*, read to their ends. What hangs is killed."""
    if not drain(programs, lambda: False):
        for running in programs:
            os.kill(running.pid, signal.SIGKILL)
        drain(programs, lambda: False)
    return [running.close() for running in programs]


def start(
    command: Sequence[str],
    data: bytes | None = b"",
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    before: Callable[[], None] | None = None,
) -> Running:
    """Start *command* with *data* as its input, or reading *stdin* (below 0: it is closed). *before* is called in the new
    process."""
    (their_in, our_in), (our_out, their_out), (our_err, their_err) = os.pipe(), os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        if before is not None:
            before()
        streams = (their_in if stdin is None else stdin, their_out if stdout is None else stdout, their_err)
        for number, descriptor in enumerate(streams):
            if descriptor >= 0:
                os.dup2(descriptor, number)
            else:
                os.close(number)
        os.closerange(3, 256)
        if command[0] == "hatoba":
            os._exit(_forked(command[1:]))
        os.execvp(command[0], list(command))
    for descriptor in (their_in, their_out, their_err):
        os.close(descriptor)
    running = Running(pid, our_in, our_out, our_err)
    running.feed(data)
    return running


def _forked(arguments: Sequence[str]) -> int:
    """Be ``hatoba`` from here on, with the standard streams that there are."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            stream = open(number, mode, 1)  # noqa: SIM115 - for as long as the process lives
        except OSError:
            stream = None
        setattr(sys, name, stream)
    return main(arguments)


def listener(command: Sequence[str], data: bytes | None) -> Running:
    """The same for one that listens: it does, when this returns."""
    running = start([*command], data)
    running.read(err=b"istening on")
    return running
