"""Runs of hatoba and nmap over the matrix of :func:`hatoba.lab.topologies.matrix`, and what was wrong with them."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree import ElementTree

from hatoba.lab import Lab
from hatoba.lab.topologies import Matrix, Place, matrix
from hatoba.lab.topologies.matrix_rules import CROWD, FAMILIES, METHODS, REJECTED_CROWD, numbers
from hatoba.lab.topologies.matrix_truth import Verdict, expected, rationed

FLAGS = dict(zip(METHODS, ("-sT", "-sS", "-sF", "-sN", "-sX", "-sM", "-sA", "-sW", "-sU", "-sY", "-sZ", "-sO"), strict=True))
"""nmap's flag for each method, which is hatoba's, too."""
_LABS_AT_ONCE = 3
"""Scans that wait for rations spend little time on anything else."""

Words = tuple[str, str]
"""State and reason."""
NOT_TOLD: Words = ("", "not told")
Line = dict[str, Any]
"""One line of the JSON Lines report."""
Told = dict[int, Words]
"""By port (or protocol number)."""


class Cell(NamedTuple):
    """One scan of the matrix: its answers are known for all conditions."""

    method: str
    family: int
    place: Place

    @property
    def numbers(self) -> dict[str, int]:
        return numbers(self.method, self.family)

    @property
    def truth(self) -> Told:
        return {
            number: in_words(expected(self.method, self.family, self.place, condition))
            for condition, number in self.numbers.items()
        }

    @property
    def crowd(self) -> Collection[int]:
        """Ports in one condition, more of them than a host that rations its ICMP errors answers for at once."""
        return CROWD.get(self.method, REJECTED_CROWD)


class Difference(NamedTuple):
    """What hatoba and nmap say of one condition."""

    condition: str
    ours: Words
    theirs: Words


CELLS = tuple(itertools.starmap(Cell, itertools.product(METHODS, FAMILIES, Place)))


def in_words(verdict: Verdict) -> Words:
    state, reason = verdict
    return state.word, reason.word


def ask_hatoba(site: Matrix, cell: Cell, ports: Iterable[int] = (), *, flags: Sequence[str] = ()) -> Told:
    """One run of the command; see :func:`scan_lines` and :func:`told_by`."""
    return told_by(scan_lines(site, cell, ports, flags=flags))


def told_by(lines: Iterable[Line]) -> Told:
    """What the lines of a report tell; raises RuntimeError if they tell a port twice."""
    told: Told = {}
    for line in lines:
        if line["type"] == "port":
            if line["port"] in told:
                raise RuntimeError(f"port {line['port']} was told twice")
            told[line["port"]] = (line["state"], line["reason"])
    return told


def scan_lines(site: Matrix, cell: Cell, ports: Iterable[int] = (), *, flags: Sequence[str] = ()) -> list[Line]:
    """What one run of the command writes, as a user types it; raises RuntimeError if it fails. *ports*: others than the
    matrix has. *flags*: instead of the method's own."""
    chosen = flags or (FLAGS[cell.method],)
    command = [sys.executable, "-m", "hatoba", "scan", "-oJ", "-", *chosen, "-Pn", "-n", *_target(site, cell, ports)]
    return [json.loads(line) for line in _run(site, cell, command).splitlines()]


def ask_nmap(site: Matrix, cell: Cell) -> Told:
    """One run of nmap. So few ports are listed one by one, none summed up."""
    command = ["nmap", FLAGS[cell.method], *(["-6"] if cell.family == 6 else []), "-Pn", "-n", "-T4", "--reason", "-oX", "-"]
    told: Told = {}
    for port in ElementTree.fromstring(_run(site, cell, [*command, *_target(site, cell, ())])).iter("port"):
        state = port.find("state")
        if state is not None:
            told[int(port.get("portid", 0))] = (state.get("state", ""), state.get("reason", ""))
    return told


def _target(site: Matrix, cell: Cell, ports: Iterable[int]) -> tuple[str, str, str]:
    asked = tuple(ports) or tuple(cell.numbers.values())
    return "-p", ",".join(map(str, asked)), site.address(cell.place, cell.family)


