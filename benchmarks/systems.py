"""Which system a host runs: hatoba's -O and nmap's, on the same hosts of a lab, in turn.

``python -m benchmarks.systems`` makes hosts on a link, behind two routers and behind packet filters, asks each with both
programs and prints what they said, and the times as a ratio. All hosts are this machine's kernel, so the truth is one: its
release.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from xml.etree import ElementTree

from hatoba.lab import Host, Lab
from hatoba.lab.topologies import routed

_FORMER, _LINK = "filter hook input priority filter", ("198.18.0.2", "fd00:18::2")
WALLS = {
    "a stateful firewall": "ct state invalid drop; ct state established,related accept; tcp dport { 22, 80 } accept;"
    " meta l4proto tcp drop;",
    "a filter of SYN": "tcp dport 25 tcp flags & (syn|ack) == syn drop;",
    "a filter of a port": "tcp dport 25 drop;",
}
_OPEN = (22, 80)


@dataclass(frozen=True)
class Scene:
    name: str
    scanner: Host
    targets: tuple[str, ...]
    ports: str


def read_hatoba(text: str) -> dict[str, list[str]]:
    """Names of systems by address."""
    hosts = (line for line in map(json.loads, text.splitlines()) if line["type"] == "host")
    return {line["address"]: [one["name"] for one in line["systems"]["found"]] for line in hosts if "systems" in line}


def read_nmap(text: str) -> dict[str, list[str]]:
    """The same of nmap's XML: the matches that it is as sure of as of the best one."""
    found = {}
    for host in ElementTree.fromstring(text).iter("host"):
        matches = [(int(match.get("accuracy", 0)), match.get("name", "")) for match in host.iter("osmatch")]
        best = max((accuracy for accuracy, _name in matches), default=0)
        address = next(host.iter("address")).get("addr", "")
        found[address] = [name for accuracy, name in matches if accuracy == best]
    return found


CONTENDERS: dict[str, tuple[list[str], Callable[[str], dict[str, list[str]]]]] = {
    "hatoba -O": ([sys.executable, "-P", "-m", "hatoba", "scan", "--no-progress", "-O", "-Pn", "-oJ", "-"], read_hatoba),
    "nmap -O": (["nmap", "-n", "-Pn", "-O", "-oX", "-"], read_nmap),
}


def judge(names: Sequence[str], release: str) -> str:
    """``right``: one system, whose versions include *release*; ``family``: Linux, in versions that don't, or among others;
    ``wrong``; ``none``."""
    if not names:
        return "none"
    if not any("Linux" in name for name in names):
        return "wrong"
    span = re.search(r"Linux (\d+)\.(\d+)(?:[\d.]*)(?: (?:to|-) (\d+)\.(\d+|x))?", names[0])
    if len(names) > 1 or span is None:
        return "family"
    truth = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    first = int(span[1]), int(span[2])
    last = first if span[3] is None else (int(span[3]), 10_000 if span[4] == "x" else int(span[4]))
    return "right" if first <= truth <= last else "family"


@contextmanager
def _on_link(name: str, rules: str = "") -> Iterator[Scene]:
    with Lab("systems") as lab:
        scanner = lab.add_host("scanner", ["198.18.0.1/24", "fd00:18::1/64"])
        chain = f"table inet wall {{ chain input {{ type {_FORMER}; {rules} }}; }}"
        target = lab.add_host("target", [f"{_LINK[0]}/24", f"{_LINK[1]}/64"], rules=chain if rules else None)
        lab.link(scanner, target)
        target.listen(_OPEN)
        yield Scene(name, scanner, _LINK if not rules else _LINK[:1], "22,25,80,443")


@contextmanager
def _behind_routers() -> Iterator[Scene]:
    with Lab("systems") as lab:
        site = routed(lab)
        yield Scene("behind two routers", site.scanner, (*site.live(4)[:4], *site.live(6)[:2]), "22,23,443")


def _ask(scene: Scene, name: str) -> tuple[dict[str, list[str]], float]:
    argv, read = CONTENDERS[name]
    found: dict[str, list[str]] = {}
    began_s = time.monotonic()
    for six in (False, True):
        its = [target for target in scene.targets if (":" in target) == six]
        if its:
            done = scene.scanner.run([*argv, "-p", scene.ports, *(["-6"] if six else []), *its], timeout_s=100)
            found |= read(done.stdout)
    return found, time.monotonic() - began_s


def main() -> int:
    release = platform.release()
    print(f"Truth: Linux {release}\n\n| where | host | {' | '.join(CONTENDERS)} |\n| --- | --- |{' --- |' * len(CONTENDERS)}")
    counts: dict[str, Counter[str]] = {name: Counter() for name in CONTENDERS}
    spent_s = dict.fromkeys(CONTENDERS, 0.0)
    scenes = [_on_link("on a link"), _behind_routers(), *(_on_link(f"behind {name}", rules) for name, rules in WALLS.items())]
    for making in scenes:
        with making as scene:
            found = {}
            for name in CONTENDERS:
                found[name], took_s = _ask(scene, name)
                spent_s[name] += took_s
            for target in scene.targets:
                cells = []
                for name in CONTENDERS:
                    names = found[name].get(target, [])
                    mark = judge(names, release)
                    counts[name][mark] += 1
                    cells.append(f"{mark}: {', '.join(names[:2])}{' ...' if len(names) > 2 else ''}".rstrip(": "))
                print(f"| {scene.name} | {target} | {' | '.join(cells)} |", flush=True)
    print(f"\n| | {' | '.join(CONTENDERS)} |\n| --- |{' ---: |' * len(CONTENDERS)}")
    for mark in ("right", "family", "wrong", "none"):
        print(f"| {mark} | {' | '.join(str(counts[name][mark]) for name in CONTENDERS)} |")
    ours = spent_s["hatoba -O"]
    print(f"| time | {' | '.join(f'{spent_s[name] / ours:.1f}' for name in CONTENDERS)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
