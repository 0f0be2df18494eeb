"""``make bench``: hatoba beside its peers, in one run. ``--short`` ends within two minutes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))  # started as a file, Python looks beside it and not above

from benchmarks.machine import describe  # noqa: E402
from benchmarks.measure import Measured, measure, missing_programs  # noqa: E402
from benchmarks.page import as_json, markdown, renew  # noqa: E402
from benchmarks.plot import drawn  # noqa: E402
from benchmarks.works import WORKS, Work, by_name  # noqa: E402
from hatoba.errors import LabError  # noqa: E402

ROUNDS, WORK_SECONDS = 10, 300.0
SHORT_ROUNDS, SHORT_SECONDS, SHORT_LIMIT_S = 3, 80.0, 8


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--short", is_flag=True, help="Three rounds, two minutes at most; a run that takes long is stopped.")
@click.option("--rounds", type=click.IntRange(1), help=f"How often each program runs (default {ROUNDS}).")
@click.option("--work", "names", multiple=True, type=click.Choice(list(by_name())), help="Only this work.")
@click.option(
    "--write/--no-write", default=True, help="Whether to renew README.md and results.svg, and add a file to results/."
)
def command(short: bool, rounds: int | None, names: tuple[str, ...], write: bool) -> None:
    """Measure hatoba beside its peers, on hosts in network namespaces of this machine."""
    works = tuple(by_name()[name] for name in names) if names else WORKS
    missing = missing_programs(works)
    if missing:
        raise click.ClickException(f"not installed: {', '.join(missing)}; install it with the system's package manager")
    machine = describe(sorted({c.argv[0] for work in works for c in work.contenders if not c.ours}))
    try:
        measured = _measure(works, rounds or (SHORT_ROUNDS if short else ROUNDS), short)
    except LabError as error:
        raise click.ClickException(str(error)) from error
    text = markdown(measured, machine)
    print(text, end="")
    if write:
        _write(measured, machine, text)


def _measure(works: Sequence[Work], rounds: int, short: bool) -> list[Measured]:
    seconds = SHORT_SECONDS / len(works) if short else WORK_SECONDS
    measured = []
    for work in works:
        bounded = replace(work, limit_s=min(work.limit_s, SHORT_LIMIT_S)) if short else work
        measured.append(measure(bounded, rounds, seconds, lambda text: print(text, file=sys.stderr, flush=True)))
    return measured


def _write(measured: Sequence[Measured], machine: dict[str, str], text: str) -> None:
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    name = machine["date"].removesuffix(" UTC").replace(" ", "T").replace(":", "")
    figures = as_json(measured, machine)
    (results / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "results.svg").write_text(drawn(figures), encoding="utf-8")
    renew(FOLDER / "README.md", text)


if __name__ == "__main__":
    command()
