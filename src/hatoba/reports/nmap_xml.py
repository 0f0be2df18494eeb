"""nmap's XML, for the many programs that read it. Valid against the ``nmap.dtd`` of nmap 7.9x, host by host as they come.

Everything is ASCII, and untrusted text goes through :func:`hatoba.reports.text.xml_text`. What hatoba does not know is left
out, not made up: no ``times`` (it wants a variance), no ``starttime`` of a host.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from hatoba.model import Address, Answer, Hop, Host, Protocol, Reason, ScanEnd, ScanInfo, State, Trace
from hatoba.probes import METHODS
from hatoba.reports.base import Desk
from hatoba.reports.nmap_xml_elements import attributes as _attributes
from hatoba.reports.nmap_xml_elements import usual_service
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.results.summary import Group

if TYPE_CHECKING:
    from hatoba.service import Service
    from hatoba.system import SystemsTold
from hatoba.targets.ports import range_list

_SCAN_TYPES = {"sctp-init": "sctpinit", "sctp-cookie": "sctpcookieecho", "ip-protocol": "ipproto"}
"""nmap's names of methods, where they differ from ours."""
_WHY = ("state", "reason", "ttl", "answer", "responder")


class NmapXmlReport:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._write = desk.sink.write
        self._hosts_only = False

    def start(self, info: ScanInfo) -> None:
        run = _attributes(
            scanner="nmap",
            args=" ".join(info.arguments),
            start=int(info.started_at),
            startstr=self._ctime(info.started_at),
            version=info.version,
            xmloutputversion="1.05",
        )
        self._hosts_only = not info.asked
        kinds = [
            _attributes(
                type=_SCAN_TYPES.get(entry.method, entry.method),
                protocol=entry.protocol.word,
                numservices=entry.port_count,
                services=entry.ports,
            )
            for entry in info.asked
        ]
        scans = "".join(f"<scaninfo{kind}/>\n" for kind in kinds)
        self._write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
            f"<nmaprun{run}>\n{scans}"
            f'<verbose level="{self._desk.options.verbose}"/>\n<debugging level="0"/>\n'
        )

    def verdicts(self, batch: object) -> None:
        """Nothing: ports are written with their host."""

    def service(self, service: object) -> None:
        """Nothing: it is written with its host."""

    def host(self, host: Host) -> None:
        options = self._desk.options
        if options.open_only and host.state != "up" and not self._hosts_only:
            return  # without looking for ports: an open one would have made the host up
        summary = self._desk.summary(host)
        if options.open_only and not summary.open_count and not self._hosts_only:
            return
        if host.state == "down" and not options.verbose and not len(summary.shown) and not summary.hidden:
            return  # as nmap does: runstats count it
        ports = [_extra_ports(state.word, groups) for state, groups in summary.hidden_states().items()]
        ports += self._ports(host, summary.shown)
        status = _attributes(state=host.state, reason=host.reason, reason_ttl=host.ttl or 0)
        of_ports = "" if self._hosts_only else f"<ports>{''.join(ports)}</ports>\n"
        self._write(
            f"<host{_about(host)}><status{status}/>\n{self._addresses(host)}<hostnames>\n{self._names(host)}</hostnames>\n"
            f"{of_ports}{'' if host.systems is None else _systems(host.systems)}"
            f"{'' if host.trace is None else _trace(host.trace)}</host>\n"
        )

    def hosts(self, batch: HostBatch) -> None:
        if self._hosts_only or not self._desk.options.open_only:
            for host in batch:
                self.host(host)

    def end(self, end: ScanEnd) -> None:
        when = self._ctime(end.finished_at)
        addresses = "1 IP address" if end.hosts_total == 1 else f"{end.hosts_total} IP addresses"
        up = "1 host up" if end.hosts_up == 1 else f"{end.hosts_up} hosts up"
        finished = _attributes(
            time=int(end.finished_at),
            timestr=when,
            summary=f"hatoba done at {when}; {addresses} ({up}) scanned in {end.duration_s:.2f} seconds",
            elapsed=f"{end.duration_s:.2f}",
            exit="error" if end.interrupted else "success",
        )
        if end.interrupted:
            finished += _attributes(errormsg="interrupted: hosts and ports that were not settled are missing")
        hosts = _attributes(up=end.hosts_up, down=end.hosts_total - end.hosts_up, total=end.hosts_total)
        self._write(f"<runstats><finished{finished}/><hosts{hosts}/>\n</runstats>\n</nmaprun>\n")

    def _addresses(self, host: Host) -> str:
        where = [_attributes(addr=str(host.address).partition("%")[0], addrtype=f"ipv{host.address.version}")]
        if host.mac is not None:
            vendor = self._desk.services.vendor(host.mac)
            named = "" if vendor is None else _attributes(vendor=vendor)
            where.append(_attributes(addr=host.mac.hex(":").upper(), addrtype="mac") + named)
        return "".join(f"<address{attributes}/>\n" for attributes in where)

    def _names(self, host: Host) -> str:
        asked = self._desk.collector.asked_names(host.address)
        kinds = (("user" if asked is None or name in asked else "PTR", name) for name in host.names)
        return "".join(f"<hostname{_attributes(name=name, type=kind)}/>\n" for kind, name in kinds)

    def _ports(self, host: Host, shown: VerdictBatch) -> Iterator[str]:
        """An element for each of a host's ports. What many of them have in common is put into words once."""
        services, name = self._desk.collector.services_of(host.address), self._desk.services.name
        state_of = cache(partial(_state, host.address, shown.responders))
        for number, port, *why in shown.rows[["protocol", "port", *_WHY]].tolist():
            protocol = Protocol(number)
            service = _service(services.get((protocol, port)), name(port, protocol))
            yield f'<port protocol="{protocol.word}" portid="{port}">{state_of(*why)}{service}</port>\n'

    def _ctime(self, seconds: float) -> str:
        return datetime.fromtimestamp(seconds, self._desk.options.timezone).ctime()


