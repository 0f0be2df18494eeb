"""The matrix's truth is not hatoba's alone: nmap tells the same of each condition, or it is known why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.matrix_page import why
from benchmarks.matrix_runs import CELLS, Cell, Difference, Told, ask_nmap
from tests.matrix_scans import asking, matrix_lab

pytestmark = [pytest.mark.slow, pytest.mark.peer("nmap", "nft")]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Iterator[Callable[[Cell], Told]]:
    with (
        matrix_lab() as site,
        asking(request, "test_every_difference_is_explained", lambda cell: ask_nmap(site, cell)) as asked,
    ):
        yield asked


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.method}-ipv{cell.family}-{cell.place.value}")
def test_every_difference_is_explained(told: Callable[[Cell], Told], cell: Cell) -> None:
    theirs, truth = told(cell), cell.truth
    assert theirs.keys() == truth.keys()
    differences = [
        Difference(condition, truth[number], theirs[number])
        for condition, number in cell.numbers.items()
        if theirs[number] != truth[number]
    ]
    assert [one for one in differences if not why(cell, one)] == []
