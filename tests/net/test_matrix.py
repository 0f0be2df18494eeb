"""Every method on every condition of a port, over IPv4 and IPv6, on the link, behind a router and on loopback: each state
and reason is right, and the evidence names who refused. ``python benchmarks/matrix.py`` does it many times, beside nmap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from benchmarks.matrix_runs import (
    CELLS,
    Cell,
    Line,
    Told,
    ask_hatoba,
    faults,
    proved_faults,
    rationed_faults,
    scan_lines,
    told_by,
)
from hatoba.lab import Lab
from hatoba.lab.topologies import Matrix, Place, matrix
from hatoba.lab.topologies.matrix_rules import CLOSED
from hatoba.lab.topologies.truth import REJECTS
from tests.matrix_scans import asking, matrix_lab

pytestmark = pytest.mark.peer("nft")

RATIONED = [Cell(method, family, Place.ON_LINK) for method in ("udp", "syn", "sctp-init", "ip-protocol") for family in (4, 6)]
PROVED = [Cell("udp", family, Place.ON_LINK) for family in (4, 6)]
_QUICK = {"net.ipv4.icmp_ratelimit": 200, "net.ipv6.icmp.ratelimit": 200}
"""Milliseconds: five errors a second, so that a hundred closed ports take 20 s and not 95."""


def name(cell: Cell) -> str:
    return f"{cell.method}-ipv{cell.family}-{cell.place.value}"


@pytest.fixture(scope="module")
def site() -> Iterator[Matrix]:
    """For all tests: change nothing about it."""
    with matrix_lab() as built:
        yield built


@pytest.fixture(scope="module")
def lines(site: Matrix, request: pytest.FixtureRequest) -> Iterator[Callable[[Cell], list[Line]]]:
    with asking(request, "test_every_state_and_reason_is_right", partial(scan_lines, site)) as asked:
        yield asked


@pytest.fixture(scope="module")
def rationed(request: pytest.FixtureRequest) -> Iterator[Callable[[Cell], Told]]:
    with asking(request, "test_rationed_errors", ask_rationed) as asked:
        yield asked


@pytest.fixture(scope="module", autouse=True)
def proved(request: pytest.FixtureRequest) -> Iterator[Callable[[Cell], Told]]:
    """Begun before all others, as it waits most."""
    with asking(request, "test_closed_ports_are_proved_in_spite_of_a_ration", ask_for_proof) as asked:
        yield asked


def ask_rationed(cell: Cell) -> Told:
    """In a lab of its own, where no ration is used up yet."""
    with Lab("rationed") as lab:
        return ask_hatoba(matrix(lab, icmp_limit=True), cell, cell.crowd)


def ask_for_proof(cell: Cell) -> Told:
    with Lab("rationed") as lab:
        site = matrix(lab, icmp_limit=True)
        site.targets[cell.place].sysctl(_QUICK)
        return ask_hatoba(site, cell, cell.crowd, flags=("-sU", "--prove-closed"))


@pytest.mark.parametrize("cell", CELLS, ids=name)
def test_every_state_and_reason_is_right(lines: Callable[[Cell], list[Line]], cell: Cell) -> None:
    heard = lines(cell)
    assert faults(told_by(heard), cell.truth) == {}
    evidence = {line["port"]: line["evidence"] for line in heard if line["type"] == "port"}
    refused = {cell.numbers[words] for words, _reason in REJECTS[cell.family]}
    assert {evidence[number]["responder"] for number in refused} == {Matrix.responder(cell.place, cell.family)}
    assert {entry["method"] for entry in evidence.values()} == {cell.method}


@pytest.mark.parametrize("cell", RATIONED, ids=name)
def test_rationed_errors(rationed: Callable[[Cell], Told], cell: Cell) -> None:
    assert rationed_faults(cell, rationed(cell)) == {}


@pytest.mark.parametrize("cell", PROVED, ids=name)
def test_closed_ports_are_proved_in_spite_of_a_ration(proved: Callable[[Cell], Told], cell: Cell) -> None:
    assert proved_faults(cell, proved(cell)) == {}


@pytest.mark.parametrize("family", [4, 6])
def test_syn_with_fin(site: Matrix, family: int) -> None:
    """Linux drops it where somebody listens and resets it where nobody does; to ``-sS`` silence is *filtered*."""
    truth = Cell("fin", family, Place.ON_LINK).truth
    expected = {port: (state.removeprefix("open|"), reason) for port, (state, reason) in truth.items()}
    told = ask_hatoba(site, Cell("syn", family, Place.ON_LINK), flags=("-sS", "--scanflags", "SYNFIN"))
    assert faults(told, expected) == {}


@pytest.mark.parametrize("family", [4, 6])
def test_fin_with_other_flags(site: Matrix, family: int) -> None:
    cell = Cell("fin", family, Place.ON_LINK)
    assert faults(ask_hatoba(site, cell, flags=("-sF", "--scanflags", "PSHURG")), cell.truth) == {}


def test_a_protocol_that_is_an_ipv6_header_is_not_called_closed(site: Matrix) -> None:
    """Linux reads a destination options header (60); that it does not know what follows it is another matter."""
    cell = Cell("ip-protocol", 6, Place.ON_LINK)
    told = ask_hatoba(site, cell, [60, cell.numbers[CLOSED]])
    assert told[60][0] != "closed"
    assert told[cell.numbers[CLOSED]] == ("closed", "param-problem")
