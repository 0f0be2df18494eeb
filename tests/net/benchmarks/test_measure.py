"""How runs are timed and held against the truth, with programs that only pretend to scan."""

from __future__ import annotations

import sys

from benchmarks.beds import Bed
from benchmarks.contenders import Contender
from benchmarks.measure import Series, measure, missing_programs
from benchmarks.truth import HostStates
from benchmarks.works import WORKS, Work
from hatoba.lab import Lab

REPORT = (
    "<nmaprun><host><address addr='{address}' addrtype='ipv4'/><ports>"
    "<port protocol='tcp' portid='80'><state state='open'/></port></ports></host></nmaprun>"
)
TELLS = f"import sys; print({REPORT!r}.format(address=sys.argv[1]))"
HOLDS = "kept = bytearray(b'x') * 60_000_000; print('<nmaprun/>')"
NEVER_ENDS = "import signal; print('<nmaprun>', flush=True); signal.pause()"


def lay(lab: Lab) -> Bed:
    return Bed(lab.add_host("scanner"), ("198.18.0.2",), {"198.18.0.2": HostStates({80: "open"})}, range(80, 81))


def pretend(name: str, code: str, *, ours: bool = False) -> Contender:
    return Contender(name, (sys.executable, "-I", "-S", "-c", code), ours)


def series_of(*contenders: Contender, rounds: int = 1, seconds: float = 60, limit_s: int = 60) -> tuple[Series, ...]:
    return measure(Work("pretence", "", lay, contenders, limit_s), rounds, seconds).series


def test_the_programs_run_in_turn_and_are_held_against_the_truth() -> None:
    said: list[str] = []
    work = Work("pretence", "", lay, (pretend("right", TELLS, ours=True), pretend("wrong", "print('<nmaprun/>')")))
    measured = measure(work, 2, 600, said.append)
    assert [text.split(":")[0] for text in said] == ["pretence, right", "pretence, wrong"] * 2
    right, wrong = measured.series
    assert (right.exact_runs, len(right.runs)) == (2, 2)
    assert wrong.exact_runs == 0
    assert wrong.runs[0].differences == {"open as missing": 1}
    assert measured.ours is right


def test_costs_are_the_programs_own() -> None:
    small, large = series_of(pretend("small", "print('<nmaprun/>')"), pretend("large", HOLDS))
    assert small.runs[0].peak_bytes < 40_000_000
    assert large.runs[0].peak_bytes > 60_000_000
    assert large.runs[0].cpu_s > 0
    assert small.runs[0].wall_s > 0


def test_a_program_that_takes_too_long_is_stopped() -> None:
    (one,) = series_of(pretend("never", NEVER_ENDS), limit_s=1)
    assert one.runs[0].status == -9
    assert one.exact_runs == 0
    assert one.runs[0].differences == {"no readable report": 1}


def test_when_time_is_up_no_further_round_begins() -> None:
    (one,) = series_of(pretend("right", TELLS), rounds=5, seconds=0)
    assert len(one.runs) == 1


def test_a_missing_program_is_named() -> None:
    work = Work("pretence", "", lay, (Contender("none", ("no-such-program-anywhere",)),))
    assert missing_programs((work,)) == ["no-such-program-anywhere"]


def test_every_work_has_one_of_ours_first() -> None:
    assert all([c.ours for c in work.contenders].index(True) == 0 for work in WORKS)
