"""Lots: the same for one key, and no library loaded for those who draw none."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from hatoba.engine.legs.draw import Draw


def test_a_key_always_draws_the_same() -> None:
    values = np.arange(100, dtype=np.uint16)
    first, second = Draw(7), Draw(7)
    drawn = [first.permutation(values).tolist(), first.permutation(values).tolist()]
    assert drawn == [second.permutation(values).tolist(), second.permutation(values).tolist()]
    assert drawn[0] != drawn[1]
    assert drawn[0] != Draw(8).permutation(values).tolist()
    assert sorted(drawn[0]) == values.tolist()


def test_what_is_drawn_is_the_drawer_s_own() -> None:
    for values in (np.arange(0), np.arange(1), np.arange(9)):
        drawn = Draw(1).permutation(values)
        drawn[:] = 77
        assert values.tolist() == list(range(len(values)))


def test_numpy_s_generators_are_loaded_when_there_is_something_to_draw() -> None:
    code = (
        "import sys, numpy as np; from hatoba.engine.legs.draw import Draw; draw = Draw(1); draw.permutation(np.arange(1));"
        "before = 'numpy.random' in sys.modules; draw.permutation(np.arange(2)); print(before, 'numpy.random' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]
