"""The matrix as a page: what each method has to say, how often it did, and where nmap says something else."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping

from benchmarks.matrix_runs import Cell, Difference, Figures, Series, in_words
from hatoba.lab.topologies import Place
from hatoba.lab.topologies.matrix_rules import CLOSED, DROPPED, FAMILIES, METHODS, OPEN, RESET, SILENT, numbers
from hatoba.lab.topologies.matrix_truth import expected
from hatoba.lab.topologies.truth import REJECTS

WHY = {
    "REJECT seen as closed": "hatoba reads the kernel's error queue, which tells the ICMP error that refused the connection."
    " nmap sees the errno alone; ECONNREFUSED comes from an RST and from a port unreachable alike, so it says closed.",
    "errno only": "Same state. Several ICMP codes share one errno, so nmap names another code of the same errno, or, where"
    " connect() never failed, silence.",
    "no word in nmap": "Same state and the same ICMPv6 code; nmap has no word of its own for it.",
    "checksum": "A Linux packet filter answers a packet of a protocol that it does not know with an ICMP error only if the"
    " packet's bytes add up as an Internet checksum (RFC 1071) does, for IPv6 with the pseudo header. hatoba's probes add up;"
    " nmap's are empty, which is right for IPv4 alone.",
    "any ICMP message": "Same state. nmap takes any ICMP message as an answer in the protocol ICMP, the errors about its other"
    " probes included, and names the last one. hatoba counts only the echo reply to its own echo request.",
}
"""Why nmap tells something else."""


def why(cell: Cell, difference: Difference) -> str:
    """The key of the reason for a difference; empty where there is no known one."""
    (state, reason), (their_state, their_reason) = difference.ours, difference.theirs
    if cell.method == "connect":
        if state == their_state == "filtered":
            return "errno only"
        return "REJECT seen as closed" if (reason, their_state) == ("port-unreach", "closed") else ""
    if cell.method == "ip-protocol":
        if difference.condition == "open-icmp" and state == their_state:
            return "any ICMP message"
        if cell.family == 6 and their_reason == "no-response" and difference.condition in _REJECTED_6:
            return "checksum"
    known = {("addr-unreach", "host-unreach"), ("policy-fail", "admin-prohibited")}
    return "no word in nmap" if cell.family == 6 and state == their_state and (reason, their_reason) in known else ""


_REJECTED_6 = frozenset(words for words, _reason in REJECTS[6])


def markdown(figures: Figures) -> str:
    version = subprocess.run(["nmap", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    parts = [
        ("What is to be told", truth_rows()),
        ("How often it was told", series_rows(figures.free, figures.held, figures.proved)),
        (f"Beside nmap {version}", [*difference_rows(figures.beside_nmap), "", *_reasons(figures.beside_nmap)]),
    ]
    return "\n".join(line for title, rows in parts for line in (f"### {title}", "", *rows, ""))


def truth_rows() -> Iterator[str]:
    """The verdict on each condition but the ICMP errors, on the link."""
    columns = (OPEN, SILENT, CLOSED, DROPPED, RESET)
    yield f"| method | {' | '.join(columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    for method in METHODS:
        row = []
        for condition in columns:
            told = [
                " ".join(in_words(expected(method, family, Place.ON_LINK, condition)))
                for family in FAMILIES
                if condition in numbers(method, family)
            ]
            row.append(_cell(" / ".join(dict.fromkeys(told))))
        yield f"| {method} | {' | '.join(row)} |"


def series_rows(free: Mapping[Cell, Series], held: Mapping[Cell, Series], proved: Mapping[Cell, Series]) -> Iterator[str]:
    """Runs that were right, one row for each method and family."""
    yield f"| method | family | {' | '.join(place.value for place in Place)} | ICMP errors rationed | `--prove-closed` |"
    yield f"| --- | --- | {'--- | ' * len(Place)}--- | --- |"
    for method in METHODS:
        for family in FAMILIES:
            cells = [Cell(method, family, place) for place in Place]
            counts = [_count([free[cell]]) for cell in cells]
            rationed = [_count([part[cell] for cell in cells if cell in part]) for part in (held, proved)]
            yield f"| {method} | IPv{family} | {' | '.join([*counts, *rationed])} |"


def _count(serieses: list[Series]) -> str:
    runs = sum(series.runs for series in serieses)
    return f"{sum(series.right for series in serieses)} of {runs}" if runs else ""


def difference_rows(beside_nmap: Mapping[Cell, list[Difference]]) -> Iterator[str]:
    """Each way in which nmap differs, with the number of verdicts that it was met in."""
    met: dict[tuple[str, int, tuple[str, str], tuple[str, str], str], list[str]] = defaultdict(list)
    for cell, differences in beside_nmap.items():
        for one in differences:
            key = (cell.method, cell.family, one.ours, one.theirs, why(cell, one) or "NOT EXPLAINED")
            met[key].append(cell.place.value)
    asked = sum(len(cell.numbers) for cell in beside_nmap)
    same = asked - sum(map(len, met.values()))
    yield f"Of {asked:,} verdicts {same:,} are the same, state and reason."
    yield ""
    yield "| method | family | verdicts | hatoba | nmap | why they differ |"
    yield "| --- | --- | ---: | --- | --- | --- |"
    order = {method: place for place, method in enumerate(METHODS)}
    for key in sorted(met, key=lambda key: (order[key[0]], *map(str, key[1:]))):
        method, family, ours, theirs, reason = key
        yield f"| {method} | IPv{family} | {len(met[key])} | {_cell(' '.join(ours))} | {_cell(' '.join(theirs))} | {reason} |"


def _reasons(beside_nmap: Mapping[Cell, list[Difference]]) -> Iterator[str]:
    used = {why(cell, one) for cell, differences in beside_nmap.items() for one in differences}
    for key, text in WHY.items():
        if key in used:
            yield f"* **{key}**: {text}"


def _cell(words: str) -> str:
    """Text of a table's cell: the bar of ``open|filtered`` is none between cells."""
    return words.replace("|", "\\|")
