"""How a run over the matrix is held against the truth."""

from __future__ import annotations

import pytest

from benchmarks.matrix_runs import CELLS, FLAGS, Cell, Series, by_place, faults, proved_faults, rationed_faults
from hatoba.lab.topologies import Place

UDP = Cell("udp", 4, Place.ON_LINK)
CLOSED, SILENT = ("closed", "port-unreach"), ("closed|filtered", "no-response")


def test_every_method_has_a_flag_and_three_places_in_both_families() -> None:
    assert len(CELLS) == 6 * len(FLAGS) == 72
    assert len({*FLAGS.values()}) == 12


def test_the_truth_is_by_number() -> None:
    truth = UDP.truth
    assert truth[30000] == ("open", "udp-response")
    assert truth[30002] == CLOSED
    assert set(truth) == set(UDP.numbers.values())


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, {}),
        ({30000: ("open", "syn-ack")}, {30000: (("open", "udp-response"), ("open", "syn-ack"))}),
        ({1: CLOSED}, {1: (None, CLOSED)}),
    ],
)
def test_faults(change: dict[int, tuple[str, str]], wrong: object) -> None:
    assert faults({**UDP.truth, **change}, UDP.truth) == wrong


def test_a_port_that_was_not_told_is_a_fault() -> None:
    told = UDP.truth
    del told[30003]
    assert faults(told, UDP.truth) == {30003: (("open|filtered", "no-response"), None)}


def test_a_ration_leaves_either_verdict_but_wants_both() -> None:
    crowd = list(UDP.crowd)
    told = {**dict.fromkeys(crowd, SILENT), crowd[0]: CLOSED}
    assert rationed_faults(UDP, told) == {}
    assert rationed_faults(UDP, dict.fromkeys(crowd, SILENT)) != {}
    assert rationed_faults(UDP, dict.fromkeys(crowd, CLOSED)) != {}
    assert set(rationed_faults(UDP, {**told, crowd[1]: ("open|filtered", "no-response")})) == {crowd[1]}
    assert set(rationed_faults(UDP, {**told, 7: CLOSED})) == {7}
    del told[crowd[2]]
    assert set(rationed_faults(UDP, told)) == {crowd[2]}


def test_proof_wants_all_closed() -> None:
    told = dict.fromkeys(UDP.crowd, CLOSED)
    assert proved_faults(UDP, told) == {}
    assert set(proved_faults(UDP, {**told, 31005: SILENT})) == {31005}


def test_a_series_counts_its_runs() -> None:
    series = Series([{}, {1: (CLOSED, None)}, {}])
    assert (series.runs, series.right, len(series.wrong)) == (3, 2, 1)


def test_a_scan_that_failed_is_a_wrong_run() -> None:
    def fail() -> dict[int, tuple[object, None]]:
        raise RuntimeError("it ended with 1")

    series = Series()
    series.run(dict)
    series.run(fail)
    assert (series.runs, series.right) == (2, 1)
    assert "ended with 1" in str(series.wrong)


def test_every_cell_is_worked_once_and_faults_pass() -> None:
    seen: list[Cell] = []
    by_place(seen.append)
    assert sorted(map(str, seen)) == sorted(map(str, CELLS))

    def fail(cell: Cell) -> None:
        raise RuntimeError(cell.method)

    with pytest.raises(RuntimeError, match="udp"):
        by_place(fail, [UDP])
