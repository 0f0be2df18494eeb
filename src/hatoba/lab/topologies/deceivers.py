"""Hosts whose answers mislead, an honest one beside them, and a host to scan them from.

========== ===================================================================================================
honest     answers as it should; a hundred ports in a row are truly open
everything every TCP port is redirected to one listener: a load balancer, a honeypot
flaky      a few ports answer one probe in one way and the next in another: a port served by several machines
server     three open ports behind ``front``, whose SYN proxy completes the handshake of every port first
pit        has an interface and no address: a place to run a tarpit
========== ===================================================================================================

The SYN proxy is the kernel's (nftables ``synproxy``). It answers each SYN with a SYN-ACK of window 0, asks the server only
after the client's ACK, and then sends the client a window, or passes the server's RST on. IPv4 only: over IPv6
this kernel's ``synproxy`` swallows every SYN that comes from a raw socket.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab

HONEST_PORTS = (22, 80, 443, *range(20000, 20100))
EVERYTHING_PORT = 9
"""The only port that truly listens on ``everything``."""
PROXIED_PORTS = (22, 80, 443)
STEADY_PORTS = (22, 80)
"""Of ``flaky``, open for every probe."""
FLAKY_PORTS = {
    7000: ("open", "closed"),
    7001: ("open", "filtered"),
    7002: ("closed", "filtered"),
}
"""Of ``flaky``: the two states that take turns, probe by probe."""

_NUMBERS = {"scanner": 1, "honest": 10, "everything": 20, "flaky": 30}
SERVER = "198.18.1.2"
FRONT = "198.18.0.254"

_REDIRECT = f"""\
table inet everything {{
  chain prerouting {{
    type nat hook prerouting priority dstnat
    tcp dport 1-65535 redirect to :{EVERYTHING_PORT}
  }}
}}
"""
_TURNS = """\
table inet flaky {
  chain input {
    type filter hook input priority filter
    tcp flags & (syn | ack) != syn accept
    tcp dport 7000 numgen inc mod 2 == 0 reject with tcp reset
    tcp dport 7001 numgen inc mod 2 == 0 reject with icmpx type port-unreachable
    tcp dport 7002 numgen inc mod 2 == 0 reject with icmpx type admin-prohibited
  }
}
"""
_SYNPROXY = """\
table ip shield {
  chain prerouting {
    type filter hook prerouting priority raw
    iifname eth0 tcp flags & (fin | syn | rst | ack) == syn notrack
  }
  chain forward {
    type filter hook forward priority filter
    iifname eth0 meta l4proto tcp ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
    ct state invalid drop
  }
}
"""


@dataclass(frozen=True, slots=True)
class Deceivers:
    """The hosts of :func:`deceivers`."""

    lab: Lab
    scanner: Host
    honest: Host
    everything: Host
    flaky: Host
    front: Host
    server: Host
    pit: Host


def deceivers(lab: Lab) -> Deceivers:
    """Build all in *lab*, on one switch: 198.18.0.1 scans; .10, .20, .30 and fd00:18::10, ::20, ::30 are honest, everything and
    flaky; behind 198.18.0.254 is 198.18.1.2. No host limits its ICMP errors. Raise :class:`LabError`, without nft for
    instance."""
    unlimited = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
    scanner, honest, everything, flaky = (
        lab.add_host(
            name,
            [f"198.18.0.{number}/24", f"fd00:18::{number}/64"],
            sysctls=unlimited,
            routes=[f"{SERVER}/32 via {FRONT}"] if name == "scanner" else [],
        )
        for name, number in _NUMBERS.items()
    )
    # tcp_loose would take up the client's ACK as a connection of its own, past the proxy.
    proxying = {**unlimited, "net.ipv4.ip_forward": 1, "net.netfilter.nf_conntrack_tcp_loose": 0}
    front = lab.add_host("front", [f"{FRONT}/24"], sysctls=proxying)
    server = lab.add_host("server", [f"{SERVER}/24"], routes=["default via 198.18.1.254"])
    pit = lab.add_host("pit")
    lab.bridge("lan", [scanner, honest, everything, flaky, front, pit])
    lab.link(front, server, first_addresses=["198.18.1.254/24"])
    for host, rules in ((everything, _REDIRECT), (flaky, _TURNS), (front, _SYNPROXY)):
        host.rules(rules)
    honest.listen(HONEST_PORTS)
    everything.listen([EVERYTHING_PORT], keep=True)
    flaky.listen([*STEADY_PORTS, *(port for port, turns in FLAKY_PORTS.items() if "open" in turns)])
    server.listen(PROXIED_PORTS, keep=True)
    return Deceivers(lab, scanner, honest, everything, flaky, front, server, pit)
