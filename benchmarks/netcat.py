"""``hatoba nc`` beside ncat, OpenBSD's nc and socat: streams, TLS, small messages, datagrams, and how soon they start.

    python -m benchmarks.netcat [--gib N] [--rounds N] [--only WORK ...]

Contenders run in turn, A B C D A B C D, between two hosts joined by a veth pair. A stream is a sparse file that goes from one
host to the other, by the client or by the listener, from a file to the null device or from a pipe to a pipe, timed from the
client's start, its own start-up included, until both have ended. ``netcat_works.py`` says what the other works are.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.netcat_contenders import ADDRESS, CONTENDERS, HATOBA, Contender, Task
from benchmarks.netcat_works import (
    Hosts,
    certificate,
    move,
    receive_datagrams,
    round_trips,
    send_datagrams,
    start_up,
)
from hatoba.lab import Lab

WORKS = ("start", "files", "pipes", "tls", "round-trips", "datagrams")
NOWHERE = ["-U", "/no/such/socket"]
STARTS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "hatoba": [*HATOBA, *NOWHERE],
    "ncat": ["ncat", *NOWHERE],
    "OpenBSD nc": ["nc.openbsd", *NOWHERE],
    "socat": ["socat", "-", "UNIX:/no/such/socket"],
}

Run = Callable[[Contender], float]


class Board:
    """Runs the contenders in turn, and prints medians and ratios."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def compare(self, what: str, carrier: str, run: Run, figure: Callable[[float], str], *, shares: bool = False) -> None:
        """*run* gives seconds, or with *shares* something of which more is better."""
        them = [contender for contender in CONTENDERS if carrier in contender.carriers]
        runs: dict[str, list[float]] = {contender.name: [] for contender in them}
        for _round in range(self._rounds):
            for contender in them:
                runs[contender.name].append(run(contender))
        ours = statistics.median(runs["hatoba"])
        for name, found in runs.items():
            middle = statistics.median(found)
            times = ours / middle if shares else middle / ours
            tail = "" if name == "hatoba" else f"   hatoba: {times:.2f} times {'as many' if shares else 'as fast'}"
            print(f"{what:<32}{name:<12}{figure(middle):>22}{tail}", flush=True)


def streams(board: Board, hosts: Hosts, pem: str, gib: float, carrier: str, *, pipes: bool) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as source:
        os.truncate(source.name, int(gib * (1 << 30)))
        for way in ("receives", "sends"):
            task = Task(True, carrier, way, pem)
            who = "client" if way == "receives" else "listener"
            what = f"{carrier}, {'pipe to pipe' if pipes else 'file to null'}, {who} sends"

            def run(contender: Contender, task: Task = task) -> float:
                return move(contender, hosts, Path(source.name), task, pipes=pipes)

            board.compare(what, carrier, run, lambda took_s: f"{gib / took_s:.2f} GiB/s")


def talks(board: Board, hosts: Hosts, pem: str, count: int) -> None:
    for carrier in ("tcp", "tls", "udp"):
        task = Task(True, carrier, "both", pem)

        def run(contender: Contender, task: Task = task) -> float:
            return round_trips(contender, hosts, task, count)

        board.compare(f"{carrier}, lines there and back", carrier, run, lambda took_s: f"{count / took_s:,.0f} a second")


def datagrams(board: Board, hosts: Hosts, count: int) -> None:
    task = Task(True, "udp", "receives", "")

    def sending(contender: Contender) -> float:
        return send_datagrams(contender, hosts, task, count)

    def receiving(contender: Contender) -> float:
        return receive_datagrams(contender, hosts, task, count)

    board.compare("udp, datagrams sent", "udp", sending, lambda took_s: f"{count / took_s:,.0f} a second")
    board.compare("udp, datagrams received", "udp", receiving, lambda share: f"{100 * share:.1f} of 100", shares=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=1.0, help="how much one stream moves")
    parser.add_argument(
        "--count", type=int, default=100_000, help="how many datagrams; a twentieth of them as lines there and back"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=WORKS, default=WORKS)
    options = parser.parse_args()
    if "start" in options.only:
        for name, command in STARTS.items():
            took_ms = statistics.median(start_up(command) for _round in range(max(5, options.rounds)))
            print(f"{'start-up':<32}{name:<16}{took_ms:8.1f} ms")
    board = Board(options.rounds)
    with Lab("netcat") as lab, certificate() as pem:
        near, far = lab.add_host("near", ["198.18.0.1/24"]), lab.add_host("far", [f"{ADDRESS}/24"])
        lab.link(near, far)
        hosts = near, far
        for name, carrier in (("files", "tcp"), ("pipes", "tcp"), ("tls", "tls")):
            if name in options.only:
                streams(board, hosts, pem, options.gib, carrier, pipes=name == "pipes")
        if "round-trips" in options.only:
            talks(board, hosts, pem, options.count // 20)
        if "datagrams" in options.only:
            datagrams(board, hosts, options.count)


if __name__ == "__main__":
    main()
