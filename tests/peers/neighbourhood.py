"""A small network for scans of all kinds, and what a scan of it wrote: nmap's XML and JSON Lines of the same run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hatoba.lab import Host, Lab
from tests.real_scans import COMMAND, Following, Line, Scanned, scan

WEB, DARK, DATA, NOBODY = "198.18.0.2", "198.18.0.3", "198.18.0.4", "198.18.0.99"
WEB_IPV6, WEB_LINK_LOCAL, DARK_IPV6 = "fd00:18::2", "fe80::2%eth0", "fd00:18::3"
FOREIGN_NAME = "波止場.lab"
HOSTILE_FILE = "a\x1b[31mb\"c'd<e>&f]]>--g\x7f\u202eh"

_WEB_RULES = """
table inet web {
  chain input {
    type filter hook input priority 0;
    tcp dport 25 drop
    tcp dport 110 reject with icmpx type admin-prohibited
  }
}
"""
_DARK_RULES = """
table inet dark {
  chain input {
    type filter hook input priority 0;
    meta l4proto tcp drop
  }
}
"""


@dataclass(frozen=True)
class Recorded:
    """One scan's XML, its JSON Lines, and how it ended."""

    xml: Path
    done: Scanned

    @property
    def lines(self) -> list[Line]:
        return self.done.lines


def build(lab: Lab) -> Host:
    """A host to scan from; a web server, a host that swallows everything and a database on its switch."""
    scanner = lab.add_host("scanner", ["198.18.0.1/24", "fd00:18::1/64", "fe80::1/64"])
    web = lab.add_host("web", [f"{WEB}/24", f"{WEB_IPV6}/64", "fe80::2/64"], rules=_WEB_RULES)
    dark = lab.add_host("dark", [f"{DARK}/24", f"{DARK_IPV6}/64"], rules=_DARK_RULES)
    data = lab.add_host("data", [f"{DATA}/24"])
    lab.bridge("lan", [scanner, web, dark, data])
    web.listen([22, 80])
    data.listen([6379])
    ascii_name = FOREIGN_NAME.encode("idna").decode()
    scanner.run(["sh", "-c", "cat >> /etc/hosts"], stdin=f"{WEB} {ascii_name}\n")
    return scanner


def _scan(*arguments: str) -> Callable[[Host, Path], Recorded]:
    def run(scanner: Host, folder: Path) -> Recorded:
        xml = folder / "scan.xml"
        return Recorded(xml, scan(scanner, "-oX", str(xml), *arguments))

    return run


def _hostile(scanner: Host, folder: Path) -> Recorded:
    """A file name full of what XML and terminals trip over, bytes that are no UTF-8 among it, and a name in another script."""
    xml, other = folder / "scan.xml", folder / HOSTILE_FILE
    shell = 'name=$1; shift; exec "$@" -oG "$name$(printf "\\377")"'
    arguments = ["-oJ", "-", "-oX", str(xml), "-vvv", "-p", "22,81", FOREIGN_NAME]
    done = scanner.run(["sh", "-c", shell, "sh", str(other), *COMMAND, *arguments])
    return Recorded(xml, Scanned.of(done))


def _interrupted(method: str) -> Callable[[Host, Path], Recorded]:
    def run(scanner: Host, folder: Path) -> Recorded:
        xml = folder / "scan.xml"
        with Following(scanner, method, "-p-", "--max-rate", "2000", "-vvv", "-oX", str(xml), WEB) as scan_under_way:
            scan_under_way.until_ports()
            scan_under_way.process.send_signal(signal.SIGINT)
            return Recorded(xml, scan_under_way.to_the_end())

    return run


SCANS: Mapping[str, Callable[[Host, Path], Recorded]] = {
    "everyday": _scan("-vvv", "--max-retries", "1", "-p", "1-200", WEB),
    "summed up": _scan("-p", "26-200", WEB),
    "open only": _scan("-vvv", "--open", "-p", "26-200", WEB),
    "connect": _scan("-vvv", "--connect", "-p", "22,80,81,110", WEB),
    "no host up": _scan("-vvv", "-p", "22,80", NOBODY),
    "IPv6 only": _scan("-vvv", "--authorized", "-p", "22,80,81,110", WEB_IPV6, WEB_LINK_LOCAL),
    "all filtered": _scan("-vvv", "--max-retries", "1", "-p", "22,80", DARK, DARK_IPV6),
    "several hosts": _scan("-vvv", "-p", "22,80,6379", WEB, DATA, WEB_IPV6),
    "every state": _scan("-vvv", "-sUA", "-sZ", "-p", "T:22,25,110,U:9,53,S:80", WEB),
    "closed ports alone answer": _scan("-vvv", "-sX", "-p", "22-25", WEB),
    "protocols above IP": _scan("-vvv", "-sO", "-p", "1,6,17,47,132,253", WEB),
    "hosts only": _scan("-sn", "-v", "--traceroute", "-R", "198.18.0.0/28", WEB_IPV6),
    "hosts of a network": _scan("-p", "22,80,6379", "198.18.0.0/27"),
    "listed": _scan("-sL", "-n", "198.18.0.0/28", WEB_IPV6),
    "out of time": _scan("-vvv", "--host-timeout", "500ms", "-p", "1-65535", DARK),
    "hostile names": _hostile,
    "interrupted": _interrupted("--syn"),
    "interrupted connect": _interrupted("--connect"),
}
"""By name: a scan, from the host to scan from and a folder for its files."""
