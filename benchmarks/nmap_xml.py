"""States of ports out of nmap's XML, as nmap and hatoba write it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

States = Mapping[tuple[str, int], str]


@dataclass(slots=True)
class Found:
    """What a run reported."""

    ports: dict[tuple[str, int], str] = field(default_factory=dict)
    """Ports that were listed one by one."""
    summed_up: dict[str, str] = field(default_factory=dict)
    """By address: the state of all others, where the report has one for them."""


def read(text: str) -> Found:
    """Raises ``ET.ParseError`` for what is not XML, as a run leaves it that was stopped."""
    found = Found()
    for host in ET.fromstring(text).iter("host"):
        address = next(node.get("addr", "") for node in host.iter("address") if node.get("addrtype") != "mac")
        rest = [node.get("state", "") for node in host.iter("extraports")]
        if len(rest) == 1:
            found.summed_up[address] = rest[0]
        for port in host.iter("port"):
            state = port.find("state")
            if state is not None:
                found.ports[address, int(port.get("portid", ""))] = state.get("state", "")
    return found


def differences(found: Found, expected: States) -> Counter[str]:
    """How many ports were reported otherwise than they are: ``"filtered as closed": 1``. Nothing reported is ``missing``."""
    counted: Counter[str] = Counter()
    for (address, port), truth in expected.items():
        reported = found.ports.get((address, port)) or found.summed_up.get(address, "missing")
        if reported != truth:
            counted[f"{truth} as {reported}"] += 1
    return counted