def _run(site: Matrix, cell: Cell, command: list[str]) -> str:
    done = site.scanners[cell.place].run(command, timeout_s=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return str(done.stdout)


def by_place(work: Callable[[Cell], None], cells: Iterable[Cell] = CELLS) -> None:
    """Do *work* for every cell. The places have nothing in common, so they take turns with themselves only."""

    def one_place(place: Place) -> None:
        for cell in cells:
            if cell.place is place:
                work(cell)

    with ThreadPoolExecutor(len(Place)) as pool:
        list(pool.map(one_place, Place))


Faults = dict[int, tuple[object, Words | None]]
"""Port -> (truth, what was told), where they are not the same."""


@dataclass
class Series:
    """Runs of one cell. Several threads may add to it."""

    found: list[Faults] = field(default_factory=list)

    def run(self, once: Callable[[], Faults]) -> None:
        """Add what *once* finds. A scan that failed is a run that was wrong."""
        try:
            faults_found = once()
        except RuntimeError as error:
            faults_found = {0: ("a report", ("", str(error)))}
        self.found.append(faults_found)

    @property
    def runs(self) -> int:
        return len(self.found)

    @property
    def wrong(self) -> list[Faults]:
        return [one for one in self.found if one]

    @property
    def right(self) -> int:
        return self.runs - len(self.wrong)


def faults(told: Told, truth: Told) -> Faults:
    """Ports that are told otherwise than they are: (truth, what was told)."""
    ports = sorted(truth.keys() | told.keys())
    return {port: (truth.get(port), told.get(port)) for port in ports if told.get(port) != truth.get(port)}


def rationed_faults(cell: Cell, told: Told) -> Faults:
    """The same for the crowd of *cell* where ICMP errors are rationed, as :func:`matrix_truth.rationed` has it."""
    admitted = {in_words(verdict) for verdict in rationed(*cell)}
    wrong = {port: (sorted(admitted), told.get(port)) for port in cell.crowd if told.get(port) not in admitted}
    unasked = {port: ("not asked", words) for port, words in told.items() if port not in cell.crowd}
    missing = {0: (sorted(admitted), None)} if admitted - set(told.values()) else {}
    return {**wrong, **unasked, **missing}


def proved_faults(cell: Cell, told: Told) -> Faults:
    """The same with ``--prove-closed``."""
    return faults(told, dict.fromkeys(cell.crowd, ("closed", "port-unreach")))


def hold_against_truth(runs: int) -> dict[Cell, Series]:
    found = {cell: Series() for cell in CELLS}
    with Lab("matrix") as lab:
        site = matrix(lab)
        for _run_number in range(runs):
            by_place(lambda cell: found[cell].run(lambda: faults(ask_hatoba(site, cell), cell.truth)))
    return found


def hold_rationed(runs: int, *, prove: bool = False) -> dict[Cell, Series]:
    """The same for the crowds of all cells where the hosts ration their ICMP errors; with *prove* that of UDP, and
    ``--prove-closed``. Each run in a lab of its own, where no ration is used up yet."""
    flags, judge = (("-sU", "--prove-closed"), proved_faults) if prove else ((), rationed_faults)
    found = {cell: Series() for cell in CELLS if cell.method == "udp" or not prove}

    def one_lab(cells: Sequence[Cell]) -> None:
        with Lab("matrix") as lab:
            site = matrix(lab, icmp_limit=True)
            by_place(lambda cell: found[cell].run(lambda: judge(cell, ask_hatoba(site, cell, cell.crowd, flags=flags))), cells)

    wanted = [[cell for cell in found if (cell.method, cell.family) == which] for which in itertools.product(METHODS, FAMILIES)]
    with ThreadPoolExecutor(_LABS_AT_ONCE) as pool:
        list(pool.map(one_lab, filter(None, wanted * runs)))
    return found


def compare() -> dict[Cell, list[Difference]]:
    """How hatoba and nmap differ, one run each."""
    found: dict[Cell, list[Difference]] = {}
    with Lab("matrix") as lab:
        site = matrix(lab)

        def both(cell: Cell) -> None:
            ours, theirs = ask_hatoba(site, cell), ask_nmap(site, cell)
            found[cell] = [
                Difference(condition, ours.get(number, NOT_TOLD), theirs.get(number, NOT_TOLD))
                for condition, number in cell.numbers.items()
                if ours.get(number) != theirs.get(number)
            ]

        by_place(both)
    return found


@dataclass(frozen=True)
class Figures:
    """All that one call of the benchmark found."""

    free: dict[Cell, Series]
    held: dict[Cell, Series]
    """Where ICMP errors are rationed."""
    proved: dict[Cell, Series]
    """There, with ``--prove-closed``."""
    beside_nmap: dict[Cell, list[Difference]]

    def series(self) -> Iterator[tuple[Cell, Series]]:
        for part in (self.free, self.held, self.proved):
            yield from part.items()
