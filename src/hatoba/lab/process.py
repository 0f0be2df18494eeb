"""A process on a lab's host, as the lab's maker sees it."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import BinaryIO

from hatoba.errors import LabError
from hatoba.messages import _

Signaller = Callable[[int, bool], None]


class Process:
    """Much like ``subprocess.Popen``: ``pid``, ``stdin``, ``stdout``, ``stderr`` (binary, where PIPE was asked for), ``wait``.

    ``pid`` is its number outside the lab (0 where /proc does not tell). As a context manager it kills at the end.
    """

    def __init__(
        self,
        argv: Sequence[str],
        pidfd: int,
        status: int,
        signaller: Signaller,
        tail: Callable[[], str],
        streams: Sequence[BinaryIO | None] = (None, None, None),
    ) -> None:
        self.argv = tuple(argv)
        self.pidfd = open(pidfd, "rb", buffering=0)  # noqa: SIM115 - closes with this object
        self.pid = _pid_of(pidfd)
        self._status = open(status, "rb", buffering=0)  # noqa: SIM115
        self._signaller = signaller
        self._tail = tail
        self._heard = b""
        self._ended = False
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = streams

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        self.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def poll(self) -> int | None:
        """Its exit status (negative: the signal that ended it), None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for its end and return its exit status. Raise ``subprocess.TimeoutExpired``."""
        self._listen(lambda: self.returncode is not None, timeout_s)
        assert self.returncode is not None
        return self.returncode

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until its output matched the pattern that it was started with. Raise ``subprocess.TimeoutExpired``, or
        :class:`LabError` where it ends before."""
        self._listen(lambda: b"ready\n" in self._heard or self.returncode is not None, timeout_s)
        if b"ready\n" not in self._heard:
            raise LabError(
                _("{program} ended with status {status} before it was ready; its last words: {words}").format(
                    program=self.argv[0], status=self.returncode, words=self.tail().strip()[-500:] or "–"
                )
            )

    def _listen(self, done: Callable[[], bool], timeout_s: float | None) -> None:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        while not done():
            left_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            if not poll.poll(left_ms):
                raise subprocess.TimeoutExpired(list(self.argv), timeout_s or 0)
            self._hear(self._status.read(4096) or b"")

    def _hear(self, words: bytes) -> None:
        self._heard += words
        if not words:  # the keeper is gone, and every process of the lab with it
            self.returncode = -signal.SIGKILL if self.returncode is None else self.returncode
        for line in self._heard.splitlines():
            if line.startswith(b"exit "):
                self.returncode = int(line.split()[1])

    def send_signal(self, number: int, *, group: bool = False) -> None:
        """*group*: to every process of its group, as a terminal does it on Ctrl-C."""
        self._signaller(number, group)

    def terminate(self) -> None:
        self._signaller(signal.SIGTERM, False)

    def kill(self) -> None:
        """End it and every process of its group."""
        self._signaller(signal.SIGKILL, True)

    def tail(self) -> str:
        """The last 64 KiB of its output, for a process that was started with ``serve``."""
        return self._tail()

    def communicate(self, given: bytes | None = None, timeout_s: float | None = None) -> tuple[bytes, bytes]:
        """Write *given* to it, read all that it says, wait for its end. Kills it and raises ``subprocess.TimeoutExpired``
        where that takes too long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            heard = _exchange(self.stdin, given or b"", (self.stdout, self.stderr), deadline)
            self.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(list(self.argv), timeout_s or 0) from error
        finally:
            if self.returncode is None:
                self.kill()
        return heard[0], heard[1]


def _exchange(stdin: BinaryIO | None, given: bytes, outputs: Sequence[BinaryIO | None], deadline: float | None) -> list[bytes]:
    """Feed one pipe and drain the others, none waiting for another. Closes them all. Raise TimeoutError at *deadline*."""
    heard = [bytearray() for _output in outputs]
    rest = memoryview(given)
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for stream in (stdin, *outputs):
            if stream is not None:
                stack.callback(_close, stream)
        if stdin is not None:
            os.set_blocking(stdin.fileno(), False)
            selector.register(stdin, selectors.EVENT_WRITE, None)
        for output, words in zip(outputs, heard, strict=True):
            if output is not None:
                selector.register(output, selectors.EVENT_READ, words)
        while selector.get_map():
            ready = selector.select(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _events in ready:
                if key.data is None:
                    rest = _feed(key.fd, rest)
                    finished = not rest
                else:
                    data = os.read(key.fd, 65536)
                    key.data.extend(data)
                    finished = not data
                if finished:
                    selector.unregister(key.fileobj)
                    _close(key.fileobj)
    return [bytes(words) for words in heard]


def _feed(descriptor: int, rest: memoryview) -> memoryview:
    try:
        return rest[os.write(descriptor, rest[:65536]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[len(rest) :]  # it does not want to read it all


def _close(stream: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()  # type: ignore[attr-defined]


def _pid_of(pidfd: int) -> int:
    """The process number behind a pidfd, as /proc of this process counts (pidfd_open(2), "Pid" in fdinfo)."""
    with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    return 0
