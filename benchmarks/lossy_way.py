"""A way that loses packets by lot, in memory: whole scans over it take a twentieth of a second, so there can be thousands.

The engine and the packets are the real ones; only the network is not, and handles thousands of packets at a time."""

from __future__ import annotations

from ipaddress import ip_network

import numpy as np
import numpy.typing as npt

from hatoba.engine.scan import Scan
from hatoba.model import Protocol, ScanEnd, ScanPlan, State
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.results.batch import VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.base import WIDTH_BYTES, Arrived, nothing_arrived
from hatoba.wire.fake import FakeClock, FakeNetwork, FakeWire
from hatoba.wire.routes import Route

ADDRESS = "198.18.0.2"
_DELAY_S = 0.0005


class LossyWire(FakeWire):
    """Ports with an odd number answer, *opened* ones by SYN-ACK, others by RST; those with an even number are silent. Of the
    packets of each direction the share *loss* is lost."""

    def __init__(
        self, template: FrameTemplate, clock: FakeClock, loss: float, opened: range, draw: np.random.Generator
    ) -> None:
        super().__init__(template, lambda _probe: (), clock)
        self._link_bytes, self._loss, self._opened, self._draw = template.link_bytes, loss, opened, draw
        self._frames = np.zeros((4096, template.frame_bytes + 8), np.uint8)
        self._frames[:, : len(template.frame())] = np.frombuffer(template.frame(), np.uint8)
        self._coming: list[tuple[float, npt.NDArray[np.uint8]]] = []

    def commit(
        self, count: int, lengths: npt.NDArray[np.int64] | None = None, left_s: npt.NDArray[np.float64] | None = None
    ) -> None:
        if left_s is not None:
            left_s[:] = self._clock.now_s
        asked = self._frames[:count, self._link_bytes : self._link_bytes + 40]
        asked = asked[self._draw.random(count) >= self._loss]
        asked = asked[self._draw.random(len(asked)) >= self._loss]
        self._coming.append((self._clock.now_s + _DELAY_S, self._answers(asked[asked[:, 23] % 2 == 1])))

    def _answers(self, asked: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        came = np.zeros((len(asked), WIDTH_BYTES), np.uint8)
        came[:, :12] = asked[:, :12]
        came[:, 12:16], came[:, 16:20] = asked[:, 16:20], asked[:, 12:16]
        came[:, 20:22], came[:, 22:24] = asked[:, 22:24], asked[:, 20:22]
        sequence = np.ascontiguousarray(asked[:, 24:28]).view(">u4")[:, 0]
        came[:, 28:32] = (sequence + np.uint32(1)).astype(">u4")[:, None].view(np.uint8)
        ports = np.ascontiguousarray(asked[:, 22:24]).view(">u2")[:, 0]
        is_open = (ports >= self._opened.start) & (ports < self._opened.stop)
        came[:, 32], came[:, 33] = 5 << 4, np.where(is_open, SYN | ACK, RST | ACK)
        return came

    def drain(self) -> None:
        """What is committed leaves at once."""

    def receive(self, timeout_s: float) -> Arrived:
        now_s = self._clock.now_s
        if not self._coming or self._coming[0][0] > now_s + timeout_s:
            self._clock.now_s += max(0.0, timeout_s)
            return nothing_arrived()
        at_s, frames = self._coming.pop(0)
        self._clock.now_s = max(now_s, at_s)
        return Arrived(frames, np.full(len(frames), 40, np.uint32), np.full(len(frames), at_s))


class LossyNetwork(FakeNetwork):
    def __init__(self, loss: float, opened: range, seed: int) -> None:
        super().__init__(lambda _probe: (), FakeClock())
        self._loss, self._opened, self._draw = loss, opened, np.random.default_rng(seed)

    def open_packets(self, route: Route, template: FrameTemplate, *_rest: object) -> LossyWire:
        return LossyWire(template, self.clock, self._loss, self._opened, self._draw)


def scan(loss: float, ports: int, opened: int, max_retries: int | None, seed: int) -> tuple[ScanEnd, int, int]:
    """One SYN scan of so many *ports*, the last *opened* ones of which are open or silent: (how it ended, how many ports were
    told as silent that are not, open ones among those)."""
    first_open = ports - opened + 1
    network = LossyNetwork(loss, range(first_open, ports + 1), seed)
    asked = parse_ports(f"1-{ports}", default=Protocol.TCP)
    targets = build_targets([ADDRESS], ports=asked, families=frozenset({4})).targets
    permitted = Scope((), always=(ip_network(f"{ADDRESS}/32"),)).require(targets)
    plan = ScanPlan(methods=("syn",), seed=seed, max_retries=max_retries, second_look=False)
    silent = missed_open = 0
    for event in Scan(plan, permitted, network=network, clock=network.clock).events():
        if isinstance(event, VerdictBatch):
            missed = (event.rows["state"] == State.FILTERED) & (event.rows["port"] % 2 == 1)
            silent += int(missed.sum())
            missed_open += int((missed & (event.rows["port"] >= first_open)).sum())
        if isinstance(event, ScanEnd):
            return event, silent, missed_open
    raise AssertionError("a scan without an end")
