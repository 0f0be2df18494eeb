"""Are scans of hosts right that send a limited number of resets? ``python -m benchmarks.rations`` scans them over a network in
memory, whose clock needs no waiting: rations that are counted anew every second or refilled like a bucket, of several sizes,
with ports that are silent besides. For each it prints how many ports were told wrongly, and how long the scan took beside the
time that the ration alone demands."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import click

from hatoba.engine.scan import Scan
from hatoba.model import Protocol, ScanEnd, ScanPlan, State
from hatoba.packets.layouts import ACK, RST, SYN
from hatoba.results.batch import VerdictBatch
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.wire.fake import FakeClock, FakeNetwork, Probe, Reply, tcp_reply

ADDRESS = "198.18.0.5"
OPEN = {22, 80}


@dataclass
class Rationed:
    """Closed ports are reset *per_s* times a second: counted anew every second, or, with a *burst*, by a bucket of tokens."""

    per_s: float
    burst: float | None = None
    silent: float = 0.0
    """Share of the ports that drop what comes."""
    loss: float = 0.0
    seed: int = 0
    quiet: set[int] = field(init=False)
    tokens: float = field(init=False)
    at_s: float = 0.0
    second: int = -1

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.quiet = {port for port in range(1, 4000) if self.draw.random() < self.silent} - OPEN
        self.phase_s, self.tokens = self.draw.random(), self.burst or 0.0

    def __call__(self, probe: Probe) -> Iterator[Reply]:
        delay_s = self.draw.uniform(0.0005, 0.002)
        if self.draw.random() < self.loss or probe.dport in self.quiet:
            return
        if probe.dport in OPEN:
            yield delay_s, tcp_reply(probe, SYN | ACK)
        elif self._passes(probe.at_s):
            yield delay_s, tcp_reply(probe, RST | ACK)

    def _passes(self, at_s: float) -> bool:
        if self.burst is not None:
            self.tokens = min(self.burst, self.tokens + (at_s - self.at_s) * self.per_s)
            self.at_s = at_s
        elif int(at_s + self.phase_s) != self.second:
            self.second, self.tokens = int(at_s + self.phase_s), self.per_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def truth(self, port: int) -> State:
        return State.OPEN if port in OPEN else State.FILTERED if port in self.quiet else State.CLOSED


def scan(world: Rationed, ports: int, seed: int) -> tuple[ScanEnd, int]:
    """One SYN scan of so many ports: (how it ended, how many of them were told wrongly)."""
    network = FakeNetwork(world, FakeClock())
    asked = parse_ports(f"1-{ports}", default=Protocol.TCP)
    targets = build_targets([ADDRESS], ports=asked, families=frozenset({4})).targets
    permitted = Scope((), always=(ip_network(f"{ADDRESS}/32"),)).require(targets)
    wrong = 0
    for event in Scan(ScanPlan(methods=("syn",), seed=seed), permitted, network=network, clock=network.clock).events():
        if isinstance(event, VerdictBatch):
            rows = zip(event.rows["port"].tolist(), event.rows["state"].tolist(), strict=True)
            wrong += sum(state != world.truth(port) for port, state in rows)
        if isinstance(event, ScanEnd):
            return event, wrong
    raise AssertionError("a scan without an end")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--runs", default=2, show_default=True, help="Scans of each host.")
@click.option("--ports", default="300,1000,3000", show_default=True, help="How many ports, comma separated.")
def main(runs: int, ports: str) -> None:
    """Scan hosts that ration their resets, and count what is told wrongly."""
    print(f"{'ration':>22}  {'silent':>6}  {'ports':>5}  {'wrong':>5}  {'seconds':>8}  {'beside the ration':>17}")
    kinds = [(None, 200), (None, 500), (None, 1000), *itertools.product((5, 100, 500), (200, 500, 1000))]
    scans = faulty = 0
    for (burst, per_s), silent, count in itertools.product(kinds, (0.0, 0.5, 0.95), map(int, ports.split(","))):
        wrong, seconds = 0, 0.0
        for seed in range(1, runs + 1):
            world = Rationed(per_s, burst, silent, seed=seed)
            end, its_wrong = scan(world, count, seed)
            wrong, seconds, scans, faulty = wrong + its_wrong, seconds + end.duration_s, scans + 1, faulty + bool(its_wrong)
        name = f"{per_s}/s, {'anew each second' if burst is None else f'burst {burst}'}"
        least_s = max(0.1, (count * (1 - silent) - (burst or per_s)) / per_s)
        print(
            f"{name:>22}  {silent:6.0%}  {count:5}  {wrong:5}  {seconds / runs:8.1f}  {seconds / runs / least_s:16.1f}x",
            flush=True,
        )
    print(f"{faulty} of {scans} scans told something wrong")


if __name__ == "__main__":
    main()
