"""Three hosts on one switch to look around in, and a fourth to look from."""

from __future__ import annotations

from dataclasses import dataclass

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab
from hatoba.lab.programs import find_program
from hatoba.lab.sandbox import kernel_has_ipv6
from hatoba.lab.topologies.services import Service, name_server, redis_server, ssh_server, web_server
from hatoba.messages import _

OPEN_PORT = 8080
DROPPED_PORTS = (23, 445, 3389)
REJECTED_PORTS = {
    25: ("port-unreachable", "port-unreachable"),
    3306: ("host-prohibited", "addr-unreachable"),
    5900: ("admin-prohibited", "admin-prohibited"),
}
"""Port of the firewalled host: the ICMP and the ICMPv6 error that refuses it, in nft's words."""

_RULES = """\
table inet firewall {{
  chain input {{
    type filter hook input priority 0;
    tcp dport {{ {dropped} }} counter drop
{rejected}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Practice:
    """The hosts of :func:`practice`. ``notes``: sentences about what could not be had."""

    lab: Lab
    scanner: Host
    web: Host
    data: Host
    wall: Host
    services: tuple[Service, ...]
    notes: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[Host, ...]:
        return self.web, self.data, self.wall

    def about(self) -> dict[str, str]:
        """What each target is, by its name."""
        return {
            self.web.name: _("a web server"),
            self.data.name: _("SSH, a database and a name server"),
            self.wall.name: _("behind a firewall that swallows some probes and refuses others"),
        }


def practice(lab: Lab) -> Practice:
    """Build in *lab*: ``web`` (198.18.0.10) with a web server; ``data`` (198.18.0.20) with SSH, Redis open to all, and DNS;
    ``wall`` (198.18.0.30) behind a firewall that drops some ports and rejects others; ``scanner`` (198.18.0.1).
    IPv6 likewise, fd00:18::1, ::10, ::20, ::30. Raise :class:`LabError`."""
    scanner, web, data, wall = (
        lab.add_host(name, [f"198.18.0.{number}/24", *([f"fd00:18::{number}/64"] if kernel_has_ipv6() else [])])
        for name, number in (("scanner", 1), ("web", 10), ("data", 20), ("wall", 30))
    )
    lab.bridge("lan", [scanner, web, data, wall])
    services = [web_server(web), ssh_server(data), redis_server(data), name_server(data)]
    notes = []
    if find_program("nft") is None:
        notes.append(
            _("The program nft is not installed, so the host wall has no firewall and nothing is filtered; install nftables.")
        )
    else:
        wall.rules(_ruleset())
    page = "HTTP/1.0 200 OK\r\nServer: hatoba-lab\r\nContent-Length: 3\r\n\r\nok\n"
    wall.listen([OPEN_PORT], answers={OPEN_PORT: page})
    services.append(Service(wall.name, OPEN_PORT, "http", False, _("a small server of the lab")))
    return Practice(lab, scanner, web, data, wall, tuple(services), tuple(notes))


def _ruleset() -> str:
    rejected = [
        f"    meta nfproto {family} tcp dport {port} counter reject with {protocol} type {words}"
        for port, (words4, words6) in REJECTED_PORTS.items()
        for family, protocol, words in (("ipv4", "icmp", words4), ("ipv6", "icmpv6", words6))
    ]
    return _RULES.format(dropped=", ".join(map(str, DROPPED_PORTS)), rejected="\n".join(rejected))
