"""The works that ``hatoba nc`` and the programs beside it do: each moves something from host to host and returns a figure."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from benchmarks.netcat_contenders import ADDRESS, PORT, Contender, Task
from hatoba.lab import PIPE, Host, Process

Hosts = tuple[Host, Host]
"""Who connects, and who listens."""

LINE = b"x" * 63 + b"\n"
DATAGRAM_BYTES = 1200
LIMIT_S = 60.0
_QUIET_S = 0.3
"""Nothing more comes out after so long."""

_DEAF = f"import socket, time; s = socket.socket(type=2); s.bind(('{ADDRESS}', {PORT})); time.sleep(600)"
_BLAST = (
    f"import socket; s = socket.socket(type=2); s.connect(('{ADDRESS}', {PORT})); d = bytes({DATAGRAM_BYTES})\n"
    "for _ in range({count}): s.send(d)"
)


def move(contender: Contender, hosts: Hosts, file: Path, task: Task, *, pipes: bool) -> float:
    """Seconds that it takes to move *file* over one stream, as the listener's *task* says, from file to null device or from
    pipe to pipe. Raises RuntimeError where somebody failed."""
    near, far = hosts
    by_client = task.way == "receives"
    sender_host, receiver_host = (near, far) if by_client else (far, near)
    with file.open("rb") as source, open(os.devnull, "r+b") as nothing:
        feeder = sender_host.popen(["cat"], stdin=source, stdout=PIPE) if pipes else None
        given = source if feeder is None else feeder.stdout
        taken = PIPE if pipes else nothing
        sends, receives = {"stdin": given, "stdout": nothing}, {"stdin": nothing, "stdout": taken}
        listener = far.popen(contender.command(task), **(receives if by_client else sends))
        _await_port(listener, task)
        began_s = time.perf_counter()
        client = near.popen(
            contender.command(task.client("sends" if by_client else "receives")), **(sends if by_client else receives)
        )
        receiver = listener if by_client else client
        drain = receiver_host.popen(["cat"], stdin=receiver.stdout, stdout=nothing) if pipes else None
        statuses = [process.wait(LIMIT_S) for process in (client, listener, drain) if process is not None]
        took_s = time.perf_counter() - began_s
    # Where a stream of TLS ends is told by some and not by others, who then call it cut.
    if any(statuses) and task.carrier != "tls":
        raise RuntimeError(f"{contender.name}: {statuses}")
    return took_s


def round_trips(contender: Contender, hosts: Hosts, task: Task, count: int) -> float:
    """Seconds for *count* lines to go and come back, one after the other, through a program at each end that runs."""
    near, far = hosts
    to_listener, echoed = os.pipe()
    with (
        far.popen(contender.command(task), stdin=to_listener, stdout=PIPE) as listener,
        far.popen(["cat"], stdin=listener.stdout, stdout=echoed),
    ):
        _await_port(listener, task)
        with near.popen(contender.command(task.client("both")), stdin=PIPE, stdout=PIPE) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            _there_and_back(client.stdin, client.stdout)
            began_s = time.perf_counter()
            for _line in range(count):
                _there_and_back(client.stdin, client.stdout)
            took_s = time.perf_counter() - began_s
    os.close(to_listener)
    os.close(echoed)
    return took_s


def _there_and_back(there: BinaryIO, back: BinaryIO) -> None:
    os.write(there.fileno(), LINE)
    left = len(LINE)
    while left:
        piece = os.read(back.fileno(), left)
        if not piece:
            raise RuntimeError("the line did not come back")
        left -= len(piece)


def send_datagrams(contender: Contender, hosts: Hosts, task: Task, count: int) -> float:
    """Seconds until *count* datagrams, each of them one write into a pipe that keeps them apart, have been sent."""
    near, far = hosts
    given, feed = os.pipe2(os.O_DIRECT)
    with far.popen([sys.executable, "-c", _DEAF]) as deaf, open(os.devnull, "r+b") as nothing:
        _await_port(deaf, task)
        began_s = time.perf_counter()
        client = near.popen(contender.command(task.client("sends")), stdin=given, stdout=nothing)
        os.close(given)
        datagram = bytes(DATAGRAM_BYTES)
        for _datagram in range(count):
            os.write(feed, datagram)
        os.close(feed)
        if client.wait(LIMIT_S):
            raise RuntimeError(f"{contender.name}: {client.returncode}")
        return time.perf_counter() - began_s


def receive_datagrams(contender: Contender, hosts: Hosts, task: Task, count: int) -> float:
    """The share of *count* datagrams, sent as fast as one can, that comes out of a listener."""
    near, far = hosts
    with tempfile.TemporaryFile(dir="/dev/shm") as output, open(os.devnull, "r+b") as nothing:
        with far.popen(contender.command(task), stdin=PIPE, stdout=output, stderr=nothing) as listener:
            _await_port(listener, task)
            blaster = near.popen([sys.executable, "-c", _BLAST.format(count=count)])
            if blaster.wait(LIMIT_S):
                raise RuntimeError("the datagrams were not sent")
            _await_silence(output)
        return os.fstat(output.fileno()).st_size / (count * DATAGRAM_BYTES)


def _await_silence(output: BinaryIO) -> None:
    size, since_s = -1, time.monotonic()
    while time.monotonic() - since_s < _QUIET_S:
        now = os.fstat(output.fileno()).st_size
        if now != size:
            size, since_s = now, time.monotonic()
        time.sleep(0.02)


def _await_port(process: Process, task: Task) -> None:
    """Until *process* listens, by the kernel's own list (proc(5), /proc/net/tcp)."""
    path = f"/proc/{process.pid}/net/{'udp' if task.carrier == 'udp' else 'tcp'}"
    wanted = f":{int(PORT):04X} 00000000:0000 {'07' if task.carrier == 'udp' else '0A'}"
    until_s = time.monotonic() + LIMIT_S
    while wanted not in Path(path).read_text():
        if time.monotonic() > until_s:
            raise RuntimeError(f"nobody listens: {process.argv}")
        time.sleep(0.005)


@contextmanager
def certificate() -> Iterator[str]:
    """A file with a certificate and its key."""
    from hatoba.netcat.self_signed import self_signed

    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(self_signed((ADDRESS,), time.time())[1])
        file.flush()
        yield file.name


def start_up(command: list[str]) -> float:
    """Milliseconds, from start to end, of a process that finds nothing to do."""
    began_s = time.perf_counter()
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    return 1000 * (time.perf_counter() - began_s)
