"""``hatoba nc`` beside ncat and OpenBSD's nc: how fast one TCP stream goes over a veth pair, and how soon it starts.

    python -m benchmarks.netcat [--gib N] [--rounds N] [--files-only]

Contenders run in turn, A B C A B C. Each run moves a sparse file from one host to the other, by the client or by the listener,
from a file to the null device or from a pipe to a pipe, and is timed from the client's start, its own start-up included, until
both have ended.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hatoba.lab import PIPE, Host, Lab

HATOBA = (sys.executable, "-P", "-m", "hatoba", "nc")
PORT = "5000"
ADDRESS = "198.18.0.2"


@dataclass(frozen=True, slots=True)
class Contender:
    """How a program listens (it tells that it does on standard error), sends and receives."""

    name: str
    command: tuple[str, ...]
    sends: tuple[str, ...]
    receives: tuple[str, ...]

    def listener(self, *options: str) -> list[str]:
        return [*self.command, "-l", "-v", "-n", *options, ADDRESS, PORT]

    def client(self, *options: str) -> list[str]:
        return [*self.command, "-n", *options, ADDRESS, PORT]


CONTENDERS = (
    Contender("hatoba", HATOBA, ("--send-only",), ("--recv-only",)),
    Contender("ncat", ("ncat",), ("--send-only",), ("--recv-only",)),
    Contender("OpenBSD nc", ("nc.openbsd",), ("-N",), ("-d",)),
)


def move(contender: Contender, hosts: tuple[Host, Host], file: Path, *, by_client: bool, pipes: bool) -> float:
    """Seconds that it takes to move *file*. Raises RuntimeError where not all of it arrived or somebody failed."""
    near, far = hosts
    listens = contender.listener(*(contender.receives if by_client else contender.sends))
    connects = contender.client(*(contender.sends if by_client else contender.receives))
    sender_host, receiver_host = (near, far) if by_client else (far, near)
    with file.open("rb") as source, open(os.devnull, "r+b") as nothing:
        feeder = sender_host.popen(["cat"], stdin=source, stdout=PIPE) if pipes else None
        given = source if feeder is None else feeder.stdout
        streams = (
            {"stdin": given, "stdout": nothing} if not by_client else {"stdin": nothing, "stdout": PIPE if pipes else nothing}
        )
        listener = far.popen(listens, stderr=PIPE, **streams)
        assert listener.stderr is not None
        while b"istening on" not in listener.stderr.readline():
            pass
        streams = {"stdin": given, "stdout": nothing} if by_client else {"stdin": nothing, "stdout": PIPE if pipes else nothing}
        began_s = time.perf_counter()
        client = near.popen(connects, **streams)
        receiver = listener if by_client else client
        drain = receiver_host.popen(["cat"], stdin=receiver.stdout, stdout=nothing) if pipes else None
        statuses = [process.wait(120) for process in (client, listener, drain) if process is not None]
        took_s = time.perf_counter() - began_s
    if any(statuses):
        raise RuntimeError(f"{contender.name}: {statuses}")
    return took_s


def start_ups(rounds: int) -> Iterator[tuple[str, float]]:
    """Medians, in milliseconds, of the whole life of processes that do nothing else."""
    for name, command in (
        ("python -c pass", [sys.executable, "-c", "pass"]),
        ("hatoba nc", [*HATOBA, "-U", "/no/such/socket"]),
        ("ncat", ["ncat", "-U", "/no/such/socket"]),
        ("OpenBSD nc", ["nc.openbsd", "-U", "/no/such/socket"]),
    ):
        times = []
        for _round in range(rounds):
            began_s = time.perf_counter()
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
            times.append(time.perf_counter() - began_s)
        yield name, 1000 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=1.0, help="how much one run moves")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files-only", action="store_true", help="leave the pipes out")
    options = parser.parse_args()
    for name, took_ms in start_ups(max(5, options.rounds)):
        print(f"start-up  {name:<16}{took_ms:8.1f} ms")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as source, Lab("netcat") as lab:
        os.truncate(source.name, int(options.gib * (1 << 30)))
        near, far = lab.add_host("near", ["198.18.0.1/24"]), lab.add_host("far", [f"{ADDRESS}/24"])
        lab.link(near, far)
        for pipes in (False,) if options.files_only else (False, True):
            for by_client in (True, False):
                _compare((near, far), Path(source.name), options, by_client=by_client, pipes=pipes)


def _compare(hosts: tuple[Host, Host], file: Path, options: argparse.Namespace, *, by_client: bool, pipes: bool) -> None:
    what = f"{'pipe to pipe' if pipes else 'file to null'}, {'client sends' if by_client else 'listener sends'}"
    times: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    for _round in range(options.rounds):
        for contender in CONTENDERS:
            times[contender.name].append(move(contender, hosts, file, by_client=by_client, pipes=pipes))
    ours = statistics.median(times["hatoba"])
    for name, taken in times.items():
        middle_s = statistics.median(taken)
        speed = f"{middle_s:7.2f} s {options.gib / middle_s:7.2f} GiB/s"
        print(f"{what:<30}{name:<12}{speed}   hatoba is {middle_s / ours:.2f} times as fast")


if __name__ == "__main__":
    main()
