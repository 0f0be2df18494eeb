"""A process's handle: what its status pipe says, and its streams."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest

from hatoba.errors import LabError
from hatoba.lab.process import Process


class Far:
    """The other ends of a process's pipes, and the signals that were asked for."""

    def __init__(self) -> None:
        self.signals: list[tuple[int, bool]] = []
        status, self.status = os.pipe()
        their_in, my_in = os.pipe()
        my_out, their_out = os.pipe()
        self.stdin, self.stdout = open(their_in, "rb"), open(their_out, "wb")  # noqa: SIM115
        streams = (open(my_in, "wb", buffering=0), open(my_out, "rb"), None)  # noqa: SIM115
        self.process = Process(["ship"], os.pidfd_open(os.getpid()), status, self.signal, self.tail, streams)

    def signal(self, number: int, group: bool) -> None:
        self.signals.append((number, group))

    @staticmethod
    def tail() -> str:
        return "a\nlast word\n"

    def say(self, words: bytes) -> None:
        os.write(self.status, words)


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    yield far
    os.close(far.status)
    for stream in (far.stdin, far.stdout, far.process.stdin, far.process.stdout):
        if stream is not None:
            stream.close()


def test_pid_is_read_from_the_descriptor(far: Far) -> None:
    assert far.process.pid == os.getpid()


def test_status_is_heard_in_pieces(far: Far) -> None:
    assert far.process.poll() is None
    far.say(b"exi")
    assert far.process.poll() is None
    far.say(b"t -15\n")
    assert far.process.wait(60) == -15
    assert far.process.poll() == -15


def test_wait_gives_up_at_its_time(far: Far) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        far.process.wait(0.01)


def test_keepers_end_is_the_process_end(far: Far) -> None:
    os.close(far.status)
    assert far.process.wait(60) == -signal.SIGKILL
    far.status = os.open(os.devnull, os.O_RDONLY)


def test_ready_then_end(far: Far) -> None:
    far.say(b"ready\nexit 0\n")
    far.process.wait_ready(60)
    assert far.process.wait(60) == 0


def test_end_before_ready_tells_the_last_words(far: Far) -> None:
    far.say(b"exit 7\n")
    with pytest.raises(LabError, match="ship ended with status 7 before it was ready; its last words: a\nlast word"):
        far.process.wait_ready(60)


def test_signals_go_to_one_or_to_the_group(far: Far) -> None:
    far.process.terminate()
    far.process.send_signal(signal.SIGHUP)
    far.process.kill()
    assert far.signals == [(signal.SIGTERM, False), (signal.SIGHUP, False), (signal.SIGKILL, True)]


def test_communicate_feeds_and_drains_at_once(far: Far) -> None:
    given = os.urandom(1_000_000)

    def echo() -> None:
        while data := far.stdin.read1(65536):
            far.stdout.write(data)
        far.stdout.close()
        far.say(b"exit 0\n")

    thread = threading.Thread(target=echo)
    thread.start()
    assert far.process.communicate(given, 60) == (given, b"")
    thread.join()
    assert far.process.returncode == 0


def test_communicate_with_one_that_does_not_read(far: Far) -> None:
    far.stdin.close()
    far.stdout.close()
    far.say(b"exit 0\n")
    assert far.process.communicate(b"x" * 200_000, 60) == (b"", b"")


def test_communicate_that_takes_too_long_kills(far: Far) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        far.process.communicate(None, 0.01)
    assert far.signals == [(signal.SIGKILL, True)]
