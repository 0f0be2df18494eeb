"""All scans of the matrix that the chosen tests want, some at a time: each spends most of its time waiting for silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest

from benchmarks.matrix_runs import Cell
from hatoba.lab import Lab
from hatoba.lab.topologies import Matrix, Place, matrix
from tests import needs

T = TypeVar("T")
_AT_ONCE = 2 * len(Place)


@contextmanager
def matrix_lab() -> Iterator[Matrix]:
    """The matrix in a lab of its own; the test is skipped where there can't be one."""
    needs.require_lab()
    needs.require_program("nft")
    with Lab("matrix") as lab:
        yield matrix(lab)


@contextmanager
def asking(request: pytest.FixtureRequest, test: str, ask: Callable[[Cell], T]) -> Iterator[Callable[[Cell], T]]:
    """Begin to ask for every value of ``cell`` that the test function *test* is to run with; what comes out waits for the
    answer."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and item.originalname == test]
    cells = [item.callspec.params["cell"] for item in items if item.path == request.path]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told: dict[Cell, Future[T]] = {cell: pool.submit(ask, cell) for cell in cells}
        try:
            yield lambda cell: told[cell].result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
