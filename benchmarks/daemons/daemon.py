"""A row of the tables of daemons: how one is started, and the truth about it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hatoba.lab import Host
from hatoba.lab.programs import find_program


@dataclass(frozen=True)
class Daemon:
    name: str
    program: str
    package: str
    port: int
    word: str
    """What its product is called by anybody who recognises it."""
    start: Callable[[Host, int], Sequence[str]]
    """Writes its files and returns the command line."""
    service: str
    protocol: str = "tcp"
    tls: bool = False
    tells_version: bool = True
    """Whether it tells its version to strangers at all."""
    movable: bool = True
    """Whether its port can be chosen."""
    needs_package: bool = False
    """Whether the program alone is not enough, as where it is an interpreter that runs what the package brings."""
    beside: str = ""
    """Of which other row this is one more port; it is not started by itself."""

    def installed(self) -> bool:
        return find_program(self.program) is not None and not (self.needs_package and not self.version())

    def version(self) -> str:
        """Of the installed package, without the distribution's own part: ``9.2p1``; empty where it is not installed."""
        done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", self.package], capture_output=True, text=True, check=False)
        found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*(?:p\d+)?)", done.stdout)
        return found[1] if found else ""


def beside(
    other: str,
    name: str,
    port: int,
    service: str,
    word: str = "",
    *,
    protocol: str = "tcp",
    tls: bool = False,
    tells_version: bool = False,
    package: str = "",
) -> Daemon:
    """One more port of the daemon called *other*."""

    def start(_host: Host, _port: int) -> Sequence[str]:
        raise AssertionError("it is there when the other is")

    return Daemon(name, "", package or other, port, word, start, service, protocol, tls, tells_version, False, beside=other)
