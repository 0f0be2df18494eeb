from __future__ import annotations

import numpy as np

from hatoba.results.known import Known, each_once, unasked
from tests.unit.results.rows import closed, opened, silent


def known(*parts: object) -> Known:
    return Known(each_once(parts), (), np.array([False, True, False]), ())  # type: ignore[arg-type]


def test_rows_are_found_by_host() -> None:
    value = known(closed([7, 3], host=2), opened([80, 22], host=0), silent(5, host=0))
    found = value.of(np.array([0, 1, 2]))
    assert list(zip(found["host"].tolist(), found["port"].tolist(), strict=True)) == [(0, 5), (0, 22), (0, 80), (2, 3), (2, 7)]
    assert value.of(np.array([2, 0]))["port"].tolist() == [3, 7, 5, 22, 80]
    assert not len(value.of(np.array([1])))
    assert (value.size.ports, value.size.hosts) == (5, 1)


def test_of_a_question_that_was_told_twice_the_first_counts() -> None:
    rows = each_once([opened([22, 23]), closed([21, 22]), opened(22, protocol=17)])
    assert [(row["protocol"], row["port"], row["state"]) for row in rows] == [(6, 21, 2), (6, 22, 1), (6, 23, 1), (17, 22, 1)]


def test_nothing_known_is_no_rows() -> None:
    assert not len(each_once([]))
    assert list(known().pieces()) == []


def test_pieces_are_all_rows() -> None:
    value = known(closed(range(65536), host=0), closed(range(65536), host=1), opened(1, host=2))
    assert [len(piece) for piece in value.pieces()] == [65536, 65536, 1]


def test_what_is_known_is_left_out_of_what_is_asked() -> None:
    asked = np.array([[True, True, True], [True, False, True]])
    ports = np.array([22, 80, 443], np.uint16)
    rows = each_once([opened([80, 8080], host=0), closed([22], host=1)])
    left = unasked(asked, rows, rows["host"].astype(np.int64), ports)
    assert left.tolist() == [[True, False, True], [False, False, True]]
    assert asked.all(axis=1).tolist() == [True, False], "the mask itself stays as it was"
