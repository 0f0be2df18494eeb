"""Sorted distinct values, and members of a set. NumPy's own ``unique`` imports numpy.ma for the one, its ``isin`` now and then
for the other, which takes longer than many a scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def distinct(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The values of a one-dimensional array, each once, ascending."""
    ascending = np.greater_equal(values[1:], values[:-1]).all()  # to look costs little beside sorting what need not be
    ordered = values if ascending else np.sort(values)
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def among(values: npt.NDArray[Scalar], ordered: npt.NDArray[Scalar]) -> npt.NDArray[np.bool_]:
    """Which of *values* are in *ordered*, which is ascending."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    found: npt.NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found


def one_of(values: npt.NDArray[Scalar], wanted: Sequence[int] | npt.NDArray[Scalar]) -> npt.NDArray[np.bool_]:
    """Which of *values* are *wanted*, in whatever order these are named."""
    return among(values, np.sort(np.asarray(wanted, values.dtype)))
