"""A crowd on one link: hundreds of addresses scattered over a network, all answered for by one host, and a host to look from.

What the link loses is lost at the crowd's side, in both directions: the scanner's own taps see a frame before any rule of its
host can drop it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab

NETWORKS = {4: "198.19.0.0/16", 6: "fd00:18::/112"}
"""By IP version: the network of the link, 65,536 addresses."""
SCANNERS = {4: "198.19.0.1", 6: "fd00:18::1"}
OPEN_PORTS = (22, 80)
_LOSS = """\
table netdev loss {{
  chain in {{
    type filter hook ingress device eth0 priority 0
    numgen random mod 100 < {percent} counter drop
  }}
  chain out {{
    type filter hook egress device eth0 priority 0
    numgen random mod 100 < {percent} counter drop
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The hosts of :func:`crowd`. ``addresses``: by IP version, those that are answered for, in order."""

    lab: Lab
    scanner: Host
    host: Host
    addresses: dict[int, tuple[str, ...]]


def crowd(lab: Lab, *, count: int = 300, loss_percent: int = 0, seed: int = 1) -> Crowd:
    """Build it in *lab*. The same *seed* chooses the same *count* addresses; *loss_percent* is lost in each direction, ARP and
    neighbour discovery included. Raise :class:`LabError`, for a loss without nft for instance."""
    scanner = lab.add_host("scanner", [f"{SCANNERS[4]}/16", f"{SCANNERS[6]}/112"])
    # Its addresses are answered for by ARP and by neighbour discovery; the link-local one has the route back.
    host = lab.add_host("crowd", routes=[f"{NETWORKS[version]} dev eth0" for version in (4, 6)])
    chosen = {version: scattered(version, count, seed) for version in (4, 6)}
    lab.link(scanner, host)
    host.add_address("eth0", *(f"{address}/{32 if version == 4 else 128}" for version in (4, 6) for address in chosen[version]))
    host.listen(OPEN_PORTS)
    if loss_percent:
        host.rules(_LOSS.format(percent=loss_percent))
    return Crowd(lab, scanner, host, chosen)


def scattered(version: int, count: int, seed: int) -> tuple[str, ...]:
    """*count* different addresses of the network, neither its first nor its last nor the scanner's, in order."""
    base = IPv4Address(NETWORKS[4].partition("/")[0]) if version == 4 else IPv6Address(NETWORKS[6].partition("/")[0])
    numbers = random.Random(seed).sample(range(2, 65535), count)
    return tuple(str(base + number) for number in sorted(numbers))
