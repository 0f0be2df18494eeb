"""The results as a table in README.md, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, Series

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
FORMAT = "hatoba benchmarks 2"


def markdown(measured: Sequence[Measured], machine: Mapping[str, str]) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()) + ".", ""]
    for one in measured:
        lines += [
            f"### {one.work.name}: {one.work.title}",
            "",
            "| program | time | beside hatoba | sent per second | CPU time | peak memory | runs with every state right |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(_row(one, series) for series in one.series),
            "",
            *_remarks(one),
        ]
    return "\n".join([*lines, *_parts(measured)]).rstrip() + "\n"


def _parts(measured: Sequence[Measured]) -> list[str]:
    """Where the time of our own runs went, a row for each work."""
    rows = [_parts_row(one.work.name, ours) for one in measured if (ours := one.ours) is not None]
    return [
        "### Where hatoba's time goes",
        "",
        "| work | time | first packet after | packets leave | none leaves between | after the last | our CPU time | kernel's |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def _parts_row(name: str, ours: Series) -> str:
    seconds = [
        ours.wall_s,
        ours.median(lambda run: run.before_s),
        ours.median(lambda run: run.wall_s - run.before_s - run.paused_s - run.after_s),
        ours.median(lambda run: run.paused_s),
        ours.median(lambda run: run.after_s),
        ours.median(lambda run: run.cpu_s - run.kernel_s),
        ours.median(lambda run: run.kernel_s),
    ]
    return f"| {name} | {' | '.join(f'{one:.2f} s' for one in seconds)} |"


def _row(one: Measured, series: Series) -> str:
    ours = one.ours
    stopped = any(run.status < 0 for run in series.runs)
    ratio = "" if ours is None or series is ours else f"{'> ' * stopped}{series.wall_s / ours.wall_s:.2f} times"
    cells = [
        f"`{series.contender.name}`",
        f"{'> ' * stopped}{series.wall_s:.2f} s",
        ratio,
        f"{series.median(lambda run: run.sent_pps) / 1e6:.3f} M",
        f"{series.median(lambda run: run.cpu_s):.2f} s",
        f"{series.median(lambda run: run.peak_bytes) / 1e6:.0f} MB",
        f"{series.exact_runs} of {len(series.runs)}",
    ]
    return f"| {' | '.join(cells)} |"


def _remarks(one: Measured) -> list[str]:
    """What did not go as it should: a point for each program, and an empty line."""
    points = []
    for series in one.series:
        told = []
        if stopped := sum(run.status < 0 for run in series.runs):
            told.append(f"stopped after {one.work.limit_s} s in {stopped} of {len(series.runs)} runs")
        worst: Counter[str] = Counter()
        for run in series.runs:
            if run.status >= 0:  # who is killed takes what was not written yet with him
                worst |= Counter(run.differences)
        if worst:
            told.append("ports told wrong in the worst run: " + ", ".join(f"{n} {what}" for what, n in worst.most_common()))
        if told:
            points.append(f"- `{series.contender.name}`: {'; '.join(told)}")
    return [*points, ""] if points else []


def as_json(measured: Sequence[Measured], machine: Mapping[str, str]) -> dict[str, Any]:
    """Every single run; seconds and bytes."""
    works = [
        {
            "name": one.work.name,
            "title": one.work.title,
            "questions": one.questions,
            "contenders": [
                {
                    "name": series.contender.name,
                    "options": list(series.contender.argv[1:]),
                    "median_s": series.wall_s,
                    "runs": [asdict(run) for run in series.runs],
                }
                for series in one.series
            ],
        }
        for one in measured
    ]
    return {"format": FORMAT, "machine": dict(machine), "works": works}


def renew(page: Path, text: str) -> None:
    """Put *text* between the page's markers. Raises ValueError where they are missing."""
    old = page.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _gone, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: the lines {BEGIN} and {END} are missing")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")
