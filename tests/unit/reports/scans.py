"""Small scans to report on, and a way to get a report's text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from io import StringIO
from ipaddress import ip_address

from hatoba.model import Answer, Host, Protocol, Reason, ScanEnd, ScanInfo, State
from hatoba.reports.base import ReportOptions, Services
from hatoba.reports.formats import open_report
from hatoba.results.batch import VerdictBatch
from tests.unit.results.rows import Hosts, batch, closed, opened, refused, rows, silent

Event = ScanInfo | VerdictBatch | Host | ScanEnd

NAMES = {22: "ssh", 80: "http", 443: "https", 6379: "redis", 8080: "http-alt"}
HINTS = {6379: "A database without a password: let it listen on 127.0.0.1 only."}
SERVICES = Services(lambda port, protocol: NAMES.get(port, ""), lambda port, protocol: HINTS.get(port, ""))
PLAIN = ReportOptions(timezone=UTC)


def info(**fields: object) -> ScanInfo:
    values: dict[str, object] = {
        "version": "0.1.0",
        "arguments": ("hatoba", "scan", "--reason", "198.18.0.2"),
        "method": "syn",
        "protocol": Protocol.TCP,
        "ports": "1-1000",
        "port_count": 1000,
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
        info(address_count=3, port_count=910, ports="22,25,80-81,443,445,500-503,6379,9000-9899"),
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
    return [info(ports="", port_count=0, address_count=0), ended(hosts_up=0, hosts_total=0, counts={}, probes_sent=0)]


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


SCANS = {"everyday": everyday, "empty": empty, "ipv6_only": ipv6_only, "all_filtered": all_filtered, "interrupted": interrupted}


def report(format_name: str, events: Sequence[Event], options: ReportOptions = PLAIN) -> str:
    """What a report of this format writes for these events."""
    stream = StringIO()
    tell(open_report(format_name, stream, options, SERVICES), events)
    return stream.getvalue()


def tell(target: object, events: Sequence[Event]) -> None:
    """Hand each event to the method of a report that it belongs to."""
    methods = {ScanInfo: "start", VerdictBatch: "verdicts", Host: "host", ScanEnd: "end"}
    for event in events:
        getattr(target, methods[type(event)])(event)
