"""The page of the matrix: counts, differences, and why there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.matrix_page import WHY, difference_rows, series_rows, truth_rows, why
from benchmarks.matrix_runs import CELLS, Cell, Difference, Series
from benchmarks.page import BEGIN, END
from hatoba.lab.topologies import Place

HERE = Place.ON_LINK
DOCS = Path(__file__).resolve().parents[3] / "docs"


def difference(condition: str, ours: str, theirs: str) -> Difference:
    (state, reason), (their_state, their_reason) = ours.split(), theirs.split()
    return Difference(condition, (state, reason), (their_state, their_reason))


@pytest.mark.parametrize(
    ("cell", "told", "reason"),
    [
        (
            Cell("connect", 4, HERE),
            difference("port-unreachable", "filtered port-unreach", "closed conn-refused"),
            "REJECT seen as closed",
        ),
        (
            Cell("connect", 4, HERE),
            difference("admin-prohibited", "filtered admin-prohibited", "filtered host-unreach"),
            "errno only",
        ),
        (Cell("connect", 4, HERE), difference("open", "open syn-ack", "closed conn-refused"), ""),
        (
            Cell("syn", 6, HERE),
            difference("policy-fail", "filtered policy-fail", "filtered admin-prohibited"),
            "no word in nmap",
        ),
        (Cell("syn", 4, HERE), difference("host-unreachable", "filtered addr-unreach", "filtered host-unreach"), ""),
        (Cell("syn", 6, HERE), difference("policy-fail", "filtered policy-fail", "closed admin-prohibited"), ""),
        (Cell("ip-protocol", 6, HERE), difference("no-route", "filtered no-route", "open|filtered no-response"), "checksum"),
        (Cell("ip-protocol", 6, HERE), difference("closed", "closed param-problem", "open|filtered no-response"), ""),
        (Cell("ip-protocol", 4, HERE), difference("no-route", "filtered no-route", "open|filtered no-response"), ""),
        (
            Cell("ip-protocol", 4, HERE),
            difference("open-icmp", "open proto-response", "open net-prohibited"),
            "any ICMP message",
        ),
        (Cell("udp", 4, HERE), difference("closed", "closed port-unreach", "open udp-response"), ""),
    ],
)
def test_why(cell: Cell, told: Difference, reason: str) -> None:
    assert why(cell, told) == reason
    assert not reason or reason in WHY


def test_differences_are_summed_over_places() -> None:
    one = difference("no-route", "filtered no-route", "open|filtered no-response")
    odd = difference("open", "open syn-ack", "filtered no-response")
    beside = {cell: [] for cell in CELLS if cell.method in ("ip-protocol", "syn")}
    beside |= {Cell("ip-protocol", 6, place): [one] for place in Place} | {Cell("syn", 4, HERE): [odd]}
    rows = list(difference_rows(beside))
    asked = sum(len(cell.numbers) for cell in beside)
    assert rows[0] == f"Of {asked} verdicts {asked - 4} are the same, state and reason."
    assert rows[-2:] == [
        "| syn | IPv4 | 1 | open syn-ack | filtered no-response | NOT EXPLAINED |",
        "| ip-protocol | IPv6 | 3 | filtered no-route | open\\|filtered no-response | checksum |",
    ]


def test_counts_of_runs() -> None:
    free = {cell: Series([{}, {}]) for cell in CELLS}
    free[Cell("fin", 6, Place.ROUTED)] = Series([{}, {1: (None, None)}])
    held = {cell: Series([{}]) for cell in CELLS}
    proved = {cell: Series([{}]) for cell in CELLS if cell.method == "udp"}
    rows = list(series_rows(free, held, proved))
    assert "| fin | IPv6 | 2 of 2 | 1 of 2 | 2 of 2 | 3 of 3 |  |" in rows
    assert "| udp | IPv4 | 2 of 2 | 2 of 2 | 2 of 2 | 3 of 3 | 3 of 3 |" in rows


def test_the_truth_has_a_row_for_each_method() -> None:
    rows = list(truth_rows())
    assert len(rows) == 2 + 12
    assert "| fin | open\\|filtered no-response |  | closed reset | open\\|filtered no-response | closed reset |" in rows
    assert rows[-1].split(" | ")[3] == "closed proto-unreach / closed param-problem"


def test_the_real_page_has_its_markers() -> None:
    text = (DOCS / "matrix.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)


def test_the_japanese_page_has_every_reason() -> None:
    text = (DOCS / "matrix.ja.md").read_text(encoding="utf-8")
    assert [key for key in WHY if f"**{key}**" not in text] == []
