"""Where it is measured: hosts that are ready to be scanned, and the truth about their ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from benchmarks.truth import HostStates
from hatoba.lab import Host, Lab
from hatoba.lab.topologies import truth_host
from hatoba.lab.topologies.truth import ADDRESSES, OPEN_PORTS
from hatoba.model import State

ALL_PORTS = range(1, 65536)
_LOSS = """\
table netdev loss {{
  chain in {{
    type filter hook ingress device eth0 priority 0
    numgen random mod 100 < {percent} counter drop
  }}
}}
"""
_LOSS_BACK = """\
table inet loss_back {{
  chain out {{
    type filter hook output priority 0
    numgen random mod 100 < {percent} counter drop
  }}
}}
"""
_WALL = """\
table inet wall {{
  chain input {{
    type filter hook input priority filter
    tcp dport != {{ {passed} }} drop
  }}
}}
"""
_SWEPT_PORT = 80
_LAB = {4: "198.18.0.0/15", 6: "fd00:18::/32"}
_TO_ROUTER = {4: ("198.18.0.1", "198.18.0.2"), 6: ("fd00:18:1::1", "fd00:18:1::2")}
"""The scanner and the router that swept addresses are behind; in IPv6 these two are not among the swept ones."""


@dataclass(frozen=True, slots=True)
class Bed:
    """A lab that is ready to be scanned."""

    scanner: Host
    targets: tuple[str, ...]
    truth: dict[str, HostStates]
    """By address, hosts of which there is something to tell."""
    asked: range
    """The ports."""
    words: dict[str, str] = field(default_factory=dict)
    """What contenders' options have filled in."""

    @property
    def questions(self) -> int:
        return len(self.asked) * len(self.truth)


def _bed(scanner: Host, target: Host, targets: tuple[str, ...], truth: dict[str, HostStates], asked: range) -> Bed:
    link = scanner.links[0]
    source = scanner.address(ip_network(targets[0]).version)
    words = {"source": source, "source_mac": link.end(scanner).mac, "next_mac": link.end(target).mac}
    return Bed(scanner, targets, truth, asked, words)


def _opened(rest: str) -> HostStates:
    return HostStates(dict.fromkeys(OPEN_PORTS, "open"), rest)


def open_host(lab: Lab, *, loss_percent: int = 0) -> Bed:
    """One host that answers on every port: 116 are open, the others closed. So many of a hundred packets to it are lost."""
    near, far = ADDRESSES[4]
    rules = _LOSS.format(percent=loss_percent) if loss_percent else ""
    scanner, target = lab.add_host("scanner", [f"{near}/24"]), lab.add_host("target", [f"{far}/24"])
    lab.link(scanner, target)
    if rules:
        target.rules(rules)
    target.listen(OPEN_PORTS)
    return _bed(scanner, target, (far,), {far: _opened("closed")}, ALL_PORTS)


def lossy_host(lab: Lab) -> Bed:
    return open_host(lab, loss_percent=5)


def way_that_loses(lab: Lab, percent: int) -> Bed:
    """The same host, where so many of a hundred packets are lost in each direction."""
    bed = open_host(lab, loss_percent=percent)
    if percent:  # not on the way into the scanner: packet sockets see what is dropped there
        lab.host("target").rules(_LOSS_BACK.format(percent=percent))
    return bed


def walled_host(method: str) -> Callable[[Lab], Bed]:
    """One host with 116 open ports, 11 that swallow and 7 that refuse by ICMP: see ``hatoba.lab.topologies.truth``."""

    def lay(lab: Lab) -> Bed:
        hosts = truth_host(lab)
        told = hosts.expected(4, method)
        named = {port: state.word for port, (state, _why) in told.items() if state is not State.CLOSED}
        return _bed(hosts.scanner, hosts.target, (hosts.address(),), {hosts.address(): HostStates(named, "closed")}, ALL_PORTS)

    return lay


def firewalled_host(lab: Lab) -> Bed:
    """One host whose firewall swallows all but 103 ports, of which a hundred are open."""
    near, far = ADDRESSES[4]
    opened, closed = range(20000, 20100), (22, 80, 443)
    passed = ", ".join(map(str, (*closed, *opened)))
    scanner = lab.add_host("scanner", [f"{near}/24"])
    target = lab.add_host("target", [f"{far}/24"], rules=_WALL.format(passed=passed))
    lab.link(scanner, target)
    target.listen(opened)
    named = dict.fromkeys(opened, "open") | dict.fromkeys(closed, "closed")
    return _bed(scanner, target, (far,), {far: HostStates(named, "filtered")}, ALL_PORTS)


def office(lab: Lab) -> Bed:
    """A /25 with a hundred hosts, which have to be found first. A thousand ports of each."""
    addresses = [f"198.18.0.{number}" for number in range(2, 102)]
    asked = range(1, 1001)
    scanner = lab.add_host("scanner", ["198.18.0.1/25"])
    target = lab.add_host("target", [f"{address}/25" for address in addresses])
    lab.link(scanner, target)
    target.listen(OPEN_PORTS)
    own = HostStates({}, "closed")
    states = HostStates({port: "open" for port in OPEN_PORTS if port in asked}, "closed")
    truth = dict.fromkeys(addresses, states) | {"198.18.0.1": own}
    return _bed(scanner, target, ("198.18.0.0/25",), truth, asked)


def dense(hosts: int) -> Callable[[Lab], Bed]:
    """So many hosts, all ports of each, and the target's own kernel answers for all of them."""

    def lay(lab: Lab) -> Bed:
        addresses = [f"198.18.0.{number}" for number in range(2, 2 + hosts)]
        scanner = lab.add_host("scanner", ["198.18.0.1/24"])
        target = lab.add_host("target", [f"{address}/24" for address in addresses])
        lab.link(scanner, target)
        target.listen(OPEN_PORTS)
        return _bed(scanner, target, tuple(addresses), dict.fromkeys(addresses, _opened("closed")), range(65536))

    return lay


def sweep(network: str, answering: int = 100, ports: int = 1) -> Callable[[Lab], Bed]:
    """A *network* of the lab behind a router; so many of its addresses answer, the others are nobody's. Of so many ports the
    first is open there."""
    swept = ip_network(network)
    near, router = _TO_ROUTER[swept.version]

    def lay(lab: Lab) -> Bed:
        step = swept.num_addresses // answering
        addresses = [
            str(swept[1024 + number * step]) for number in range(answering) if 1024 + number * step < swept.num_addresses
        ]
        prefix, least = swept.max_prefixlen - 2, swept.max_prefixlen
        scanner = lab.add_host("scanner", [f"{near}/{prefix}"], routes=[f"{_LAB[swept.version]} via {router}"])
        target = lab.add_host("target", [f"{router}/{prefix}"], routes=[f"local {address}/{least}" for address in addresses])
        lab.link(scanner, target)
        target.listen([_SWEPT_PORT])
        opened = HostStates({_SWEPT_PORT: "open"}, "closed" if ports > 1 else "filtered")
        reached = [router, *addresses] if ip_address(router) in swept else addresses
        return _bed(scanner, target, (network,), dict.fromkeys(reached, opened), range(_SWEPT_PORT, _SWEPT_PORT + ports))

    return lay
