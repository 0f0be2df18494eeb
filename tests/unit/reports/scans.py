"""Small scans to report on, and a way to get a report's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from io import StringIO
from ipaddress import ip_address

import numpy as np

from hatoba.model import (
    Answer,
    Deception,
    Hop,
    Host,
    PortsAsked,
    Protocol,
    Reason,
    ScanEnd,
    ScanInfo,
    State,
    Trace,
    Unsteady,
    Vanishing,
)
from hatoba.reports.base import ReportOptions, Services
from hatoba.reports.formats import open_report
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.service import Service
from tests.unit.results.rows import Hosts, batch, closed, opened, refused, rows, silent

Event = ScanInfo | VerdictBatch | Service | Host | HostBatch | ScanEnd

NAMES = {22: "ssh", 80: "http", 443: "https", 6379: "redis", 8080: "http-alt"}
HINTS = {6379: "A database without a password: let it listen on 127.0.0.1 only."}
KEYWORDS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 107: "a/n"}
VENDORS = {bytes.fromhex("b827eb000001"): "Raspberry Pi Foundation"}


def _name(port: int, protocol: Protocol) -> str:
    return (KEYWORDS if protocol == Protocol.IP else NAMES).get(port, "")


def _hint(port: int, protocol: Protocol) -> str:
    return HINTS.get(port, "") if protocol == Protocol.TCP else ""


SERVICES = Services(_name, _hint, VENDORS.get)
PLAIN = ReportOptions(timezone=UTC)


def asked(ports: str = "1-1000", port_count: int = 1000, method: str = "syn", protocol: Protocol = Protocol.TCP) -> PortsAsked:
    return PortsAsked(method, protocol, ports, port_count)


def info(**fields: object) -> ScanInfo:
    values: dict[str, object] = {
        "version": "0.1.0",
        "arguments": ("hatoba", "scan", "--reason", "198.18.0.2"),
        "asked": (asked(),),
        "address_count": 1,
        "started_at": 1795437482.25,
        "seed": 2**64 - 1,
    }
    return ScanInfo(**{**values, **fields})  # type: ignore[arg-type]


def ended(**fields: object) -> ScanEnd:
    values: dict[str, object] = {
        "finished_at": 1795437483.75,
        "duration_s": 1.5,
        "hosts_up": 1,
        "hosts_down": 0,
        "hosts_total": 1,
        "counts": {"open": 2, "closed": 10},
        "probes_sent": 12,
    }
    return ScanEnd(**{**values, **fields})  # type: ignore[arg-type]


def everyday() -> list[Event]:
    """Three addresses: one with all kinds of ports, one that is silent, one that is down."""
    hosts = Hosts("198.18.0.2", "198.18.0.3", "fd00:18::9", names={"198.18.0.2": ("web.lab",)})
    contradicted = closed(81, probes=2, answered_probe=2, contradicted=Answer.SYN_ACK)
    own_refusal = rows(
        25, State.FILTERED, Reason.PORT_UNREACH, answer=Answer.ICMP, icmp_type=3, icmp_code=3, rtt_s=0.0123, ttl=255
    )
    return [
        info(address_count=3, asked=(asked("22,25,80-81,443,445,500-503,6379,9000-9899", 910),)),
        batch(hosts, opened([6379, 22]), closed(range(9000, 9900)), silent(443), refused(445), contradicted, own_refusal),
        batch(hosts, silent(range(500, 504), host=1, probes=3), opened(80, ttl=63, rtt_s=0.0201)),
        Host(ip_address("198.18.0.2"), ("web.lab", "ptr.example"), "up", "syn-ack", 0.00041),
        Host(ip_address("198.18.0.3"), (), "unknown"),
        Host(ip_address("fd00:18::9"), (), "down", "no-neighbour"),
        ended(
            hosts_total=3, hosts_down=1, counts={"open": 3, "closed": 901, "filtered": 7}, probes_sent=1234, loss=0.021,
            expected_missed=0.004, capture_drops=1500, problems=("eth9 went down\x1b[2J.",),
        ),
    ]  # fmt: skip


def hostile(name: str) -> list[Event]:
    """One host whose reverse name is *name*."""
    hosts = Hosts("198.18.0.2")
    host = Host(ip_address("198.18.0.2"), (name,), "up", "syn-ack", 0.001)
    return [info(arguments=("hatoba", "scan", name)), batch(hosts, opened(22)), host, ended(problems=(name,))]


def empty() -> list[Event]:
    return [info(asked=(asked("", 0),), address_count=0), ended(hosts_up=0, hosts_total=0, counts={}, probes_sent=0)]


def ipv6_only() -> list[Event]:
    hosts = Hosts("fe80::1%eth0")
    no_route = {"answer": Answer.ICMP6, "icmp_type": 1, "icmp_code": 0, "responder": 1}
    filtered = rows(23, State.FILTERED, Reason.NO_ROUTE, **no_route)
    host = Host(ip_address("fe80::1%eth0"), (), "up", "syn-ack", 0.001)
    return [info(), batch(hosts, opened(22), filtered, responders=[ip_address("fd00:18::1")]), host, ended()]


def all_filtered() -> list[Event]:
    hosts = Hosts("198.18.0.2")
    return [
        info(),
        batch(hosts, silent(range(1, 1001))),
        Host(ip_address("198.18.0.2")),
        ended(hosts_up=0, counts={"filtered": 1000}),
    ]


def interrupted() -> list[Event]:
    """Stopped before the host had its event."""
    hosts = Hosts("198.18.0.2")
    return [info(), batch(hosts, opened([22, 80]), closed(23)), ended(interrupted=True)]


def several_methods() -> list[Event]:
    """TCP, UDP and SCTP ports of one host, in every state that they can have."""
    hosts = Hosts("198.18.0.2")
    udp, sctp = {"protocol": Protocol.UDP}, {"protocol": Protocol.SCTP}
    port_unreach = {"answer": Answer.ICMP, "icmp_type": 3, "icmp_code": 3, **udp}
    quiet = {"answer": Answer.NONE, "answered_probe": 0, "ttl": 0, "rtt_s": np.nan, "probes": 2, **udp}
    noted = {"answer": Answer.ICMP, "icmp_type": 3, "icmp_code": 8, "responder": 1, "ttl": 63}
    several = asked("53,67,514,1000-1059", 63, "udp", Protocol.UDP), asked("36412,36422", 2, "sctp-init", Protocol.SCTP)
    return [
        info(asked=(asked("22-83", 62), *several)),
        batch(hosts, opened(22), closed(range(23, 83)), silent(83, **noted)),
        batch(
            hosts,
            rows(53, State.OPEN, Reason.UDP_RESPONSE, answer=Answer.UDP, **udp),
            rows([67, 514], State.OPEN_FILTERED, Reason.NO_RESPONSE, **quiet),
            rows(range(1000, 1020), State.CLOSED, Reason.PORT_UNREACH, **port_unreach),
            rows(range(1020, 1060), State.CLOSED_FILTERED, Reason.NO_RESPONSE, **quiet),
            method="udp",
        ),
        batch(
            hosts,
            rows(36412, State.OPEN, Reason.INIT_ACK, answer=Answer.INIT_ACK, **sctp),
            rows(36422, State.CLOSED, Reason.ABORT, answer=Answer.ABORT, **sctp),
            method="sctp-init",
        ),
        Host(ip_address("198.18.0.2"), (), "up", "syn-ack", 0.0004),
        ended(counts={"open": 3, "closed": 81, "filtered": 1, "open|filtered": 2, "closed|filtered": 40}),
    ]


def protocols_above_ip() -> list[Event]:
    hosts = Hosts("198.18.0.2")
    ip = {"protocol": Protocol.IP}
    unknown = {"answer": Answer.ICMP, "icmp_type": 3, "icmp_code": 2, **ip}
    quiet = {"answer": Answer.NONE, "answered_probe": 0, "ttl": 0, "rtt_s": np.nan, "probes": 2, **ip}
    return [
        info(asked=(asked("0-255", 256, "ip-protocol", Protocol.IP),)),
        batch(
            hosts,
            rows([1, 6], State.OPEN, Reason.PROTO_RESPONSE, answer=Answer.PACKET, **ip),
            rows(17, State.OPEN, Reason.PORT_UNREACH, **{**unknown, "icmp_code": 3}),
            rows([47, 107], State.OPEN_FILTERED, Reason.NO_RESPONSE, **quiet),
            rows(range(108, 150), State.CLOSED, Reason.PROTO_UNREACH, **unknown),
            method="ip-protocol",
        ),
        Host(ip_address("198.18.0.2"), (), "up", "proto-response", 0.0004),
        ended(counts={"open": 3, "closed": 42, "open|filtered": 2}),
    ]


RASPBERRY, MADE_UP = bytes.fromhex("b827eb000001"), bytes.fromhex("525400123456")


def hosts_only() -> list[Event]:
    """What -sn finds: by ARP, by ping with the way to it, and two that are not there."""
    hops = (Hop(1, ip_address("198.18.0.1"), 0.0004), Hop(2, None), Hop(3, ip_address("198.18.2.2"), 0.0115))
    return [
        info(asked=(), address_count=4),
        Host(ip_address("198.18.0.2"), ("pi.lab",), "up", "arp-response", 0.0004, RASPBERRY),
        Host(ip_address("198.18.0.3"), (), "up", "arp-response", None, MADE_UP),
        Host(ip_address("198.18.0.4"), (), "down", "no-neighbour"),
        Host(ip_address("198.18.2.2"), (), "up", "echo-reply", 0.0115, trace=Trace("icmp-echo", 0, hops)),
        ended(hosts_up=3, hosts_down=1, hosts_total=4, counts={}, probes_sent=9),
    ]


def listed() -> list[Event]:
    return [
        info(asked=(), address_count=17),
        *(Host(ip_address(f"198.18.0.{last}"), ("pi.lab",) * (last == 2), reason="user-set") for last in range(1, 18)),
        ended(hosts_up=0, hosts_total=17, counts={}, probes_sent=0, duration_s=0.0),
    ]


def doubtful() -> list[Event]:
    """Hosts whose answers can't all be taken at their word, and the way to them."""
    hosts = Hosts("198.18.0.2", "198.18.0.3", "198.18.0.4")
    hops = (Hop(1, ip_address("198.18.0.1"), 0.0004), Hop(2, ip_address("198.18.0.2"), 0.0009))
    unsteady = (Unsteady(Protocol.TCP, 23, (State.CLOSED, State.OPEN)),)
    host, trace = hosts.address(0), Trace("syn", 22, hops)
    proxy = Host(
        host, (), "up", "syn-ack", 0.0009, None, trace, Vanishing(Protocol.TCP, 25, hops[0]), Deception.SYN_PROXY, (22, 80)
    )
    tarpit = Host(hosts.address(1), (), "up", "syn-ack", deception=Deception.TARPIT, held_ports=(), tried_ports=(22, 61_000))
    return [
        info(address_count=3),
        batch(hosts, opened([22, 80]), closed(23), silent(25), opened(22, host=1), opened(22, host=2)),
        replace(proxy, unsteady=unsteady, timed_out=True, tried_ports=(22, 25, 80, 61_000)),
        replace(tarpit, vanishing=Vanishing(Protocol.TCP, 25, None)),
        Host(hosts.address(2), (), "up", "syn-ack", deception=Deception.ANSWERS_EVERYTHING),
        ended(hosts_up=3, hosts_total=3),
    ]


SCANS = {
    scan.__name__: scan
    for scan in (
        *(everyday, empty, ipv6_only, all_filtered, interrupted),
        *(several_methods, protocols_above_ip, hosts_only, listed, doubtful),
    )
}


def report(format_name: str, events: Sequence[Event], options: ReportOptions = PLAIN) -> str:
    """What a report of this format writes for these events."""
    stream = StringIO()
    tell(open_report(format_name, stream, options, SERVICES), events)
    return stream.getvalue()


def tell(target: object, events: Sequence[Event]) -> None:
    """Hand each event to the method of a report that it belongs to."""
    kinds = {ScanInfo: "start", VerdictBatch: "verdicts", Service: "service", Host: "host", HostBatch: "hosts", ScanEnd: "end"}
    for event in events:
        getattr(target, kinds[type(event)])(event)
