"""Each way to send and to receive carries all probes out and all answers in: what is measured is the same work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.beds import Bed, dense
from benchmarks.sending.ways import WAYS
from benchmarks.ways_to_send import in_turn
from hatoba.lab import Lab
from tests import needs

PORTS, THREADS = 4000, 2
MAY_BE_REFUSED = {name for name, way in WAYS.items() if name.startswith("AF_XDP") or way.setting}
"""AF_XDP takes more than the right to raw packets, and in some containers an interface's settings can't be written."""
CALL = f"{in_turn.__module__}:{in_turn.__name__}"


@pytest.fixture
def bed() -> Iterator[Bed]:
    needs.require_lab()
    needs.require_program("nft")
    with Lab("ways") as lab:
        yield dense(1)(lab)


def test_every_way_hears_the_answer_to_every_probe(bed: Bed) -> None:
    calls = [("one_way", [name, THREADS, bed.words, bed.targets[0], PORTS, True]) for name in WAYS]
    told = dict(zip(WAYS, bed.scanner.call(CALL, calls, 1), strict=True))
    heard = {name: [(one["heard"], one["drops"]) for one in figures] for name, figures in told.items()}
    refused = {name for name, figures in heard.items() if not figures}
    assert refused <= MAY_BE_REFUSED
    assert {name: figures for name, figures in heard.items() if name not in refused and figures != [(1.0, 0.0)]} == {}


def test_a_scan_goes_any_way(bed: Bed) -> None:
    names = [way.name for way in WAYS.values() if way.scans]
    told = bed.scanner.call(CALL, [("one_scan", [name, list(bed.targets), "20000-20999"]) for name in names], 1)
    assert {name for name, figures in zip(names, told, strict=True) if not figures} <= MAY_BE_REFUSED
