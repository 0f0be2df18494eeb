"""UDP: how soon are the open ports named? Real daemons, closed ports around them, the kernel's limit of ICMP errors in force.

``python benchmarks/udp_daemons.py --closed 200`` asks the same ports with hatoba and with nmap, in turn, in one lab, and prints
when each said that a port is open, and when each was done. nmap tells with ``-v`` as soon as it knows. A host's limit is spent
by whoever asks first, so each begins with a rest that fills it again.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import STDOUT

from hatoba.lab import PIPE, Lab
from hatoba.lab.topologies import UdpServices, udp_services

FIRST_CLOSED = 40_000
REST_S = 8
"""The burst of six ICMP errors is whole again after as many seconds (icmp(7))."""


@dataclass(frozen=True)
class Run:
    """When it named each open port, and when it ended, in seconds from its start."""

    named_s: dict[int, float]
    done_s: float
    stopped: bool

    @property
    def last_s(self) -> float:
        return max(self.named_s.values(), default=0.0)


def _read_hatoba(line: str) -> int | None:
    told = json.loads(line)
    return told["port"] if told["type"] == "port" and told["state"] == "open" else None


def _read_nmap(line: str) -> int | None:
    found = re.match(r"Discovered open port (\d+)/udp|(\d+)/udp\s+open\s", line)
    return int(found[1] or found[2]) if found else None


CONTENDERS: dict[str, tuple[list[str], Callable[[str], int | None]]] = {
    "hatoba -sU": ([sys.executable, "-P", "-m", "hatoba", "scan", "--no-progress", "-sU", "-oJ", "-"], _read_hatoba),
    "nmap -sU": (["nmap", "-sU", "-n", "-Pn", "-v"], _read_nmap),
    "nmap -sU -T4": (["nmap", "-sU", "-n", "-Pn", "-v", "-T4"], _read_nmap),
}


def ask(site: UdpServices, name: str, ports: str, limit_s: float) -> Run:
    """One run, stopped after *limit_s*."""
    argv, read = CONTENDERS[name]
    time.sleep(REST_S)
    named: dict[int, float] = {}
    began_s = time.monotonic()
    command = ["timeout", str(limit_s), *argv, "-p", ports, site.address()]
    with site.scanner.popen(command, stdout=PIPE, stderr=STDOUT if "nmap" in name else None) as process:
        assert process.stdout is not None
        for line in process.stdout:
            port = read(line.decode(errors="replace"))
            if port is not None:
                named.setdefault(port, time.monotonic() - began_s)
        stopped = process.wait() == 124
    return Run(named, time.monotonic() - began_s, stopped)


def report(site: UdpServices, runs: dict[str, list[Run]]) -> str:
    """Medians as a table, hatoba's line first, the others with their ratio to it."""
    ours = runs["hatoba -sU"]
    lines = ["| program | open ports named | the last after | beside hatoba | done after | beside hatoba |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, series in runs.items():
        last_s, done_s = (statistics.median(map(of, series)) for of in (lambda run: run.last_s, lambda run: run.done_s))
        more = "> " * any(run.stopped for run in series)
        ratios = [
            "" if series is ours else f"{more}{mine / statistics.median(map(of, ours)):.1f} times"
            for mine, of in ((last_s, lambda run: run.last_s), (done_s, lambda run: run.done_s))
        ]
        least = min(series, key=lambda run: len(run.named_s)).named_s
        missed = ", ".join(site.programs[port] for port in site.ports if port not in least)
        count = f"{len(least)} of {len(site.ports)}" + (f" (not {missed})" if missed else "")
        lines.append(f"| `{name}` | {count} | {last_s:.2f} s | {ratios[0]} | {more}{done_s:.2f} s | {ratios[1]} |")
    lines += ["", f"| UDP port | {' | '.join(runs)} |", f"| --- |{' ---: |' * len(runs)}"]
    for port in site.ports:
        cells = []
        for series in runs.values():
            seen = [run.named_s[port] for run in series if port in run.named_s]
            cells.append(f"{statistics.median(seen):.2f} s" if len(seen) == len(series) else "not named")
        lines.append(f"| {port}, {site.programs[port]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--closed", type=int, default=200, help="closed ports asked beside the open ones")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each program")
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a program is stopped")
    parser.add_argument("--only", choices=CONTENDERS, action="append", help="these programs; default: all")
    options = parser.parse_args()
    names = options.only or list(CONTENDERS)
    with Lab("udp") as lab:
        site = udp_services(lab)
        for note in site.notes:
            print(note)
        ports = ",".join([*map(str, site.ports), f"{FIRST_CLOSED}-{FIRST_CLOSED + options.closed - 1}"])
        runs: dict[str, list[Run]] = {name: [] for name in names}
        for _round in range(options.rounds):
            for name in names:
                run = ask(site, name, ports, options.limit)
                runs[name].append(run)
                print(f"{name}: {len(run.named_s)} named, the last after {run.last_s:.2f} s, done after {run.done_s:.2f} s")
        if "hatoba -sU" in runs:
            print("\n" + report(site, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
