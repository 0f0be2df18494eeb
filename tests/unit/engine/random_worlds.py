"""Scans drawn by lot: a plan, and hosts of every temper. What is true of each port is known."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from routers import RoutedNetwork
from worlds import FaultyWorld

from hatoba.model import Ping, ScanPlan
from hatoba.packets.layouts import ICMP_OF, RST, SCTP, SYN, TCP, UDP
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply

PROTOCOLS = {"udp": UDP, "sctp-init": SCTP, "sctp-cookie": SCTP}
"""IANA's number, of methods that ask in another protocol than TCP."""
_TCP = ("syn", "syn", "syn", "fin", "null", "xmas", "maimon", "ack", "window")
_TRUTHS = ("open", "closed", "dropped", "rejected")
_MIXES = ((1, 0, 0, 0), (2, 8, 0, 0), (1, 4, 5, 0), (1, 1, 18, 0), (1, 1, 1, 1), (0, 0, 1, 0), (0, 1, 0, 0), (1, 5, 1, 4))
_MOST_QUESTIONS = 300


@dataclass
class Ration:
    """So many answers a second, after a *burst*; None: as many as there are."""

    per_s: float | None = None
    burst: float = 0.0
    _left: float = field(init=False)
    _at_s: float = 0.0

    def __post_init__(self) -> None:
        self._left = self.burst

    def takes(self, now_s: float) -> bool:
        if self.per_s is None:
            return True
        self._left = min(self.burst, self._left + (now_s - self._at_s) * self.per_s)
        self._at_s = now_s
        taken = self._left >= 1
        self._left -= taken
        return taken


@dataclass
class Temper:
    """What one host does with probes."""

    truth: dict[int, FaultyWorld]
    """By protocol, as each has ports of its own."""
    loss: float
    nearest_s: float
    spread_s: float
    resets: Ration
    errors: Ration
    gone_s: tuple[float, float]
    """From when until when it is not there, from the beginning of the scan."""
    pinged: bool

    @property
    def tells_all(self) -> bool:
        """Whether every answer that it owes arrives."""
        return not self.loss and self.resets.per_s is self.errors.per_s is None and math.isinf(self.gone_s[0])

    def state(self, protocol: int, port: int) -> str:
        return self.truth[protocol].truth[port]


class World:
    def __init__(self, draw: random.Random, hosts: dict[bytes, Temper], began_s: float) -> None:
        self._draw, self._hosts, self._began_s = draw, hosts, began_s

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        host, draw = self._hosts[probe.dst], self._draw
        away = host.gone_s[0] <= probe.at_s - self._began_s < host.gone_s[1]
        ping = probe.protocol == ICMP_OF[probe.family]
        world = host.truth[TCP if ping else probe.protocol]
        for _delay_s, packet in world(probe):
            forged = packet not in world.honest
            if forged:
                yield draw.uniform(0.0001, 0.01), packet
            elif not away and (host.pinged or not ping) and draw.random() >= host.loss and self._sends(host, probe, packet):
                yield host.nearest_s + draw.random() * host.spread_s, packet

    @staticmethod
    def _sends(host: Temper, probe: Probe, packet: bytes) -> bool:
        start = 20 if probe.family == 4 else 40
        protocol = packet[9 if probe.family == 4 else 6]
        if protocol == ICMP_OF[probe.family] != probe.protocol:
            return host.errors.takes(probe.at_s)
        reset = protocol == TCP and packet[start + 13] & RST and not packet[start + 13] & SYN
        return not reset or host.resets.takes(probe.at_s)


