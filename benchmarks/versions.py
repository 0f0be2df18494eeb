"""What stands behind ports: hatoba's -sV and nmap's, on the same real daemons, in turn, in one lab.

``python -m benchmarks.versions`` starts the daemons of ``daemons/services.py`` and of ``daemons/more.py`` and asks all of them
with each program, in turn. It prints how many products and versions each had right, wrong or not at all, and the times as a
ratio.
Both are given the same ports and no search for hosts. The truth is the packages' own versions.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from benchmarks.daemons.daemon import Daemon
from benchmarks.daemons.more import MORE
from benchmarks.daemons.services import DAEMONS, FURTHER, TARGET, Site, build
from hatoba.lab import Lab


@dataclass(frozen=True)
class Said:
    """What a program says of one port."""

    name: str
    product: str
    version: str
    tls: bool


Found = dict[tuple[str, int], Said]


def read_hatoba(text: str) -> Found:
    found: Found = {}
    for line in map(json.loads, text.splitlines()):
        if line["type"] == "service" and line["service"]:
            facts = line["service"]
            tls = "tls" in line and not line["tls"]["started"]
            said = Said(facts["name"], facts.get("product", ""), facts.get("version", ""), tls)
            found[line["protocol"], line["port"]] = said
    return found


def read_nmap(text: str) -> Found:
    found: Found = {}
    for port in ElementTree.fromstring(text).iter("port"):
        service = port.find("service")
        if service is not None and service.get("method") == "probed":
            said = (service.get(key, "") for key in ("name", "product", "version"))
            found[port.get("protocol", ""), int(port.get("portid", 0))] = Said(*said, service.get("tunnel") == "ssl")
    return found


HATOBA = "hatoba -sV"
CONTENDERS: dict[str, tuple[list[str], Callable[[str], Found]]] = {
    HATOBA: (
        [sys.executable, "-P", "-m", "hatoba", "scan", "--no-progress", "-sS", "-sU", "-sV", "-Pn", "-oJ", "-"],
        read_hatoba,
    ),
    "nmap -sV -T4": (["nmap", "-n", "-Pn", "-sS", "-sU", "-sV", "-T4", "-oX", "-"], read_nmap),
}


def judge_product(daemon: Daemon, said: Said | None) -> str:
    """``right``, ``none`` or ``wrong``. Daemons that tell strangers no product have theirs right by their protocol."""
    if said is None:
        return "none"
    if not daemon.word:
        return "right" if said.name else "none"
    if daemon.word.lower() in said.product.lower():
        return "right"
    return "wrong" if said.product else "none"


def judge_version(daemon: Daemon, said: Said | None) -> str:
    """As above. A range that holds the truth ("2-4", "9.6.0 or later") is no version; a number that is another is wrong."""
    if said is None or judge_product(daemon, said) != "right" or not daemon.version():
        return "none"
    words = said.version or said.product.partition(" version ")[2]
    told = re.search(r"\d+(?:\.\d+)*(?:p\d+)?", words)
    if told is None or re.search(r"or later|\d - \d|^\d-\d", words):
        return "none"
    truth = daemon.version()
    if told[0] == truth or told[0].startswith(truth + "."):  # the package's number may have fewer parts
        return "right"
    return "part" if truth.startswith(told[0] + ".") else "wrong"


def ask(site: Site, name: str, limit_s: float) -> tuple[Found, float]:
    """What a program says of all ports, and how long it took; stopped after *limit_s*, when nothing of it counts."""
    argv, read = CONTENDERS[name]
    ports = {kind: ",".join(str(one.port) for one in site.daemons if one.protocol == kind) for kind in ("tcp", "udp")}
    began_s = time.monotonic()
    try:
        done = site.scanner.run([*argv, "-p", f"T:{ports['tcp']},U:{ports['udp'] or 9}", TARGET], timeout_s=limit_s)
    except subprocess.TimeoutExpired:
        print(f"{name}: stopped after {limit_s:.0f} s")
        return {}, limit_s
    return read(done.stdout), time.monotonic() - began_s


def table(site: Site, found: dict[str, Found], times_s: dict[str, list[float]]) -> str:
    names = list(found)
    lines = [f"| daemon | truth | {' | '.join(names)} |", f"| --- | --- |{' --- |' * len(names)}"]
    for daemon in site.daemons:
        cells = []
        for name in names:
            said = found[name].get((daemon.protocol, daemon.port))
            marks = judge_product(daemon, said), judge_version(daemon, said)
            words = "nothing" if said is None else f"{'tls/' * said.tls}{said.name}: {said.product} {said.version}".strip(": ")
            cells.append(
                words
                + "".join(
                    f" ({mark} {what})" for mark, what in zip(marks, ("product", "version"), strict=True) if mark == "wrong"
                )
            )
        truth = f"{daemon.version()}" if daemon.tells_version else "(tells none)"
        lines.append(f"| {daemon.port}/{daemon.protocol} {daemon.name} | {truth} | {' | '.join(cells)} |")
    lines += ["", "| | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for what, judge in (("products", judge_product), ("versions", judge_version)):
        counts = {
            name: Counter(judge(one, found[name].get((one.protocol, one.port))) for one in site.daemons) for name in names
        }
        for mark in ("right", "part", "wrong", "none"):
            row = [str(counts[name][mark]) for name in names]
            if mark != "part" or what == "versions":
                lines.append(f"| {what}, {mark} (of {len(site.daemons)}) | {' | '.join(row)} |")
    ours = statistics.median(times_s[names[0]])
    lines.append("| time, median | " + " | ".join(f"{statistics.median(times_s[name]):.2f} s" for name in names) + " |")
    lines.append(
        f"| beside {names[0]} | " + " | ".join(f"{statistics.median(times_s[n]) / ours:.1f} times" for n in names) + " |"
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1, help="runs of each program")
    parser.add_argument("--odd", type=int, default=0, help="add this to every port, so that no number helps")
    parser.add_argument("--daemon", action="append", default=[], help="only these, by name")
    parser.add_argument("--part", default="1/1", help="only the first, second ... of so many parts of the daemons: 2/3")
    parser.add_argument("--limit", type=float, default=1200, help="seconds after which a program is stopped")
    options = parser.parse_args(arguments)
    part, parts = map(int, options.part.split("/"))
    usual = [one.name for one in (*DAEMONS, *MORE) if not one.beside]
    wanted = options.daemon or (usual[part - 1 :: parts] if parts > 1 else [])
    with Lab("versions") as lab:
        site = build(lab, wanted, options.odd, DAEMONS + MORE + FURTHER)
        for note in site.notes:
            print(note)
        times_s: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        found: dict[str, Found] = {}
        for _round in range(options.rounds):
            for name in CONTENDERS:
                found[name], took_s = ask(site, name, options.limit)
                times_s[name].append(took_s)
                print(f"{name}: {len(found[name])} ports told of, {took_s:.2f} s", flush=True)
        print("\n" + table(site, found, times_s))
    return 0


if __name__ == "__main__":
    sys.exit(main())
