"""What is measured: each work is a lab to build and the programs that do the same on it.

To add one, write a function that builds its hosts and an entry in :data:`WORKS`. Everybody's output is nmap's XML, so that one
reader serves all and nobody writes less than another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hatoba.lab import Host, Lab
from hatoba.lab.topologies import truth_host
from hatoba.lab.topologies.truth import ADDRESSES, OPEN_PORTS

PortStates = dict[tuple[str, int], str]
"""The word of its state, by address and port."""

HATOBA = (sys.executable, "-P", "-m", "hatoba", "scan", "-oX", "-", "--no-progress")
NMAP = ("nmap", "-n", "-Pn", "-oX", "-")
PORTS = "1-65535"


@dataclass(frozen=True, slots=True)
class Contender:
    """A program with its options."""

    name: str
    argv: tuple[str, ...]
    """Without the targets, which are put behind it."""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Bed:
    """A lab that is ready to be scanned."""

    scanner: Host
    targets: tuple[str, ...]
    expected: PortStates
    """What the ports truly are, as far as this method can see it."""


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work for all contenders."""

    name: str
    title: str
    lay: Callable[[Lab], Bed]
    contenders: tuple[Contender, ...]
    limit_s: int = 300
    """After which a contender is stopped."""


def hatoba(name: str, *options: str) -> Contender:
    return Contender(name, (*HATOBA, *options), ours=True)


def nmap(name: str, *options: str) -> Contender:
    return Contender(name, (*NMAP, *options))


def open_host(lab: Lab) -> Bed:
    """One host that answers on every port: 116 are open, the others closed."""
    near, far = ADDRESSES[4]
    scanner, target = lab.add_host("scanner", [f"{near}/24"]), lab.add_host("target", [f"{far}/24"])
    lab.link(scanner, target)
    target.listen(OPEN_PORTS)
    opened = frozenset(OPEN_PORTS)
    return Bed(scanner, (far,), {(far, port): "open" if port in opened else "closed" for port in range(1, 65536)})


def walled_host(method: str) -> Callable[[Lab], Bed]:
    """The same with 11 ports that swallow and 7 that refuse by ICMP: see ``hatoba.lab.topologies.truth``."""

    def lay(lab: Lab) -> Bed:
        hosts = truth_host(lab)
        truth = hosts.expected(4, method)
        address = hosts.address()
        return Bed(hosts.scanner, (address,), {(address, port): state.word for port, (state, _why) in truth.items()})

    return lay


SYN = hatoba("hatoba --syn", "--syn", "-p", PORTS)
NMAP_SYN = nmap("nmap -sS -T4", "-sS", "-T4", "-p", PORTS)
CONNECT = hatoba("hatoba --connect", "--connect", "-p", PORTS)
NMAP_CONNECT = nmap("nmap -sT -T4", "-sT", "-T4", "-p", PORTS)

WORKS: tuple[Work, ...] = (
    Work(
        "one-host",
        "SYN, 65,535 ports, one host",
        open_host,
        (SYN, NMAP_SYN, nmap("nmap -sS --min-rate 100000", "-sS", "--min-rate", "100000", "-p", PORTS)),
    ),
    Work(
        "connect",
        "connect(), 65,535 ports, one host",
        open_host,
        (CONNECT, NMAP_CONNECT, nmap("nmap -sT -T5 --min-rate 100000", "-sT", "-T5", "--min-rate", "100000", "-p", PORTS)),
    ),
    Work(
        "walled",
        "SYN, 65,535 ports, one host, 11 dropped and 7 rejected by ICMP",
        walled_host("syn"),
        (SYN, NMAP_SYN),
    ),
    Work(
        "walled-connect",
        "connect(), 65,535 ports, one host, 11 dropped and 7 rejected by ICMP",
        walled_host("connect"),
        (CONNECT, NMAP_CONNECT),
    ),
)


def by_name(works: tuple[Work, ...] = WORKS) -> Mapping[str, Work]:
    return {work.name: work for work in works}
