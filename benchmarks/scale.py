"""``python benchmarks/scale.py``: what the size of a scan costs, in memory and time. ``docs/scale.md`` quotes what it prints.

Dense scans and sweeps grow in a lab, and what 2**32 addresses would take is reckoned from the largest sweep: nothing leaves the
machine. Targets of that size are planned for real, which sends nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))  # started as a file, Python looks beside it and not above

from benchmarks.machine import describe  # noqa: E402
from benchmarks.measure import Measured, Series, measure  # noqa: E402
from benchmarks.page import renew  # noqa: E402
from benchmarks.works import GROWTH  # noqa: E402
from hatoba.engine.legs.leg import MAX_QUESTIONS  # noqa: E402
from hatoba.engine.pacing.round_trip import INITIAL_S  # noqa: E402

INTERNET = 1 << 32
LINE_RATES_PPS = {"1 GbE": 1_488_095, "10 GbE": 14_880_952}
"""Frames of the least size, 84 bytes on the cable with their gap and preamble; a SYN of ours is such a frame."""
EXCLUDED = (0, 1000, 100_000)
"""Networks that are left out of 0.0.0.0/0."""
ENOUGH_S = 60
"""No further round of a work is begun that would last longer than this."""
PAGES = tuple(FOLDER.parent / "docs" / name for name in ("scale.md", "scale.ja.md"))
_PLAN = """
import json, sys, time
from hatoba.engine.scan import Scan
from hatoba.model import ScanPlan
from hatoba.targets.build import build_targets
from hatoba.targets.ports import parse_ports
from hatoba.targets.scope import Scope
from hatoba.targets.shards import parse_shard
began_s = time.perf_counter()
exclude = [f"{n % 223 + 1}.{n // 223 % 256}.{n % 251}.0/24" for n in range(int(sys.argv[1]))]
targets = build_targets(["0.0.0.0/0"], ports=parse_ports("80"), exclude=exclude, shard=parse_shard(sys.argv[2])).targets
next(Scan(ScanPlan(methods=("syn",)), Scope.waive(targets)).events())
took_s = time.perf_counter() - began_s
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"addresses": len(targets), "took_s": took_s, "peak_bytes": peak}))
"""
"""From the command line's words to the first event of a scan, which is the last one before a packet."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--work", "names", multiple=True, type=click.Choice([work.name for work in GROWTH]), help="Only this work.")
@click.option("--rounds", default=5, show_default=True, help="Runs of each, of which medians are told; fewer of long ones.")
@click.option("--write", is_flag=True, help="Renew the tables of docs/scale.md and docs/scale.ja.md.")
def command(names: Sequence[str], rounds: int, write: bool) -> None:
    """Measure how memory and time grow with a scan, on hosts in network namespaces of this machine."""
    works = [work for work in GROWTH if not names or work.name in names]
    measured = [measure(work, rounds, ENOUGH_S, lambda text: print(text, file=sys.stderr, flush=True)) for work in works]
    machine = ", ".join(f"{name} {value}" for name, value in describe([]).items())
    text = f"{machine}.\n\n{growth(measured)}\n{planning()}"
    sweeps = [one for one in measured if one.work.name.startswith("sweep-")]
    if len(sweeps) > 1:
        smaller, larger = sweeps[-2:]
        text += f"\n{reckoned(smaller.series[0], larger.series[0], (_addresses(smaller), _addresses(larger)))}"
    print(text, end="")
    if write:
        for page in PAGES:
            renew(page, text)


def growth(measured: Sequence[Measured]) -> str:
    """A row for each work."""
    head = "| work | peak memory | time | CPU time | probes | each more | a second | without a packet | open ports found |"
    before: dict[str, Series] = {}
    rows = []
    for one in measured:
        name = one.work.name.partition("-")[0]
        for series in one.series:
            rows.append(_growth_row(one.work.title, series, before.get(name)))
            before[name] = series
    return _table(head, rows)


def _growth_row(title: str, series: Series, smaller: Series | None) -> str:
    """*smaller*: the same with less to do."""
    sent = series.median(lambda run: run.sent)
    found = "all" if series.exact_runs == len(series.runs) else "not all"
    more = ""
    if smaller is not None:
        more = f"{(series.wall_s - smaller.wall_s) / (sent - smaller.median(lambda run: run.sent)) * 1e6:.1f} us"
    return (
        f"| {title} | {series.median(lambda run: run.peak_bytes) / 1e6:.0f} MB | {series.wall_s:.1f} s "
        f"| {series.median(lambda run: run.cpu_s):.1f} s | {sent:,.0f} | {more} "
        f"| {series.median(lambda run: run.sent_pps) / 1e6:.2f} M | {series.median(lambda run: run.paused_s):.1f} s | {found} |"
    )


def planning() -> str:
    """What it costs to begin with all addresses, or a shard of them."""
    rows = []
    for excluded in EXCLUDED:
        for shard in ("1/1", "2/3"):
            argv = [sys.executable, "-P", "-c", _PLAN, str(excluded), shard]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
            cost = json.loads(done.stdout)
            rows.append(
                f"| 0.0.0.0/0 without {excluded:,} networks, shard {shard} | {cost['addresses']:,} "
                f"| {cost['took_s'] * 1000:.0f} ms | {cost['peak_bytes'] / 1e6:.0f} MB |"
            )
    return _table("| targets | addresses | time until the first packet could leave | peak memory |", rows)


def reckoned(smaller: Series, larger: Series, addresses: tuple[int, int]) -> str:
    """How long one port of 2**32 addresses takes: by what so many *addresses* more cost on this machine, and by what cables
    carry. At the end of each leg stands one wait of ``INITIAL_S`` for the last answers of far hosts, and another after a second
    look at what is open."""
    rounds = round(larger.median(lambda run: run.sent) / addresses[1])
    waits_s = INTERNET / MAX_QUESTIONS * 2 * INITIAL_S
    an_address_s = (larger.wall_s - smaller.wall_s) / (addresses[1] - addresses[0])
    rows = [_reckoned_row("this machine, as measured above", rounds, INTERNET * an_address_s, waits_s)]
    rows += [
        _reckoned_row(f"a full cable, {name}, {pps / 1e6:.2f} M a second", times, INTERNET * times / pps, waits_s)
        for name, pps in LINE_RATES_PPS.items()
        for times in sorted({1, rounds})
    ]
    return _table("| limit | probes an address | sending and telling | waiting | one machine | each of ten |", rows)


def _reckoned_row(limit: str, rounds: int, busy_s: float, waits_s: float) -> str:
    cells = [busy_s, waits_s, busy_s + waits_s, (busy_s + waits_s) / 10]
    return f"| {limit} | {rounds} | " + " | ".join(f"{seconds / 3600:.1f} h" for seconds in cells) + " |"


def _addresses(one: Measured) -> int:
    """Of a sweep, whose name ends with the length of the prefix."""
    return 1 << 32 - int(one.work.name.rpartition("-")[2])


def _table(head: str, rows: Sequence[str]) -> str:
    rule = "| --- |" + " ---: |" * (head.count("|") - 2)
    return "\n".join([head, rule, *rows]) + "\n"


if __name__ == "__main__":
    command()
