"""What ``hatoba scan`` was told of looking for hosts, and what does not go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Ping

PING_LETTERS = {
    "icmp-echo": "-PE",
    "icmp-timestamp": "-PP",
    "icmp-mask": "-PM",
    "syn": "-PS",
    "ack": "-PA",
    "udp": "-PU",
    "sctp-init": "-PY",
    "ip-protocol": "-PO",
}
"""nmap's letters for each method that looks for hosts."""

_PLAIN = {"ping_echo": "icmp-echo", "ping_timestamp": "icmp-timestamp", "ping_mask": "icmp-mask"}
"""Pings without ports: the method of each option."""

_WITH_PORTS = ("ping_syn", "ping_ack", "ping_udp", "ping_sctp", "ping_protocol")

_OF_PORTS = {
    "ports": "-p",
    "exclude_ports": "--exclude-ports",
    "fast": "-F",
    "top_ports": "--top-ports",
    "prove_closed": "--prove-closed",
}
"""Options that choose which ports are asked, or how: nothing for who looks for hosts only."""

_OF_PACKETS = {
    "traceroute": "--traceroute",
    "packet_trace": "--packet-trace",
    "pcap": "--pcap",
    "dry_run": "--dry-run",
}
"""Options that are about packets: nothing for a list."""


def pings_of(given: Mapping[str, Any]) -> tuple[Ping, ...] | None:
    """The pings that were asked for; none at all with -Pn; None where it was left to us."""
    chosen = [Ping(method) for key, method in _PLAIN.items() if given[key]]
    chosen += [given[key] for key in _WITH_PORTS if given[key] is not None]
    return tuple(chosen) if chosen or given["no_discovery"] else None


def refuse_contradictions(given: Mapping[str, Any], methods: Mapping[str, str]) -> None:
    """Raise UsageError for options that don't go together. *methods*: the letters of each method, by its key."""
    pings = pings_of(given) or ()
    for one, other in (
        *(("-Pn", PING_LETTERS[ping.method]) for ping in pings if given["no_discovery"]),
        *(("-sn", "-Pn") for _once in range(given["find_hosts"] and given["no_discovery"])),
        *(("-sn", "-sL") for _once in range(given["find_hosts"] and given["list_only"])),
        *(("-n", "-R") for _once in range(given["no_names"] and given["reverse_names"])),
    ):
        raise UsageError(_("{one} and {other} contradict each other: leave one of them out").format(one=one, other=other))
    of_ports = {**methods, **_OF_PORTS, "scanflags": "--scanflags"}
    if given["find_hosts"]:
        for option in _said(given, of_ports):
            raise UsageError(_("-sn looks for hosts and asks no ports: leave out {option}, or -sn").format(option=option))
    if given["list_only"]:
        for option in _said(given, {**of_ports, **_OF_PACKETS}):
            raise UsageError(
                _("-sL lists the targets and sends them nothing: leave out {option}, or -sL").format(option=option)
            )


def _said(given: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """Which of these options, by their keys, were said."""
    return (name for key, name in names.items() if was_said(given[key]))


def was_said(value: object) -> bool:
    """Whether the parser's *value* is more than an option's absence; a 0 is."""
    return value is not None and value is not False and value != ()