class Honest(FaultyWorld):
    """Remembers which packets were no lies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.honest: set[bytes] = set()

    def _true_answer(self, probe: Probe) -> bytes | None:
        answer = super()._true_answer(probe)
        self.honest = {answer} if answer is not None else set()
        return answer


@dataclass
class Drawn:
    """One scan, all of it drawn by its *seed*."""

    seed: int
    plan: ScanPlan = field(init=False)
    addresses: list[str] = field(init=False)
    ports: range = field(init=False)
    hosts: dict[bytes, Temper] = field(init=False)
    absent: frozenset[str] = frozenset()
    routed: bool = field(init=False)

    def __post_init__(self) -> None:
        draw = random.Random(self.seed)
        family = draw.choice((4, 4, 6))
        numbers = sorted(draw.sample(range(2, 250), draw.choice((1, 1, 2, 5, 20))))
        self.addresses = [f"198.18.3.{number}" if family == 4 else f"fd00:18::{number:x}" for number in numbers]
        count = min(draw.choice((1, 2, 5, 20, 60, 200)), _MOST_QUESTIONS // len(numbers))
        first = draw.choice((1, 50, 1000, 61_300))
        self.ports = range(first, first + count)
        tcp = draw.choice(_TCP)
        methods = draw.choice([[tcp]] * 5 + [["udp"], ["sctp-init"], ["sctp-cookie"], [tcp, "udp"], ["sctp-init", tcp, "udp"]])
        self.routed = draw.random() < 0.5
        rationed = draw.random() < 0.3
        loss, nearest_s, mix = draw.choice((0, 0, 0.05, 0.2)), _spread(draw, 1e-4, 0.25), draw.choice(_MIXES)
        self.hosts = {
            ip_address(address).packed: self._temper(draw, loss, nearest_s, mix, rationed) for address in self.addresses
        }
        if not self.routed:
            self.absent = frozenset(address for address in self.addresses if draw.random() < 0.1)
        self.plan = ScanPlan(methods=tuple(methods), seed=self.seed, **_options(draw, first, count))

    def _temper(self, draw: random.Random, loss: float, nearest_s: float, mix: tuple[int, ...], rationed: bool) -> Temper:
        false = draw.choice((0.0, 0.0, 0.2))
        truth = {
            protocol: Honest(
                {port: draw.choices(_TRUTHS, mix)[0] for port in self.ports},
                draw.getrandbits(32),
                0.0,
                draw.choice((0, 0.3)),
                false,
            )
            for protocol in (TCP, UDP, SCTP)
        }
        resets = Ration(200.0, 50.0) if rationed and draw.random() < 0.3 else Ration()
        errors = Ration(1.0, 6.0) if rationed and draw.random() < 0.7 else Ration()
        gone_s = draw.uniform(0, 1) if draw.random() < 0.06 else math.inf
        spread_s = nearest_s * draw.choice((0.0, 0.1, 1.0))
        lasts_s = draw.choice((0.2, 1.0, 100.0))
        return Temper(truth, loss, nearest_s, spread_s, resets, errors, (gone_s, gone_s + lasts_s), draw.random() < 0.8)

    @property
    def protocols(self) -> dict[int, str]:
        """The methods that ask, by IANA's number."""
        return {PROTOCOLS.get(method, TCP): method for method in self.plan.methods}

    def network(self) -> FakeNetwork:
        clock = FakeClock()
        world = World(random.Random(self.seed), self.hosts, clock.now_s)
        return (RoutedNetwork if self.routed else FakeNetwork)(world, clock, self.absent)


def _options(draw: random.Random, first: int, count: int) -> dict[str, object]:
    options: dict[str, object] = {}
    if draw.random() < 0.25:
        options["pings"] = draw.choice(
            ((Ping("icmp-echo"),), (Ping("icmp-echo"), Ping("syn", (443, first)), Ping("ack", (80,))))
        )
    if draw.random() < 0.15:
        options["max_retries"] = draw.choice((0, 1, 2, 5))
    if draw.random() < 0.15:
        options["max_rate_pps"] = _spread(draw, 50, 5000)
    if draw.random() < 0.08:
        options["min_rate_pps"] = 40.0
    if draw.random() < 0.1 and count <= 20:
        options["scan_delay_s"] = draw.choice((0.001, 0.02))
    if draw.random() < 0.1:
        options["host_timeout_s"] = draw.choice((0.05, 0.5, 10.0))
    options["second_look"] = draw.random() < 0.3
    return options


def _spread(draw: random.Random, low: float, high: float) -> float:
    """Evenly over the orders of magnitude."""
    return math.exp(draw.uniform(math.log(low), math.log(high)))
