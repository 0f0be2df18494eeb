"""Open ports out of reports that tell of nothing else: masscan's list, zmap's addresses, grepable lines."""

from __future__ import annotations

import re

from benchmarks.truth import HostStates


def read_masscan(text: str) -> dict[str, HostStates]:
    """Lines like ``open tcp 80 198.18.0.2 1764000000``, as ``-oL`` writes them."""
    found: dict[str, HostStates] = {}
    for port, address in re.findall(r"^open tcp (\d+) (\S+) ", text, re.MULTILINE):
        found.setdefault(address, HostStates()).ports[int(port)] = "open"
    return found


def read_zmap(text: str, port: int = 80) -> dict[str, HostStates]:
    """An address a line: each has *port* open."""
    return {address: HostStates({port: "open"}) for address in text.split() if re.fullmatch(r"[\d.]+", address)}


def read_grepable(text: str) -> dict[str, HostStates]:
    """Lines like ``Host: 198.18.0.2 ()<tab>Ports: 22/open/tcp//ssh///, ...``, as ``-oG`` writes them."""
    found: dict[str, HostStates] = {}
    for address, ports in re.findall(r"^Host: (\S+) .*?\tPorts: ([^\t\n]*)", text, re.MULTILINE):
        numbers = [int(port) for port in re.findall(r"\b(\d+)/open/tcp", ports)]
        found.setdefault(address, HostStates()).ports.update(dict.fromkeys(numbers, "open"))
    return found
