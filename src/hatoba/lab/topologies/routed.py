"""A network behind two routers, one of which filters::

    scanner ---------------- first ---------------- second ---------------- site
    198.18.0.1    198.18.0.254  198.18.1.1    198.18.1.2  198.18.64.254     198.18.64.0/24, thirty addresses
    fd00:18::1    fd00:18::fe   fd00:18:1::1  fd00:18:1::2  fd00:18:64::fe  fd00:18:64::/120, likewise

A router that is asked with too short a time to live answers from its interface towards the asker, so the hops are 198.18.0.254,
198.18.1.2 and the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab

NETWORKS = {4: "198.18.64.0/24", 6: "fd00:18:64::/120"}
"""By IP version: the network behind both routers."""
HOPS = {4: ("198.18.0.254", "198.18.1.2"), 6: ("fd00:18::fe", "fd00:18:1::2")}
"""By IP version: how the first and the second router show themselves to the scanner."""
LIVE_NUMBERS = tuple(range(3, 243, 8))
"""Last bytes of the thirty addresses that somebody has."""
OPEN_PORTS = (22, 25, 80, 443)
REJECTED_PORT = 25
"""Refused by the filtering router with administratively prohibited, though somebody listens."""
DROPPED_PORT = 80
"""Swallowed by the filtering router, though somebody listens."""
ROUTERS = ("first", "second")

_FORWARD = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}
_LIMITS = {"net.ipv4.icmp_ratelimit": 1000, "net.ipv4.icmp_ratemask": 6168, "net.ipv6.icmp.ratelimit": 1000}
_NO_LIMITS = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
_FILTER = f"""\
table inet fence {{
  chain forward {{
    type filter hook forward priority filter
    tcp dport {REJECTED_PORT} reject with icmpx type admin-prohibited
    tcp dport {DROPPED_PORT} drop
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Routed:
    """The hosts of :func:`routed`. ``filtering``: the router that filters."""

    lab: Lab
    scanner: Host
    first: Host
    second: Host
    site: Host
    filtering: Host

    @staticmethod
    def live(version: int = 4) -> tuple[str, ...]:
        """The addresses of the network that somebody has."""
        base = NETWORKS[version].partition("/")[0]
        if version == 4:
            return tuple(base.removesuffix("0") + str(number) for number in LIVE_NUMBERS)
        return tuple(str(IPv6Address(base) + number) for number in LIVE_NUMBERS)

    def hop(self, router: Host, version: int = 4) -> str:
        """The address under which a router answers the scanner."""
        return HOPS[version][ROUTERS.index(router.name)]


def routed(lab: Lab, *, filtering: str = "second", icmp_limit: bool = False, silent: bool = True) -> Routed:
    """Build it in *lab*. *filtering*: the router that filters, ``first`` or ``second``. *icmp_limit*: the kernel's limit of
    ICMP errors on the routers and the site. *silent*: nothing tells that an address is nobody's; otherwise the second router
    does, by host unreachable, after its question for the neighbour has met no answer. Raise :class:`LabError`."""
    limits = _LIMITS if icmp_limit else _NO_LIMITS
    scanner = lab.add_host(
        "scanner", ["198.18.0.1/24", "fd00:18::1/64"], routes=["default via 198.18.0.254", "default via fd00:18::fe"]
    )
    first = lab.add_host(
        "first",
        ["198.18.0.254/24", "fd00:18::fe/64"],
        sysctls={**_FORWARD, **limits},
    )
    second = lab.add_host(
        "second",
        ["198.18.1.2/24", "fd00:18:1::2/64"],
        sysctls={**_FORWARD, **limits},
        routes=["default via 198.18.1.1", "default via fd00:18:1::1"],
    )
    site = lab.add_host("site", sysctls=limits, routes=["default via 198.18.64.254", "default via fd00:18:64::fe"])
    lab.link(scanner, first)
    lab.link(second, first, second_addresses=["198.18.1.1/24", "fd00:18:1::1/64"])
    prefixes = {4: 24, 6: 120}
    addresses = [f"{address}/{prefix}" for version, prefix in prefixes.items() for address in Routed.live(version)]
    own = ["198.18.64.254/32", "fd00:18:64::fe/128"] if silent else ["198.18.64.254/24", "fd00:18:64::fe/120"]
    lab.link(site, second, first_addresses=addresses, second_addresses=own)
    first.add_route(*(f"{NETWORKS[version]} via {HOPS[version][1]}" for version in (4, 6)))
    if silent:
        second.add_route(*(f"{address} dev eth1" for version in (4, 6) for address in Routed.live(version)))
        second.add_route(*(f"blackhole {NETWORKS[version]}" for version in (4, 6)))
    hosts = {"first": first, "second": second}
    hosts[filtering].rules(_FILTER)
    site.listen(OPEN_PORTS)
    return Routed(lab, scanner, first, second, site, hosts[filtering])
