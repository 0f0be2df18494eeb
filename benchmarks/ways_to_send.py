"""Other ways to send and receive than the packet ring, side by side: ``python -m benchmarks.ways_to_send [ROUNDS]``.

Sending alone, to a host that drops everything at once; sending to a host whose kernel answers, while the answers are taken in;
and whole scans. Each way takes its turn in each round. Needs root and nft; runs in a lab, and leaves its settings there.

What counts is a probe's processor time, the target's part of it included where it answers, as the target's kernel works on the
sender's time: it hardly changes on a busy machine, while rates do. Where work is left to the kernel's own threads (RPS, NAPI in
a thread) it tells only a part, and the rate tells more.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.beds import Bed, dense, sweep
from benchmarks.sending import own_end
from benchmarks.sending.ways import TODAY, WAYS, WayWire
from hatoba.engine.scan import Scan
from hatoba.errors import HatobaError
from hatoba.lab import Lab
from hatoba.model import Protocol, ScanPlan
from hatoba.packets.frames import FrameTemplate, Varying
from hatoba.packets.layouts import ETHERNET_BYTES
from hatoba.probes import syn
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.base import SOURCE_PORTS, PacketWire
from hatoba.wire.network import KernelNetwork
from hatoba.wire.routes import Route

QUEUES, THREADS = 2, (1, 2)
_first_ports = itertools.count(32768, SOURCE_PORTS)
"""Each used once: where nobody answers its SYN, ACK with a RST, a listener goes on with that one and hears no other SYN."""
_INTERFACE, _BATCH, _QUIET_S = "eth0", 1024, 1.0
_SWALLOW = """\
table netdev swallow {
  chain in {
    type filter hook ingress device eth0 priority 0
    drop
  }
}
"""

Figures = dict[str, float]


def _probes(target: str, next_mac: str, first_port: int, ports: int) -> list[Varying]:
    """To each of so many ports of *target*, in an order that jumps about."""
    random = np.random.default_rng(ports)
    shuffled = random.permutation(ports).astype(np.uint16)
    batches = []
    for start in range(0, ports, _BATCH):
        part = shuffled[start : start + _BATCH]
        count = len(part)
        batches.append(
            Varying(
                np.tile(np.frombuffer(socket.inet_aton(target), np.uint8), (count, 1)),
                np.full(count, first_port, np.uint16),
                part,
                random.integers(0, 1 << 32, count, dtype=np.uint32),
                np.tile(np.frombuffer(bytes.fromhex(next_mac.replace(":", "")), np.uint8), (count, 1)),
            )
        )
    return batches


def _sent_and_heard(wire: WayWire, batches: Iterable[Varying], answered: bool) -> Figures:
    filler, asked, heard = wire.template.filler(), 0, 0
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for batch in batches:
        done = 0
        while done < len(batch.dport):
            frames = wire.reserve(len(batch.dport) - done)
            filler.fill(frames, batch.at(np.arange(done, done + len(frames))))
            wire.commit(len(frames))
            done += len(frames)
        asked += done
        heard += len(wire.receive(0.0)) if answered else 0
    wire.drain()
    ended_s = time.perf_counter()
    while answered and heard < asked and (more := len(wire.receive(_QUIET_S))):
        heard, ended_s = heard + more, time.perf_counter()
    took_cpu_s = time.process_time() - began_cpu_s
    return {
        "cpu_us": took_cpu_s / asked * 1e6,
        "rate_mpps": asked / (ended_s - began_s) / 1e6,
        "heard": heard / asked,
        "drops": float(wire.drops),
    }


def one_way(name: str, threads: int, words: dict[str, str], target: str, ports: int, answered: bool) -> Figures:
    """Ask so many ports of *target* one way."""
    mac = bytes.fromhex(words["source_mac"].replace(":", ""))
    segments = syn.METHOD.wording(4, np.zeros(1, np.uint16)).segments
    template = FrameTemplate(4, ETHERNET_BYTES, mac, socket.inet_aton(words["source"]), segments)
    first_port = next(_first_ports)
    batches = _probes(target, words["next_mac"], first_port, ports)
    with contextlib.closing(WayWire(WAYS[name], template, _INTERFACE, first_port, threads)) as wire:
        return _sent_and_heard(wire, batches, answered)


class Network(KernelNetwork):
    """Whose wires go one way."""

    way = TODAY

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        return WayWire(self.way, template, route.link.name, first_port, QUEUES)


def one_scan(name: str, targets: list[str], ports: str) -> Figures:
    """A whole scan, by two sender threads."""
    network = Network(time.monotonic)
    network.way = WAYS[name]
    built = build_targets(targets, ports=parse_ports(ports, default=Protocol.TCP), families=frozenset({4}))
    scan = Scan(ScanPlan(methods=("syn",)), Scope.waive(built.targets, "a lab's own hosts"), network=network)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for _event in scan.events():
        pass
    return {"cpu_s": time.process_time() - began_cpu_s, "wall_s": time.perf_counter() - began_s}


def in_turn(calls: Sequence[tuple[str, list[Any]]], rounds: int) -> list[list[Figures]]:
    """Functions of this module, by name, with their arguments, in turn. Called on the scanner's side of a lab, once for all."""
    with contextlib.suppress(OSError):  # one queue does for all but AF_XDP with two threads
        own_end.open_queues(_INTERFACE, QUEUES)
    figures: list[list[Figures]] = [[] for _call in calls]
    globals()[calls[0][0]](*calls[0][1])  # what a process does only once is over then
    for _round in range(rounds):
        for (function, arguments), told in zip(calls, figures, strict=True):
            try:
                told.append(globals()[function](*arguments))
            except (OSError, HatobaError) as error:
                print(f"{arguments[0]}: {error}", file=sys.stderr)
    return figures


