"""A host of which every port's state is known beforehand, to hold a scanner against.

116 TCP ports are open, 11 swallow what they are sent, one each is refused by every kind of ICMP error that nftables can send,
one by a TCP reset from the firewall; all others are closed. IPv4 and IPv6 alike, each with its own kinds of ICMP.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatoba.lab.host import Host
from hatoba.lab.laboratory import Lab
from hatoba.lab.process import Process
from hatoba.model import Reason, State

OPEN_PORTS = (22, 25, 53, 80, 110, 143, 443, 445, 993, 3306, 5432, 6379, 8080, 8443, 9200, 27017, *range(20000, 20100))
DROPPED_PORTS = tuple(range(30000, 30011))
RESET_PORT = 31010
_FIRST_REJECTED = 31000

REJECTS = {
    # nft's words, what comes back (RFC 792, RFC 1812 section 5.2.7.1)
    4: (
        ("net-unreachable", Reason.NET_UNREACH),
        ("host-unreachable", Reason.HOST_UNREACH),
        ("prot-unreachable", Reason.PROTO_UNREACH),
        ("port-unreachable", Reason.PORT_UNREACH),
        ("net-prohibited", Reason.NET_PROHIBITED),
        ("host-prohibited", Reason.HOST_PROHIBITED),
        ("admin-prohibited", Reason.ADMIN_PROHIBITED),
    ),
    # RFC 4443 section 3.1; nft has no word for code 2, beyond scope of source address
    6: (
        ("no-route", Reason.NO_ROUTE),
        ("admin-prohibited", Reason.ADMIN_PROHIBITED),
        ("addr-unreachable", Reason.ADDR_UNREACH),
        ("port-unreachable", Reason.PORT_UNREACH),
        ("policy-fail", Reason.POLICY_FAIL),
        ("reject-route", Reason.REJECT_ROUTE),
    ),
}
"""By IP version: how the ports from 31000 on are refused."""

ADDRESSES = {4: ("198.18.0.1", "198.18.0.2"), 6: ("fd00:18::1", "fd00:18::2")}
"""By IP version: the scanner's address and the target's."""

Truth = dict[int, tuple[State, Reason]]


@dataclass(frozen=True, slots=True)
class TruthHost:
    """The target and the host to scan it from, joined by one veth pair."""

    lab: Lab
    scanner: Host
    target: Host
    listener: Process

    def address(self, version: int = 4) -> str:
        """The target's address."""
        return self.target.address(version)

    @staticmethod
    def expected(version: int = 4, method: str = "syn") -> Truth:
        """State and reason of each port from 1 to 65535 of that IP version, as *method* (``syn`` or ``connect``) sees them."""
        opened, refused = (Reason.CONNECTED, Reason.CONN_REFUSED) if method == "connect" else (Reason.SYN_ACK, Reason.RESET)
        truth: Truth = dict.fromkeys(range(1, 65536), (State.CLOSED, refused))
        truth.update(dict.fromkeys(OPEN_PORTS, (State.OPEN, opened)))
        truth.update(dict.fromkeys(DROPPED_PORTS, (State.FILTERED, Reason.NO_RESPONSE)))
        for port, (_words, reason) in enumerate(REJECTS[version], _FIRST_REJECTED):
            truth[port] = State.FILTERED, reason
        return truth


def ruleset() -> str:
    """The target's firewall, for ``nft -f``."""
    lines = [f"tcp dport {{ {', '.join(map(str, DROPPED_PORTS))} }} drop"]
    for version, family, protocol in ((4, "ipv4", "icmp"), (6, "ipv6", "icmpv6")):
        lines += [
            f"meta nfproto {family} tcp dport {port} reject with {protocol} type {words}"
            for port, (words, _reason) in enumerate(REJECTS[version], _FIRST_REJECTED)
        ]
    lines.append(f"tcp dport {RESET_PORT} reject with tcp reset")
    body = "\n    ".join(lines)
    return f"table inet truth {{\n  chain input {{\n    type filter hook input priority 0;\n    {body}\n  }}\n}}\n"


def truth_host(lab: Lab, *, icmp_limit: bool = False) -> TruthHost:
    """Build both hosts in *lab*. Linux sends an ICMP error to one peer once a second after a burst of 6
    (``icmp_ratelimit``); this is switched off unless *icmp_limit*. Raise :class:`LabError`, without nft for instance."""
    scanner = lab.add_host("scanner", [f"{ADDRESSES[4][0]}/24", f"{ADDRESSES[6][0]}/64"])
    unlimited = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
    target = lab.add_host(
        "target",
        [f"{ADDRESSES[4][1]}/24", f"{ADDRESSES[6][1]}/64"],
        sysctls=None if icmp_limit else unlimited,
        rules=ruleset(),
    )
    lab.link(scanner, target)
    return TruthHost(lab, scanner, target, target.listen(OPEN_PORTS))
