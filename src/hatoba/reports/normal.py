"""nmap's "normal" output (``-oN``): the table as plain text, with a line that says how it came about."""

from __future__ import annotations

from dataclasses import replace

from hatoba.messages import _
from hatoba.model import Host, ScanEnd, ScanInfo
from hatoba.reports.base import Desk
from hatoba.reports.quantities import moment
from hatoba.reports.table import TableReport
from hatoba.reports.text import safe
from hatoba.results.batch import HostBatch


class NormalReport:
    def __init__(self, desk: Desk) -> None:
        self._desk = replace(desk, options=replace(desk.options, colour=False, columns=None))
        self._table = TableReport(self._desk)

    def start(self, info: ScanInfo) -> None:
        line = _("# hatoba {version}, started {when} as: {command}")
        command = safe(" ".join(info.arguments))
        self._desk.sink.write(line.format(version=info.version, when=self._moment(info.started_at), command=command) + "\n")
        self._table.start(info)

    def verdicts(self, batch: object) -> None:
        """Nothing: a host is written when it is done."""

    def service(self, service: object) -> None:
        """Nothing: it is written with its host."""

    def host(self, host: Host) -> None:
        self._table.host(host)

    def hosts(self, batch: HostBatch) -> None:
        self._table.hosts(batch)

    def end(self, end: ScanEnd) -> None:
        self._table.end(end)
        line = _("# stopped {when}") if end.interrupted else _("# finished {when}")
        self._desk.sink.write(line.format(when=self._moment(end.finished_at)) + "\n")

    def _moment(self, seconds: float) -> str:
        return moment(seconds, self._desk.options.timezone)
