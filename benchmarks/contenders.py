"""The programs that are measured, and how each one's report is read."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks import nmap_xml
from benchmarks.open_lists import read_grepable, read_masscan, read_zmap
from benchmarks.truth import HostStates, States, differences, open_differences


@dataclass(frozen=True, slots=True)
class Report:
    """``read`` raises ValueError for what is no report, as a run leaves it that was stopped."""

    read: Callable[[str], dict[str, HostStates]]
    compare: Callable[[States, States, range], Counter[str]]


XML = Report(nmap_xml.read, differences)
GREPABLE = Report(read_grepable, open_differences)
MASSCAN_LIST = Report(read_masscan, open_differences)
ZMAP_LIST = Report(read_zmap, open_differences)


@dataclass(frozen=True, slots=True)
class Contender:
    """A program with its options."""

    name: str
    argv: tuple[str, ...]
    """Without the targets, which are put behind it; ``{source}``, ``{source_mac}`` and ``{next_mac}`` are filled in."""
    ours: bool = False
    report: Report = XML

    def options(self, words: Mapping[str, str]) -> list[str]:
        """With *words* filled in."""
        return [re.sub(r"\{(\w+)\}", lambda place: words.get(place[1], place[0]), option) for option in self.argv[1:]]


def hatoba(name: str, *options: str) -> Contender:
    return Contender(name, (sys.executable, "-P", "-m", "hatoba", "scan", "-oX", "-", "--no-progress", *options), True)


def hatoba_open(name: str, *options: str) -> Contender:
    """Telling of open ports only, as masscan and zmap do."""
    argv = (sys.executable, "-P", "-m", "hatoba", "scan", "-oG", "-", "--open", "-Pn", "--no-progress", *options)
    return Contender(name, argv, True, GREPABLE)


def nmap(name: str, *options: str) -> Contender:
    return Contender(name, ("nmap", "-n", "-oX", "-", *options))


def masscan(name: str, *options: str) -> Contender:
    """It can't find its way on a veth pair by itself."""
    link = ("--adapter", "eth0", "--adapter-ip", "{source}", "--adapter-mac", "{source_mac}", "--router-mac", "{next_mac}")
    return Contender(name, ("masscan", *link, "--wait", "2", "-oL", "-", *options), report=MASSCAN_LIST)


def zmap(name: str, *options: str) -> Contender:
    """Its list of networks never to be scanned, which holds the lab's, is left out."""
    link = ("-i", "eth0", "-S", "{source}", "-G", "{next_mac}", "-b", "/dev/null")
    return Contender(name, ("zmap", "-p", "80", *link, "-q", "-r", "0", "-c", "2", "-o", "-", *options), report=ZMAP_LIST)
