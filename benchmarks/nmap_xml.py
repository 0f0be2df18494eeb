"""States of ports out of nmap's XML, as nmap and hatoba write it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from benchmarks.truth import HostStates


def read(text: str) -> dict[str, HostStates]:
    """By address; hosts of which nothing is told but that they are down are left out. Raises ValueError for what is not XML,
    as a run leaves it that was stopped."""
    found: dict[str, HostStates] = {}
    try:
        hosts = list(ET.fromstring(text).iter("host"))
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    for host in hosts:
        address = next(node.get("addr", "") for node in host.iter("address") if node.get("addrtype") != "mac")
        states = HostStates()
        rest = [node.get("state", "") for node in host.iter("extraports")]
        if len(rest) == 1:
            states.rest = rest[0]
        for port in host.iter("port"):
            state = port.find("state")
            if state is not None:
                states.ports[int(port.get("portid", ""))] = state.get("state", "")
        if states != HostStates():
            found[address] = states
    return found
