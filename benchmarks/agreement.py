"""Hold hatoba and nmap against a host whose every port is known: all 65,535 ports, both methods, both families, many runs.

``python benchmarks/agreement.py --runs 20 --write`` prints how many runs were right to the last state and reason, and puts the
table of agreements and differences into ``docs/agreement.md``. Everything happens in network namespaces of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from hatoba.lab import Lab
from hatoba.lab.topologies import TruthHost, truth_host
from hatoba.model import State

DOC = Path(__file__).parent.parent / "docs" / "agreement.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
METHODS = ("syn", "connect")
FAMILIES = (4, 6)
NMAP_FLAG = {"syn": "-sS", "connect": "-sT"}

Told = dict[int, tuple[str, str]]
"""State and reason, in words, of each port."""


@dataclass
class Series:
    """Runs of one method over one family."""

    method: str
    family: int
    right: int = 0
    wrong: list[dict[int, tuple[tuple[str, str], tuple[str, str] | None]]] = field(default_factory=list)
    """For each run that was not right: port -> (truth, what was told)."""

    @property
    def runs(self) -> int:
        return self.right + len(self.wrong)


def truth(site: TruthHost, method: str, family: int) -> Told:
    return {port: (state.word, reason.word) for port, (state, reason) in site.expected(family, method).items()}


def ask_hatoba(site: TruthHost, method: str, family: int) -> Told:
    """One run of the command, as a user types it; raises RuntimeError if it fails."""
    command = [sys.executable, "-m", "hatoba", "scan", f"--{method}", "-p", "1-65535", "-oJ", "-", site.address(family)]
    lines = _run(site, command).splitlines()
    told: Told = {}
    for line in map(json.loads, lines):
        if line["type"] == "port":
            if line["port"] in told:
                raise RuntimeError(f"port {line['port']} was told twice")
            told[line["port"]] = (line["state"], line["reason"])
    return told


def ask_nmap(site: TruthHost, method: str, family: int) -> Told:
    """One run of nmap. What its report sums up (extraports) is taken apart again; those ports have the one reason left."""
    flags = [NMAP_FLAG[method], *(["-6"] if family == 6 else [])]
    command = ["nmap", *flags, "-p", "1-65535", "-n", "-Pn", "-T4", "--reason", "-oX", "-", site.address(family)]
    host = ElementTree.fromstring(_run(site, command)).find("host")
    ports = host.find("ports") if host is not None else None
    if ports is None:
        raise RuntimeError("nmap reported no host")
    told: Told = {}
    for extra in ports.iter("extraports"):
        for reasons in extra.iter("extrareasons"):
            for port in _expanded(reasons.get("ports", "")):
                told[port] = (extra.get("state", ""), _singular(reasons.get("reason", "")))
    for port in ports.iter("port"):
        state = port.find("state")
        if state is not None:
            told[int(port.get("portid", 0))] = (state.get("state", ""), state.get("reason", ""))
    return told


def _run(site: TruthHost, command: list[str]) -> str:
    done = site.scanner.run(command, timeout_s=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return str(done.stdout)


def _expanded(text: str) -> Iterator[int]:
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _singular(reason: str) -> str:
    """nmap puts the reasons of summed-up ports in the plural."""
    return {"resets": "reset", "no-responses": "no-response"}.get(reason, reason)


def hold_against_truth(site: TruthHost, method: str, family: int, runs: int) -> Series:
    expected = truth(site, method, family)
    series = Series(method, family)
    for _run_number in range(runs):
        told = ask_hatoba(site, method, family)
        if told == expected:
            series.right += 1
        else:
            ports = [port for port in sorted(expected.keys() | told.keys()) if told.get(port) != expected.get(port)]
            series.wrong.append({port: (expected.get(port, ("", "")), told.get(port)) for port in ports})
    return series


def compare(site: TruthHost, method: str, family: int) -> Counter[tuple[tuple[str, str], tuple[str, str]]]:
    """How many ports both tell the same of, and in which ways they differ: (hatoba's, nmap's) -> ports."""
    ours, theirs = ask_hatoba(site, method, family), ask_nmap(site, method, family)
    return Counter((ours[port], theirs.get(port, ("", "not told"))) for port in ours)


WHY = {
    "connect and REJECT": "hatoba reads the kernel's error queue, which tells the ICMP error that refused the connection and"
    " who sent it. nmap sees the errno alone; ECONNREFUSED comes from an RST and from ICMP 3/3 alike, so it says closed.",
    "no reason in nmap": "Same state. Other errnos than ECONNREFUSED tell nmap that the port is filtered, but several ICMP"
    " codes share one errno, so it names another code of the same errno.",
    "other word": "Same state and the same ICMPv6 code; nmap has no word of its own for it.",
    "not seen by nmap": "Same state. hatoba found the error in the kernel's queue; connect() itself never failed, so nmap"
    " reports silence.",
}


def why(method: str, family: int, ours: tuple[str, str], theirs: tuple[str, str]) -> str:
    """The key of the reason for a difference; empty where there is no known one."""
    if ours[0] != theirs[0]:
        rejected = (
            method == "connect" and ours[0] == State.FILTERED.word and ours[1] == "port-unreach" and theirs[0] == "closed"
        )
        return "connect and REJECT" if rejected else ""
    if theirs[1] == "no-response":
        return "not seen by nmap" if method == "connect" else ""
    if method == "connect":
        return "no reason in nmap"
    return "other word" if family == 6 else ""


def agreement_rows(site: TruthHost) -> list[str]:
    rows = ["| method | family | ports | hatoba | nmap | why they differ |", "| --- | --- | ---: | --- | --- | --- |"]
    for method in METHODS:
        for family in FAMILIES:
            found = compare(site, method, family)
            same = sum(count for (ours, theirs), count in found.items() if ours == theirs)
            rows.append(f"| {method} | IPv{family} | {same:,} | same state and reason | same | |")
            for (ours, theirs), count in sorted(found.items()):
                if ours != theirs:
                    reason = why(method, family, ours, theirs) or "NOT EXPLAINED"
                    rows.append(f"| {method} | IPv{family} | {count:,} | {' '.join(ours)} | {' '.join(theirs)} | {reason} |")
    return rows


def report(serieses: list[Series], limited: list[Series], rows: list[str]) -> str:
    version = subprocess.run(["nmap", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    lines = [
        "| method | family | runs right to the last port | the same with the kernel's ICMP limits on |",
        "| --- | --- | --- | --- |",
    ]
    for free, held in zip(serieses, limited, strict=True):
        lines.append(f"| {free.method} | IPv{free.family} | {free.right} of {free.runs} | {held.right} of {held.runs} |")
    reasons = [f"* **{key}**: {text}" for key, text in WHY.items() if any(f"| {key} |" in row for row in rows)]
    return "\n".join([*lines, "", f"Beside nmap {version}, in one run without limits:", "", *rows, "", *reasons])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="runs of each method over each family")
    parser.add_argument("--limited-runs", type=int, help="the same with the kernel's ICMP limits on; default: as many")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/agreement.md")
    options = parser.parse_args()
    limited_runs = options.runs if options.limited_runs is None else options.limited_runs
    found: dict[bool, list[Series]] = {}
    for icmp_limit, runs in ((False, options.runs), (True, limited_runs)):
        with Lab("agreement") as lab:
            site = truth_host(lab, icmp_limit=icmp_limit)
            found[icmp_limit] = []
            for method in METHODS:
                for family in FAMILIES:
                    series = hold_against_truth(site, method, family, runs)
                    found[icmp_limit].append(series)
                    limits = "on" if icmp_limit else "off"
                    print(f"{method} IPv{family}, ICMP limits {limits}: {series.right} of {runs} runs right")
                    for wrong in series.wrong:
                        print(f"  {len(wrong)} ports differ, such as {dict(list(wrong.items())[:5])}")
            if not icmp_limit:
                rows = agreement_rows(site)
    text = report(found[False], found[True], rows)
    print(f"\n{text}")
    if options.write:
        before, _begin, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
        _old, _end, after = rest.partition(END)
        DOC.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0 if all(series.right == series.runs for serieses in found.values() for series in serieses) else 1


if __name__ == "__main__":
    sys.exit(main())
