"""Contenders in turn, A B C A B C, so that a machine that slows down slows all of them."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.beds import Bed
from benchmarks.contenders import Contender
from benchmarks.works import Work
from hatoba.lab import Lab

TIMED = Path(__file__).with_name("timed.py")
_GRACE_S = 30


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contender: the whole process, its start included."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    sent: int
    """Packets that left by the scanner's interface."""
    sending_s: float
    """How long the middle 98 of 100 of them took."""
    status: int
    differences: dict[str, int]
    """Ports that were reported otherwise than they are, counted by what was said of them."""
    paused_s: float = 0.0
    """How long no packet left between the first and the last."""
    kernel_s: float = 0.0
    """What of the CPU time was spent in the kernel. Over a virtual link that is the other end's work, too."""
    before_s: float = 0.0
    """Until the first packet had left."""
    after_s: float = 0.0
    """After the last packet had."""

    @property
    def sent_pps(self) -> float:
        return 0.98 * self.sent / self.sending_s if self.sending_s else 0.0


@dataclass(slots=True)
class Series:
    """All runs of one contender."""

    contender: Contender
    runs: list[Run] = field(default_factory=list)

    def median(self, of: Callable[[Run], float]) -> float:
        return statistics.median(map(of, self.runs))

    @property
    def wall_s(self) -> float:
        return self.median(lambda run: run.wall_s)

    @property
    def exact_runs(self) -> int:
        """Runs that ended well and told every port's true state."""
        return sum(not run.differences and run.status == 0 for run in self.runs)


@dataclass(frozen=True, slots=True)
class Measured:
    """One work, done by all."""

    work: Work
    questions: int
    series: tuple[Series, ...]

    @property
    def ours(self) -> Series | None:
        return next((series for series in self.series if series.contender.ours), None)


def missing_programs(works: tuple[Work, ...]) -> list[str]:
    """Programs that the works want and this machine does not have."""
    programs = {contender.argv[0] for work in works for contender in work.contenders}
    return sorted(program for program in programs if shutil.which(program) is None)


def measure(work: Work, rounds: int, seconds: float, say: Callable[[str], None] = lambda _text: None) -> Measured:
    """*rounds* runs of each contender; fewer, but at least one, where these would take more than *seconds*. Raises LabError."""
    with Lab("bench") as lab, tempfile.TemporaryDirectory(prefix="hatoba-bench-") as folder:
        bed = work.lay(lab)
        series = tuple(Series(contender) for contender in work.contenders)
        started = time.monotonic()
        for done in range(rounds):
            spent = time.monotonic() - started
            if done and spent + spent / done > seconds:
                break
            for one in series:
                one.runs.append(_run(bed, one.contender, work.limit_s, Path(folder)))
                say(f"{work.name}, {one.contender.name}: {one.runs[-1].wall_s:.2f} s")
        return Measured(work, bed.questions, series)


def _run(bed: Bed, contender: Contender, limit_s: int, folder: Path) -> Run:
    program = shutil.which(contender.argv[0])
    assert program is not None  # missing_programs() was asked
    argv = [program, *contender.options(bed.words), *bed.targets]
    process = bed.scanner.run(
        [sys.executable, "-I", "-S", str(TIMED), str(folder), str(limit_s), *argv], timeout_s=limit_s + _GRACE_S
    )
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv, process.stdout, process.stderr)
    costs = json.loads(process.stdout)
    return Run(differences=_differences(folder / "stdout", contender, bed), **costs)


def _differences(report: Path, contender: Contender, bed: Bed) -> dict[str, int]:
    try:
        found = contender.report.read(report.read_text(encoding="utf-8", errors="replace"))
    except ValueError:
        return {"no readable report": bed.questions}
    return dict(contender.report.compare(found, bed.truth, bed.asked))
