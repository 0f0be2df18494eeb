from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hatoba.packets.distinct import among, distinct, one_of


@given(st.lists(st.integers(0, 50), max_size=40))
def test_each_value_comes_once_in_order(values: list[int]) -> None:
    found = distinct(np.array(values, np.uint16))
    assert found.tolist() == sorted(set(values))
    assert found.dtype == np.uint16


def test_it_spares_the_import_that_it_is_for() -> None:
    code = (
        "import sys, numpy as np; from hatoba.packets.distinct import distinct, one_of;"
        "distinct(np.array([3, 1, 3])); one_of(np.zeros(0, np.uint8), (1, 200)); print('numpy.ma' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


@given(st.lists(st.integers(0, 50), max_size=40), st.sets(st.integers(0, 50)))
def test_members_of_a_sorted_array(values: list[int], kept: set[int]) -> None:
    found = among(np.array(values, np.uint32), np.array(sorted(kept), np.uint32))
    assert found.tolist() == [value in kept for value in values]


@given(st.lists(st.integers(0, 50), max_size=40), st.lists(st.integers(0, 50), max_size=9))
def test_members_of_what_is_named_in_any_order(values: list[int], wanted: list[int]) -> None:
    assert one_of(np.array(values, np.uint8), wanted).tolist() == [value in wanted for value in values]
