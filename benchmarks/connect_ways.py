"""The connect wire alone, by salvoes and one by one in turn: ``python -m benchmarks.connect_ways [ROUNDS]``.

What it takes less by salvoes is what rings and several processors gain; the rest of a scan is left out.
"""

from __future__ import annotations

import socket
import statistics
import sys
import time

import numpy as np

from benchmarks.beds import open_host
from hatoba.lab import Lab
from hatoba.wire.connect import ConnectWire
from hatoba.wire.connect_recycled import RecycledSockets

_BATCH = 4096


def seconds(address: str, ports: list[int], salvoes: bool) -> float:
    """How long it takes to ask these *ports*, of a host that answers on each. Called on the scanner's side of a lab."""
    wire = ConnectWire(sockets=None if salvoes else RecycledSockets())
    asked = np.array(ports, np.uint16)
    tokens, packed = asked.astype(np.int64), np.tile(np.frombuffer(socket.inet_aton(address), np.uint8), (len(ports), 1))
    started_s, done, answered = time.perf_counter(), 0, 0
    while answered < len(ports):
        part = slice(done, done + min(_BATCH, wire.room))
        done += wire.start(tokens[part], packed[part], asked[part])
        answered += len(wire.poll(1.0))
    took_s = time.perf_counter() - started_s
    wire.close()
    return took_s


def main(rounds: int) -> None:
    took_s: dict[bool, list[float]] = {True: [], False: []}
    with Lab("ways") as lab:
        bed = open_host(lab)
        for _round in range(rounds):
            for salvoes, times in took_s.items():
                times.append(bed.scanner.call("benchmarks.connect_ways:seconds", bed.targets[0], list(bed.asked), salvoes))
    fast_s, slow_s = (statistics.median(took_s[salvoes]) for salvoes in (True, False))
    print(f"by salvoes {fast_s:.3f} s, one by one {slow_s:.3f} s, {slow_s / fast_s:.2f} times as long")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