def _row(name: str, told: list[Figures], today: list[Figures], cost: str, digits: int) -> str:
    if not told:
        return f"| {name} | refused |"
    median = statistics.median(one[cost] for one in told)
    spread = f"{min(one[cost] for one in told):.{digits}f} to {max(one[cost] for one in told):.{digits}f}"
    ratio = statistics.median(one[cost] for one in today) / median
    cells = [name, f"{median:.{digits}f}", spread, f"{ratio:.2f}"]
    other = next(key for key in ("rate_mpps", "wall_s") if key in told[0])
    cells.append(f"{statistics.median(one[other] for one in told):.2f}")
    if "heard" in told[0]:
        cells.append(f"{min(one['heard'] for one in told):.3f}")
    return f"| {' | '.join(cells)} |"


def _sending(bed: Bed, rounds: int, ports: int, answered: bool) -> None:
    ways = [(way, threads) for threads in THREADS for way in WAYS.values() if answered or way.only_sends]
    target = bed.targets[0]
    calls = [("one_way", [way.name, threads, bed.words, target, ports, answered]) for way, threads in ways]
    figures = bed.scanner.call("benchmarks.ways_to_send:in_turn", calls, rounds, timeout_s=None)
    by_way = dict(zip(ways, figures, strict=True))
    print("\n| way, threads | us a probe | spread | times as cheap | Mpps | answers heard |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for (way, threads), told in by_way.items():
        print(_row(f"{way.name}, {threads}", told, by_way[TODAY, threads], "cpu_us", 2))


def _scanning(bed: Bed, rounds: int, ports: str) -> None:
    ways = [way for way in WAYS.values() if way.scans]
    calls = [("one_scan", [way.name, list(bed.targets), ports]) for way in ways]
    figures = bed.scanner.call("benchmarks.ways_to_send:in_turn", calls, rounds, timeout_s=None)
    print("\n| way, two threads | processor s | spread | times as cheap | s by the clock |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for way, told in zip(ways, figures, strict=True):
        print(_row(way.name, told, figures[0], "cpu_s", 2))


def _swallowing(lab: Lab) -> Bed:
    bed = dense(1)(lab)
    lab.host("target").rules(_SWALLOW)
    return bed


def main(rounds: int, parts: Sequence[str]) -> None:
    """*parts*: which of ``sending``, ``answered``, ``dense`` and ``sweep``; all, where there are none."""
    for part in parts or ("sending", "answered", "dense", "sweep"):
        print(f"\n## {part}")
        with Lab("ways") as lab:
            if part == "sending":
                _sending(_swallowing(lab), rounds, 65536, answered=False)
            elif part == "answered":
                _sending(dense(1)(lab), rounds, 32768, answered=True)
            elif part == "dense":
                _scanning(dense(2)(lab), rounds, "0-65535")
            else:
                _scanning(sweep("198.18.0.0/16")(lab), rounds, "80")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:])
