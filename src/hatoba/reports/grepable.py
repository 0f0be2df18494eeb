"""nmap's grepable lines (``-oG``): one line per host, for grep, awk and cut. English in every language, as machines read it."""

from __future__ import annotations

from datetime import datetime

from hatoba.model import Host, Protocol, Reason, ScanEnd, ScanInfo, Verdict
from hatoba.reports.base import UNNAMED, Desk
from hatoba.reports.text import safe
from hatoba.results.batch import HostBatch
from hatoba.results.summary import HostSummary

_SEPARATORS = str.maketrans({"/": "|", ",": "_", "\t": " ", "(": "[", ")": "]"})
"""What splits the fields of a line can't stand in one."""


class GrepableReport:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._write = desk.sink.write
        self._hosts_only = False

    def start(self, info: ScanInfo) -> None:
        self._hosts_only = not info.asked
        command = safe(" ".join(info.arguments))
        self._write(f"# hatoba {info.version} scan initiated {self._ctime(info.started_at)} as: {command}\n")
        if self._desk.options.verbose:
            asked = {entry.protocol: f"{entry.port_count};{entry.ports}" for entry in info.asked}
            kinds = (Protocol.TCP, Protocol.UDP, Protocol.SCTP)
            counts = " ".join(f"{kind.name}({asked.get(kind, '0;')})" for kind in kinds)
            self._write(f"# Ports scanned: {counts} PROTOCOLS({asked.get(Protocol.IP, '0;')})\n")

    def verdicts(self, batch: object) -> None:
        """Nothing: ports are written with their host."""

    def service(self, service: object) -> None:
        """Nothing: it is written with its host."""

    def host(self, host: Host) -> None:
        options = self._desk.options
        if options.open_only and host.state != "up" and not self._hosts_only:
            return  # without looking for ports: an open one would have made the host up
        summary = self._desk.summary(host)
        has_ports = bool(len(summary.shown) or summary.hidden)
        listed = host.reason == Reason.USER_SET.word
        if options.open_only and not summary.open_count and not self._hosts_only:
            return
        if host.state != "up" and not has_ports and not options.verbose and not listed:
            return
        name = safe(host.names[0]).translate(_SEPARATORS) if host.names else ""
        head = f"Host: {str(host.address).translate(_SEPARATORS)} ({name})\t"
        lines = f"{head}Status: {'Timeout' if host.timed_out else host.state.capitalize()}\n"
        if has_ports:
            lines += f"{head}{self._ports(summary)}{_systems(host)}\n"
        self._write(lines)

    def hosts(self, batch: HostBatch) -> None:
        if self._hosts_only or not self._desk.options.open_only:
            for host in batch:
                self.host(host)

    def end(self, end: ScanEnd) -> None:
        addresses = "1 IP address" if end.hosts_total == 1 else f"{end.hosts_total} IP addresses"
        up = "1 host up" if end.hosts_up == 1 else f"{end.hosts_up} hosts up"
        how = "interrupted" if end.interrupted else "done"
        when = self._ctime(end.finished_at)
        self._write(f"# hatoba {how} at {when} -- {addresses} ({up}) scanned in {end.duration_s:.2f} seconds\n")

    def _ports(self, summary: HostSummary) -> str:
        label, one = ("Protocols", self._protocol) if Protocol.IP in summary.protocols else ("Ports", self._port)
        text = f"{label}: {', '.join(map(one, summary.shown.verdicts()))}"
        for state, groups in list(summary.hidden_states().items())[:1]:  # nmap names the first only
            text += f"\tIgnored State: {state.word} ({sum(map(len, groups))})"
        return text

    def _port(self, verdict: Verdict) -> str:
        """port/state/protocol/owner/service/rpc/version/"""
        name = safe(self._desk.service_name(verdict)).translate(_SEPARATORS).replace("tls|", "ssl|", 1) or UNNAMED
        service = self._desk.service(verdict)
        version = "" if service is None else safe(service.version_line).translate(_SEPARATORS)
        return f"{verdict.port}/{verdict.state.word}/{verdict.protocol.word}//{name}//{version}/"

    def _protocol(self, verdict: Verdict) -> str:
        """number/state/name/"""
        name = safe(self._desk.services.name(verdict.port, verdict.protocol)).translate(_SEPARATORS) or UNNAMED
        return f"{verdict.port}/{verdict.state.word}/{name}/"

    def _ctime(self, seconds: float) -> str:
        return datetime.fromtimestamp(seconds, self._desk.options.timezone).ctime()


def _systems(host: Host) -> str:
    """nmap's field of the systems that fit."""
    names = [safe(system.name).translate(_SEPARATORS) for system in host.systems.systems] if host.systems else []
    return f"\tOS: {'|'.join(names)}" if names else ""
