"""Run on a host of a lab: a scan whose receiver stands still for a while."""

from __future__ import annotations

import time
from ipaddress import ip_network

import numpy as np
import numpy.typing as npt

from hatoba.engine.scan import Scan
from hatoba.model import Protocol, ScanEnd, ScanPlan
from hatoba.packets.frames import FrameTemplate
from hatoba.results.batch import VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.base import Arrived, PacketWire, Times, nothing_arrived
from hatoba.wire.network import KernelNetwork
from hatoba.wire.routes import Route

_LAB = [ip_network("198.18.0.0/15"), ip_network("fd00:18::/32")]


class StoppedReceiver:
    """A wire that takes nothing out of its ring while the first *stopped* probes leave."""

    def __init__(self, wire: PacketWire, stopped: int) -> None:
        self._wire, self._left = wire, stopped
        self.template = wire.template

    def reserve(self, count: int) -> npt.NDArray[np.uint8]:
        return self._wire.reserve(count)

    def commit(self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: Times | None = None) -> None:
        self._wire.commit(count, lengths, left_s)
        self._left -= count

    def drain(self) -> None:
        self._wire.drain()

    def receive(self, timeout_s: float) -> Arrived:
        return nothing_arrived() if self._left > 0 else self._wire.receive(timeout_s)

    @property
    def drops(self) -> int:
        return self._wire.drops

    def close(self) -> None:
        self._wire.close()


class Network(KernelNetwork):
    """Whose rings are as small as they get, and whose receivers stand still for so many probes each."""

    stopped = 0

    def open_packets(
        self, route: Route, template: FrameTemplate, first_port: int, zone: str | None, questions: int
    ) -> PacketWire:
        return StoppedReceiver(super().open_packets(route, template, first_port, zone, 1), self.stopped)


def scan(target: str, ports: str, stopped: int) -> dict[str, object]:
    """SYN scan of *target*; the receiver stands still while the first *stopped* probes of each leg leave."""
    network = Network(time.monotonic)
    network.stopped = stopped
    built = build_targets([target], ports=parse_ports(ports, default=Protocol.TCP), families=frozenset({4, 6}))
    permitted = Scope((), always=_LAB).require(built.targets)
    states: dict[str, list[int]] = {}
    for event in Scan(ScanPlan(methods=("syn",), seed=1, second_look=False), permitted, network=network).events():
        if isinstance(event, VerdictBatch):
            for verdict in event.verdicts():
                states.setdefault(verdict.state.word, []).append(verdict.port)
        elif isinstance(event, ScanEnd):
            end = event
    return {
        "states": {state: sorted(found) if state != "closed" else len(set(found)) for state, found in states.items()},
        "told": sum(map(len, states.values())),
        "drops": end.capture_drops,
        "problems": list(end.problems),
        "probes_sent": end.probes_sent,
    }
