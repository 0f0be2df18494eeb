"""What the ports and protocols of the matrix are like, and the firewall that makes them so.

A *condition* is a word: what is the matter with a port (of TCP, UDP and SCTP alike) or with a protocol above IP. A rejected
one is named as nft names the ICMP error, ``admin-prohibited``.
"""

from __future__ import annotations

from typing import Final

from hatoba.lab.topologies.truth import REJECTS

OPEN: Final = "open"
SILENT: Final = "silent"
"""Open, but what is behind it says nothing to a stranger: a UDP program, a protocol without answers."""
CLOSED: Final = "closed"
DROPPED: Final = "dropped"
RESET: Final = "reset"
"""Refused by the firewall with a TCP reset."""
OPEN_ICMP: Final = "open-icmp"
OPEN_UDP: Final = "open-udp"
OPEN_SCTP: Final = "open-sctp"

TCP_METHODS: Final = ("connect", "syn", "fin", "null", "xmas", "maimon", "ack", "window")
SCTP_METHODS: Final = ("sctp-init", "sctp-cookie")
METHODS: Final = (*TCP_METHODS, "udp", *SCTP_METHODS, "ip-protocol")
FAMILIES: Final = (4, 6)

PORTS: Final = {OPEN: 30000, SILENT: 30001, CLOSED: 30002, DROPPED: 30003, RESET: 30004}
_FIRST_REJECTED_PORT: Final = 30010
_PROTOCOLS: Final = {OPEN: 6, OPEN_UDP: 17, OPEN_SCTP: 132, CLOSED: 201, DROPPED: 200}
_FIRST_REJECTED_PROTOCOL: Final = 210
_OWN_PROTOCOLS: Final = {
    4: {OPEN_ICMP: 1, SILENT: 2},  # IGMP: a report without sense is read and thrown away
    6: {OPEN_ICMP: 58, SILENT: 59},  # no next header: to be ignored, RFC 8200 section 4.7
}

CROWD: Final = {"udp": range(31000, 31100), "ip-protocol": (*range(146, 200), *range(220, 253))}
"""Closed ports and protocols: many more than Linux sends ICMP errors for at once."""
REJECTED_CROWD: Final = range(31100, 31108)
"""Ports that the firewall rejects with *admin-prohibited*: a few more than Linux sends ICMP errors for at once."""


def numbers(method: str, family: int) -> dict[str, int]:
    """The port that is in each condition that *method* can meet; for ``ip-protocol`` the number of the protocol."""
    words = [words for words, _reason in REJECTS[family]]
    if method == "ip-protocol":
        found = {**_PROTOCOLS, **_OWN_PROTOCOLS[family]}
        return {**found, **{name: number for number, name in enumerate(words, _FIRST_REJECTED_PROTOCOL)}}
    unknown = {*(() if method == "udp" else (SILENT,)), *(() if method in TCP_METHODS else (RESET,))}
    found = {condition: port for condition, port in PORTS.items() if condition not in unknown}
    return {**found, **{name: port for port, name in enumerate(words, _FIRST_REJECTED_PORT)}}


def ruleset(hook: str, arriving: str) -> str:
    """The firewall for ``nft -f``, on what arrives through the interface *arriving*: in the chain ``input`` of a target, or in
    ``forward`` of a router."""
    ports, crowd = "meta l4proto { tcp, udp, sctp } th dport", f"{REJECTED_CROWD[0]}-{REJECTED_CROWD[-1]}"
    lines = [
        f"{ports} {PORTS[DROPPED]} drop",
        f"meta l4proto {_PROTOCOLS[DROPPED]} drop",
        f"tcp dport {PORTS[RESET]} reject with tcp reset",
        f"{ports} {crowd} reject with icmpx type admin-prohibited",
    ]
    for family, kind in ((4, "icmp"), (6, "icmpv6")):
        only = f"meta nfproto ipv{family}"
        for place, (words, _reason) in enumerate(REJECTS[family]):
            lines += [
                f"{only} {ports} {_FIRST_REJECTED_PORT + place} reject with {kind} type {words}",
                f"{only} meta l4proto {_FIRST_REJECTED_PROTOCOL + place} reject with {kind} type {words}",
            ]
    body = "\n    ".join(f'iifname "{arriving}" {line}' for line in lines)
    return f"table inet matrix {{\n  chain {hook} {{\n    type filter hook {hook} priority 0;\n    {body}\n  }}\n}}\n"
