"""What the tests of the neighbour search call on a lab's hosts, by ``host.call("tests.net.neighbour_calls:search", ...)``."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from ipaddress import ip_address, ip_network
from typing import Any

import numpy as np

from hatoba.engine.neighbour_search import Neighbours, NeighbourSearch, Searching
from hatoba.engine.pacing.pace import Pace
from hatoba.errors import WireError
from hatoba.wire.network import KernelNetwork
from hatoba.wire.routes import Route, find_ways, link_index
from tests.net.wire_calls import ip

MANY = 50
_ETH_P_ARP = 0x0806


def run(search: NeighbourSearch, route: Route, family: int, packed: np.ndarray) -> tuple[Neighbours, list[int]]:
    """What is found, and how many were left at each sign of life."""
    looking = search.find(route.link, family, route.source, packed)
    signs: list[Searching] = []
    while True:
        try:
            signs.append(next(looking))
        except StopIteration as end:
            return end.value, [sign.left for sign in signs]


def route_of(address: str, zone: str | None = None) -> Route:
    number = int(ip_address(address))
    (way,) = find_ways(ip_address(address).version, [(number, number)], link_index(zone) if zone else 0)
    assert way.route is not None, way.problem
    return way.route


def search(network: str, leads_to: str, max_rate_pps: float | None = None, zone: str | None = None) -> dict[str, Any]:
    """Look for every address of *network* on the link that leads to one of them."""
    family = ip_network(network).version
    packed = np.frombuffer(b"".join(address.packed for address in ip_network(network)), np.uint8)
    packed = packed.reshape(-1, 4 if family == 4 else 16)
    route = route_of(leads_to, zone)
    looking = NeighbourSearch(KernelNetwork(time.monotonic), time.monotonic, Pace(time.monotonic(), None, max_rate_pps))
    began_s, used_s = time.monotonic(), time.process_time()
    found, signs = run(looking, route, family, packed)
    rtts_s = found.rtt_s[found.known]
    return {
        "took_s": time.monotonic() - began_s,
        "cpu_s": time.process_time() - used_s,
        "found": {
            str(ip_address(address.tobytes())): mac.tobytes().hex(":")
            for address, mac in zip(packed[found.known], found.macs[found.known], strict=True)
        },
        "rtt_s": [float(value) for value in np.percentile(rtts_s, [0, 50, 100])] if len(rtts_s) else [],
        "untimed": int(np.isnan(rtts_s).sum()),
        "sent": looking.sent,
        "drops": looking.drops,
        "problems": list(looking.problems),
        "signs": signs,
        "link": route.link.name,
    }


def search_with_many_descriptors(network: str, leads_to: str, count: int) -> list[str]:
    """Those who are found where the next descriptor's number is beyond what select() takes."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _number in range(count)]
    try:
        return list(search(network, leads_to)["found"])
    finally:
        for descriptor in held:
            os.close(descriptor)


def search_on_a_link_that_breaks(network: str, leads_to: str, what: str) -> str:
    """The sentence that a search ends in; the link is broken after its route is known."""
    kernel = KernelNetwork(time.monotonic)
    family = ip_network(network).version
    packed = np.frombuffer(b"".join(address.packed for address in ip_network(network)), np.uint8)
    route = route_of(leads_to)
    if what == "down":
        ip("link", "set", route.link.name, "down")
    elif what == "gone":
        ip("link", "delete", route.link.name)
    try:
        looking = NeighbourSearch(kernel, time.monotonic, Pace(time.monotonic()))
        run(looking, route, family, packed.reshape(-1, 4 if family == 4 else 16))
    except WireError as error:
        return str(error)
    return ""


def search_beside_a_forger(network: str, leads_to: str, forged_mac: str) -> dict[str, Any]:
    """What is found, looking again until many frames of the forger's came in meanwhile; and how many."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as tap:
        tap.setblocking(False)
        tap.bind((route_of(leads_to).link.name, _ETH_P_ARP))
        found: dict[str, str] = {}
        problems: list[str] = []
        forged = 0
        while forged <= MANY:
            told = search(network, leads_to)
            found |= told["found"]
            problems += told["problems"]
            with contextlib.suppress(BlockingIOError):
                while True:
                    forged += tap.recv(100)[6:12] == bytes.fromhex(forged_mac.replace(":", ""))
        return {"found": found, "problems": problems, "forged": forged}
