"""Is what a scan says of its own loss true? ``python benchmarks/loss.py`` scans over ways that lose packets, many times, and
puts side by side how many answers a scan expected to have missed and how many it did.

``way`` (the default) scans over a way in memory (``lossy_way.py``), thousands of times, as misses are rare; ``lab`` scans a
host of a lab whose packets the kernel drops in both directions, and counts the open ports that were found. ``--write`` renews
the tables and the picture of ``docs/loss.md``.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # started as a file, Python looks beside it and not above

from benchmarks.beds import ALL_PORTS, way_that_loses  # noqa: E402
from benchmarks.loss_page import LAB, WAY, lab_table, picture, renew, way_table  # noqa: E402
from benchmarks.lossy_way import scan  # noqa: E402
from hatoba.lab import Host, Lab  # noqa: E402
from hatoba.lab.topologies.truth import OPEN_PORTS  # noqa: E402

LOSSES = (0, 1, 5, 10, 20)
"""Hundredths of the packets of each direction."""
RETRIES = (0, 1, 2, 3, None)


@dataclass(slots=True)
class Row:
    """Scans over one way, with one ``--max-retries``."""

    loss_percent: int
    retries: int | None
    runs: int = 0
    predicted: float | None = 0.0
    """Answers that the scans expected to have missed, all together; None where they said that it can't be known."""
    missed: int = 0
    missed_open: int = 0
    losses: list[float] = field(default_factory=list)
    """What each scan said of the share of probes that were lost."""
    probes: int = 0
    seconds: list[float] = field(default_factory=list)
    right: int = 0
    """Scans that missed nothing."""
    found_all_open: int = 0

    @property
    def true_loss(self) -> float:
        """A probe or its answer is lost."""
        return 1 - (1 - self.loss_percent / 100) ** 2

    @property
    def told_loss(self) -> float | None:
        return sum(self.losses) / len(self.losses) if self.losses else None

    @property
    def agrees(self) -> bool:
        """Whether what was missed is within three standard deviations of what was predicted: of a count of rare events, and of
        as many predictions, each of which is as uncertain."""
        return self.predicted is None or abs(self.missed - self.predicted) <= 3 * math.sqrt(2 * max(self.predicted, 1))

    def add(self, loss: float | None, expected: float | None, missed: int, missed_open: int, probes: int) -> None:
        self.runs += 1
        self.predicted = None if self.predicted is None or expected is None else self.predicted + expected
        self.missed, self.missed_open, self.probes = self.missed + missed, self.missed_open + missed_open, self.probes + probes
        self.right, self.found_all_open = self.right + (not missed), self.found_all_open + (not missed_open)
        if loss is not None:
            self.losses.append(loss)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def command(context: click.Context) -> None:
    """Hold what scans say of their loss against what is true."""
    if context.invoked_subcommand is None:
        context.invoke(way)


@command.command()
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="Scans of each kind.")
@click.option("--ports", type=click.IntRange(100, 65535), default=10_000, show_default=True, help="Ports of each scan.")
@click.option("--write/--no-write", default=False, help="Whether to renew docs/loss.md.")
def way(runs: int, ports: int, write: bool) -> None:
    """Over a way in memory."""
    rows = []
    for loss_percent in LOSSES:
        for retries in RETRIES:
            row = Row(loss_percent, retries)
            for run in range(runs):
                seed = hash((loss_percent, retries or 99, run)) & 0xFFFFFFFF
                end, missed, missed_open = scan(loss_percent / 100, ports, ports // 100, retries, seed)
                row.add(end.loss, end.expected_missed, missed, missed_open, end.probes_sent)
            rows.append(row)
            print(
                f"{loss_percent} % each way, --max-retries {retries}: {row.predicted} predicted, {row.missed} missed",
                file=sys.stderr,
            )
    text = way_table(rows, ports, "en")
    print(text)
    doubtful = [f"{row.loss_percent} %, {row.retries}" for row in rows if not row.agrees]
    print(f"\nOutside of what chance explains: {'; '.join(doubtful) or 'none'}.")
    if write:
        for language in ("en", "ja"):
            renew(language, WAY, way_table(rows, ports, language))
            picture(rows, language)


@command.command()
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="Scans over each way.")
@click.option(
    "--loss", "losses", type=click.IntRange(0, 90), multiple=True, help="Hundredths lost each way (default 5 and 20)."
)
@click.option("--write/--no-write", default=False, help="Whether to renew docs/loss.md.")
def lab(runs: int, losses: Sequence[int], write: bool) -> None:
    """All ports of a host of a lab whose packets are dropped in both directions."""
    rows = []
    for loss_percent in losses or (5, 20):
        row = Row(loss_percent, None)
        with Lab("loss") as practice:
            bed = way_that_loses(practice, loss_percent)
            (address,) = bed.targets
            for _run in range(runs):
                _scan_in_lab(row, bed.scanner, address)
        rows.append(row)
    print(lab_table(rows, "en"))
    if write:
        for language in ("en", "ja"):
            renew(language, LAB, lab_table(rows, language))


def _scan_in_lab(row: Row, scanner: Host, address: str) -> None:
    argv = [sys.executable, "-P", "-m", "hatoba", "scan", "--syn", "-p", "1-65535", "-oJ", "-", "--no-progress", address]
    done = scanner.run(argv, timeout_s=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = {line["port"]: line["state"] for line in lines if line["type"] == "port"}
    wrong = [port for port in ALL_PORTS if told.get(port) != ("open" if port in OPEN_PORTS else "closed")]
    end = lines[-1]
    row.seconds.append(end["duration_s"])
    row.add(end["loss"], end["expected_missed"], len(wrong), sum(port in OPEN_PORTS for port in wrong), end["probes_sent"])


if __name__ == "__main__":
    command()
