"""Lots that a leg draws, always the same for one key."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Draw:
    """Most legs draw none, and ``numpy.random`` takes a fifth of the time that NumPy takes to load: NumPy loads it when first
    asked for it."""

    def __init__(self, key: int) -> None:
        self._key = key

    @cached_property
    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(self._key)

    def permutation(self, values: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
        """*values* in an order of chance, copied."""
        drawn: npt.NDArray[_Scalar] = self._generator.permutation(values) if len(values) > 1 else values.copy()
        return drawn
