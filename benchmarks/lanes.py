"""A scan of many ports by one, two and four lanes in turn: ``python -m benchmarks.lanes [ROUNDS]``.

Eight hosts, all ports of each, and the target's own kernel answers; nothing is printed or started, only scanned.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from benchmarks.beds import dense
from hatoba.engine.scan import Scan
from hatoba.lab import Lab
from hatoba.model import Protocol, ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.base import PacketWire
from hatoba.wire.network import KernelNetwork
from hatoba.wire.ring import RingWire
from hatoba.wire.routes import Route

HOSTS = 8
_RX_SLOTS = 1 << 14
_PROBES = HOSTS * 65536


class Network(KernelNetwork):
    """Whose wires have so many lanes."""

    lanes = 1

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        return RingWire(template, route.link.name, first_port, _RX_SLOTS, time.monotonic, self.lanes)


def seconds(addresses: list[str], lanes: int) -> tuple[float, float, float]:
    """How long a scan of all ports takes by the clock, and of processors' time by ourselves and in the kernel. Called on the
    scanner's side of a lab."""
    network = Network(time.monotonic)
    network.lanes = lanes
    built = build_targets(addresses, ports=parse_ports("0-65535", default=Protocol.TCP), families=frozenset({4}))
    scan = Scan(ScanPlan(methods=("syn",)), Scope.waive(built.targets, "a lab's own hosts"), network=network)
    began = os.times()
    for _event in scan.events():
        pass
    ended = os.times()
    return ended.elapsed - began.elapsed, ended.user - began.user, ended.system - began.system


def main(rounds: int) -> None:
    took: dict[int, list[tuple[float, float, float]]] = {1: [], 2: [], 4: []}
    with Lab("lanes") as lab:
        bed = dense(HOSTS)(lab)
        for _round in range(rounds):
            for lanes, times in took.items():
                times.append(tuple(bed.scanner.call("benchmarks.lanes:seconds", list(bed.targets), lanes)))
    alone_s = statistics.median(times[0] for times in took[1])
    for lanes, times in took.items():
        wall_s, own_s, kernel_s = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"{lanes} lanes: {_PROBES / wall_s / 1e6:.3f} Mpps, {alone_s / wall_s:.2f} times as fast as one. "
            f"A probe takes {own_s / _PROBES * 1e6:.1f} us of our own and {kernel_s / _PROBES * 1e6:.1f} us in the kernel"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
