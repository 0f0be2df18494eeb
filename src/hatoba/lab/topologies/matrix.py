"""Targets in every condition that a port can be in, at every place that a target can be at: the matrix to hold scan methods
against. What they have to tell stands in :mod:`.matrix_truth`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab
from hatoba.lab.topologies.matrix_rules import OPEN, PORTS, SILENT, ruleset
from hatoba.lab.topologies.matrix_truth import Place

_FORWARD = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}
_UNLIMITED = {"net.ipv4.icmp_ratelimit": 0, "net.ipv4.icmp_ratemask": 0, "net.ipv6.icmp.ratelimit": 0}
_LIMITED = {"net.ipv4.icmp_ratelimit": 1000, "net.ipv4.icmp_ratemask": 6168, "net.ipv6.icmp.ratelimit": 1000}
"""Linux' defaults (Documentation/networking/ip-sysctl.rst)."""

ADDRESSES = {
    Place.ON_LINK: {4: "198.18.0.2", 6: "fd00:18::2"},
    Place.ROUTED: {4: "198.18.2.2", 6: "fd00:18:2::2"},
    Place.LOOPBACK: {4: "127.0.0.1", 6: "::1"},
}
"""By place and IP version: the target's address, as its scanner sees it."""

ROUTER = {4: "198.18.1.254", 6: "fd00:18:1::fe"}
"""By IP version: the address that the router's ICMP errors come from."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The hosts of :func:`matrix`: by place the one to scan from and the target, which are one and the same on loopback."""

    lab: Lab
    scanners: Mapping[Place, Host]
    targets: Mapping[Place, Host]
    router: Host

    @staticmethod
    def address(place: Place, family: int) -> str:
        """The target's address."""
        return ADDRESSES[place][family]

    @staticmethod
    def responder(place: Place, family: int) -> str:
        """Who sends the firewall's ICMP errors."""
        return ROUTER[family] if place is Place.ROUTED else ADDRESSES[place][family]


def matrix(lab: Lab, *, icmp_limit: bool = False) -> Matrix:
    """Build the three places in *lab*, each apart from the others. Linux rations ICMP errors by peer (``icmp_ratelimit``);
    this is switched off unless *icmp_limit*. Raise :class:`LabError`, without nft for instance."""
    sysctls = _LIMITED if icmp_limit else _UNLIMITED

    alone = lab.add_host("alone", sysctls=sysctls, rules=ruleset("input", "lo"))

    near = lab.add_host("near", ["198.18.0.1/24", "fd00:18::1/64"])
    target = lab.add_host("target", ["198.18.0.2/24", "fd00:18::2/64"], sysctls=sysctls, rules=ruleset("input", "eth0"))
    lab.link(near, target)

    far = lab.add_host(
        "far", ["198.18.1.1/24", "fd00:18:1::1/64"], routes=[f"default via {ROUTER[4]}", f"default via {ROUTER[6]}"]
    )
    router = lab.add_host("router", sysctls={**_FORWARD, **sysctls}, rules=ruleset("forward", "eth0"))
    inside = lab.add_host(
        "inside",
        ["198.18.2.2/24", "fd00:18:2::2/64"],
        routes=["default via 198.18.2.254", "default via fd00:18:2::fe"],
        sysctls=sysctls,
    )
    lab.link(router, far, first_addresses=[f"{ROUTER[4]}/24", f"{ROUTER[6]}/64"])
    lab.link(router, inside, first_addresses=["198.18.2.254/24", "fd00:18:2::fe/64"])

    targets = {Place.ON_LINK: target, Place.ROUTED: inside, Place.LOOPBACK: alone}
    for host in targets.values():
        host.listen([PORTS[OPEN]], udp=[PORTS[OPEN]], silent_udp=[PORTS[SILENT]])
        host.listen_sctp([PORTS[OPEN]])
    return Matrix(lab, {Place.ON_LINK: near, Place.ROUTED: far, Place.LOOPBACK: alone}, targets, router)
