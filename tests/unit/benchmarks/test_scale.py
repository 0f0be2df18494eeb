"""What is reckoned from measured runs, and the tables that it goes into."""

from __future__ import annotations

import pytest

from benchmarks.beds import Bed
from benchmarks.contenders import hatoba
from benchmarks.measure import Measured, Run, Series
from benchmarks.scale import INTERNET, growth, planning, reckoned
from benchmarks.timed import before_and_after_s, paused_s
from benchmarks.works import GROWTH, Work


def run(**changes: object) -> Run:
    values: dict[str, object] = {
        "wall_s": 10.0,
        "cpu_s": 5.0,
        "peak_bytes": 70_000_000,
        "sent": 400_000,
        "sending_s": 4.0,
        "status": 0,
        "differences": {},
        "paused_s": 2.0,
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def series(*runs: Run) -> Series:
    return Series(hatoba("hatoba"), list(runs))


def cells(table: str) -> list[list[str]]:
    """Without the head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(row) for row in rows} == {len(rows[0])}, "a row has other columns than the head"
    return rows[2:]


def never(_lab: object) -> Bed:
    raise AssertionError("nothing is laid here")


def test_a_row_for_each_work() -> None:
    mine = series(run(), run(wall_s=9.0, sent=300_000), run(wall_s=11.0, sent=500_000))
    wrong = series(run(differences={"open as missing": 1}, wall_s=13.0, sent=1_400_000))
    works = [Work("sweep-18", "few", never, ()), Work("sweep-16", "many", never, ())]
    measured = [Measured(work, 1, (series,)) for work, series in zip(works, (mine, wrong), strict=True)]
    first, second = cells(growth(measured))
    assert first == ["few", "70 MB", "10.0 s", "5.0 s", "400,000", "", "0.10 M", "2.0 s", "all"]
    assert second[5] == "3.0 us", "a million probes more took three seconds more"
    assert second[-1] == "not all"


def test_what_is_more_is_told_of_the_same_kind_of_work_alone() -> None:
    works = [Work(name, name, never, ()) for name in ("dense-16", "sweep-18", "sweep-16")]
    sizes = (100_000, 200_000, 300_000)
    measured = [Measured(work, 1, (series(run(sent=sent)),)) for work, sent in zip(works, sizes, strict=True)]
    assert [row[5] for row in cells(growth(measured))] == ["", "", "0.0 us"]


def test_the_internet_costs_what_its_addresses_cost_more_and_two_waits_a_leg() -> None:
    """A hundred thousand addresses more took a second more, and each was asked three times."""
    rows = cells(reckoned(series(run(wall_s=10.0)), series(run(wall_s=11.0, sent=600_500)), (100_000, 200_000)))
    here, waits = INTERNET / 100_000 / 3600, 2048 * 2 / 3600
    assert rows[0][1:] == ["3", *(f"{hours:.1f} h" for hours in (here, waits, here + waits, (here + waits) / 10))]
    assert [row[1] for row in rows[1:]] == ["1", "3", "1", "3"]
    assert rows[1][2] == "0.8 h", "2**32 frames of 84 bytes at a gigabit a second"
    assert rows[4][2] == "0.2 h"


def test_all_addresses_are_planned_in_little_memory() -> None:
    """Nothing is sent: the first event comes before the first packet. Sizes, not times: a busy machine is slow."""
    rows = cells(planning())
    assert rows[0][1] == f"{(1 << 32) - (1 << 28) - 2:,}"
    shards = [int(row[1].replace(",", "")) for row in rows]
    assert 0 <= abs(shards[1] * 3 - shards[0]) < 1000
    assert all(float(row[3].removesuffix(" MB")) < 100 for row in rows), rows


def test_pauses_are_between_packets_and_not_around_them() -> None:
    counted = [(0.0, 5), (1.0, 5), (2.0, 9), (3.0, 9), (4.5, 9), (5.0, 12), (6.0, 12), (6.5, 13), (9.0, 13)]
    assert paused_s(counted) == pytest.approx(2.5 + 1.0)
    assert paused_s([(0.0, 0), (1.0, 0)]) == 0
    assert before_and_after_s(counted) == (2.0, 2.5)
    assert before_and_after_s([(0.0, 7), (1.0, 7)]) == (1.0, 0.0)


def test_the_works_that_grow_have_names_of_their_own() -> None:
    names = [work.name for work in GROWTH]
    assert len(names) == len(set(names)) == 13
