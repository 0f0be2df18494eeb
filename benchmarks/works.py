"""What is measured: each work is a bed to lay and the programs that do the same on it.

To add one, write a function that lays its bed (``beds.py``) and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.beds import Bed, dense, firewalled_host, lossy_host, office, open_host, sweep, walled_host
from benchmarks.contenders import Contender, hatoba, hatoba_open, masscan, nmap, zmap
from hatoba.lab import Lab

PORTS = "1-65535"
MASSCAN_LIMIT_S = 45
"""Often it never ends after its last packet, though it means to wait ten seconds; its rate is told all the same."""


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work for all contenders."""

    name: str
    title: str
    lay: Callable[[Lab], Bed]
    contenders: tuple[Contender, ...]
    limit_s: int = 300
    """After which a contender is stopped."""


SYN = hatoba("hatoba --syn", "--syn", "-p", PORTS)
NMAP_SYN = nmap("nmap -sS -T4", "-Pn", "-sS", "-T4", "-p", PORTS)
CONNECT = hatoba("hatoba --connect", "--connect", "-p", PORTS)
NMAP_CONNECT = nmap("nmap -sT -T4", "-Pn", "-sT", "-T4", "-p", PORTS)


def _fast(rate: int, *options: str) -> Contender:
    return nmap(f"nmap {' '.join(options)} --min-rate {rate}", "-Pn", *options, "--min-rate", str(rate), "-p", PORTS)


WORKS: tuple[Work, ...] = (
    Work("one-host", "SYN, 65,535 ports, one host", open_host, (SYN, NMAP_SYN, _fast(100_000, "-sS"))),
    Work(
        "connect",
        "connect(), 65,535 ports, one host",
        open_host,
        (CONNECT, NMAP_CONNECT, _fast(100_000, "-sT", "-T5")),
    ),
    Work(
        "firewalled",
        "SYN, 65,535 ports, one host whose firewall swallows all but 103",
        firewalled_host,
        (SYN, NMAP_SYN, _fast(50_000, "-sS")),
    ),
    Work(
        "office",
        "SYN, 1,000 ports, a /25 with 100 hosts that have to be found",
        office,
        (hatoba("hatoba --syn", "--syn", "-p", "1-1000"), nmap("nmap -sS -T4", "-sS", "-T4", "-p", "1-1000")),
    ),
    Work(
        "dense",
        "SYN, 65,536 ports of 48 hosts",
        dense(48),
        (
            hatoba_open("hatoba --syn", "--syn", "-p", "0-65535"),
            masscan("masscan", "-p", "0-65535", "--rate", "10000000"),
        ),
        MASSCAN_LIMIT_S,
    ),
    Work(
        "sweep",
        "SYN, one port, 131,072 addresses of which 101 answer",
        sweep("198.18.0.0/15"),
        (
            hatoba_open("hatoba --syn", "--syn", "-p", "80"),
            zmap("zmap -T 1", "-T", "1"),
            zmap("zmap -T 2", "-T", "2"),
            masscan("masscan", "-p", "80", "--rate", "10000000"),
        ),
        MASSCAN_LIMIT_S,
    ),
    Work(
        "lossy",
        "SYN, 65,535 ports, one host, 5 of 100 packets to it are lost",
        lossy_host,
        (SYN, NMAP_SYN, masscan("masscan", "-p", PORTS, "--rate", "10000000")),
        MASSCAN_LIMIT_S,
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


def _sweep(series: str, network: str) -> Work:
    name = f"{series}-{network.partition('/')[2]}"
    return Work(name, f"SYN, one port, all of {network}", sweep(network), WORKS[5].contenders[:1])


GROWTH: tuple[Work, ...] = (
    *(
        Work(f"dense-{hosts}", f"SYN, 65,536 ports of {hosts} hosts", dense(hosts), WORKS[4].contenders[:1])
        for hosts in (16, 32, 64)
    ),
    *(_sweep("sweep", f"198.18.0.0/{prefix}") for prefix in (18, 16, 15)),
    *(_sweep("sweep6", f"fd00:18::/{prefix}") for prefix in (114, 112, 111, 110)),
    *(
        Work(
            f"wide-{ports}",
            f"SYN, {ports} ports of all of 198.18.0.0/15, each asked once",
            sweep("198.18.0.0/15", ports=ports),
            (hatoba_open("hatoba --syn --max-retries 0", "--syn", "-p", f"80-{79 + ports}", "--max-retries", "0"),),
        )
        for ports in (16, 32, 64)
    ),
)
"""Whether cost grows with the work and no faster, and memory does not grow: series of works, each larger than the one before,
whose names begin alike. The sweeps in IPv6 go on where the lab has no more addresses in IPv4. The wide ones are one, two and
four legs (``hatoba.engine.legs.leg``) one after the other, as sweeps of whole countries are."""


def by_name(works: tuple[Work, ...] = (*WORKS, *GROWTH)) -> Mapping[str, Work]:
    return {work.name: work for work in works}