def _state(
    address: Address, responders: Sequence[Address], state: int, reason: int, ttl: int, answer: int, responder: int
) -> str:
    """Of a port of *address*, from the fields :data:`_WHY` of its row. Who answered is told if it was not the host itself."""
    heard = reason != Reason.NO_RESPONSE  # what came all the same decides nothing, and nmap has no place for it
    told = _attributes(state=State(state).word, reason=Reason(reason).word, reason_ttl=ttl if heard else 0)
    if heard and answer != Answer.NONE and responder and responders[responder - 1] != address:
        told += _attributes(reason_ip=str(responders[responder - 1]).partition("%")[0])
    return f"<state{told}/>"


def _service(service: Service | None, usual: str) -> str:
    if service is None:
        return usual_service(usual)
    from hatoba.reports.nmap_xml_service import service_elements  # names of products and of ciphers: -sV alone needs them

    return service_elements(service, usual)


def _about(host: Host) -> str:
    """A host's own attributes; the comment has what nmap has no place for."""
    zone = str(host.address).partition("%")[2]
    remarks = [f"zone {zone}"] if zone else []
    if host.responder is not None:
        remarks.append(f"{host.reason} from {host.responder}")
    if host.deception is not None:
        remarks.append(host.deception.value)
    if host.systems is not None:
        from hatoba.reports.nmap_xml_systems import shield_words  # of scans that ask for systems

        remarks += [word for word in shield_words(host.systems) if word not in remarks]
    comment = _attributes(comment=", ".join(remarks)) if remarks else ""
    return (_attributes(timedout="true") if host.timed_out else "") + comment


def _systems(told: SystemsTold) -> str:
    from hatoba.reports.nmap_xml_systems import os_element  # of scans that ask for systems

    return os_element(told)


def _trace(trace: Trace) -> str:
    """The stations that told of themselves, as nmap writes them: the others are gaps in ``ttl``."""
    protocol = METHODS[trace.method].protocol.word if trace.method in METHODS else "tcp" if trace.port else "icmp"
    probe = _attributes(proto=protocol) + (_attributes(port=trace.port) if trace.port else "")
    return f"<trace{probe}>\n{''.join(_hop(hop) for hop in trace.hops if hop.address is not None)}</trace>\n"


def _hop(hop: Hop) -> str:
    time = "--" if hop.rtt_s is None else f"{hop.rtt_s * 1000:.2f}"
    return f"<hop{_attributes(ttl=hop.ttl, ipaddr=str(hop.address).partition('%')[0], rtt=time)}/>\n"


def _extra_ports(state: str, groups: list[Group]) -> str:
    reasons = "".join(
        f"<extrareasons{_attributes(reason=g.reason.word, count=len(g), proto=g.protocol.word, ports=range_list(g.ports))}/>\n"
        for g in groups
    )
    return f"<extraports{_attributes(state=state, count=sum(map(len, groups)))}>\n{reasons}</extraports>\n"
