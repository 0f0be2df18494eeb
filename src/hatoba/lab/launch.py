"""Starting and ending a lab's keeper (:mod:`hatoba.lab.keeper`), on the side of the lab's maker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import hatoba
from hatoba.errors import LabError
from hatoba.lab.availability import why_refused
from hatoba.lab.channel import Channel

_CLOSE_TIMEOUT_S = 30


def start_keeper() -> tuple[subprocess.Popen[bytes], Channel]:
    """A keeper that has just been started, and the channel to it. Raise :class:`LabError`."""
    try:
        maker = os.pidfd_open(os.getpid())
    except OSError as error:
        raise LabError(why_refused("pidfd", error.errno or 0, {}, False)) from error
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    words = open(os.memfd_create("hatoba-lab"), "r+b", buffering=0)  # noqa: SIM115 - closed by end_keeper
    source = str(Path(hatoba.__file__).parents[1])
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    try:
        keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", "hatoba.lab.keeper", str(theirs.fileno()), str(maker)],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            pass_fds=(theirs.fileno(), maker),
            env={**os.environ, "PYTHONPATH": path},
            cwd="/",
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        words.close()
        raise
    finally:
        theirs.close()
        os.close(maker)
    keeper.stderr = words
    return keeper, Channel(ours)


def last_words(keeper: subprocess.Popen[bytes]) -> str:
    """The last line that the keeper wrote, which is where a traceback says what went wrong."""
    if keeper.stderr is None or keeper.stderr.closed:
        return "–"
    size = os.fstat(keeper.stderr.fileno()).st_size
    lines = os.pread(keeper.stderr.fileno(), size, 0).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "–"


def end_keeper(keeper: subprocess.Popen[bytes], channel: Channel) -> None:
    """Close the channel, which ends the keeper, and wait until it and all the lab's processes are gone."""
    channel.close()
    try:
        keeper.wait(_CLOSE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    if keeper.stderr is not None:
        keeper.stderr.close()
