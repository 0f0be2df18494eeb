"""The table for people: a section per host as soon as the host is done, a few lines at the end."""

from __future__ import annotations

from hatoba.messages import _, ngettext
from hatoba.model import Host, Reason, ScanEnd, ScanInfo, State
from hatoba.reports.absence import Absences
from hatoba.reports.base import Desk
from hatoba.reports.host_section import host_section
from hatoba.reports.limits import limits
from hatoba.reports.quantities import duration, number
from hatoba.reports.text import safe
from hatoba.reports.wrapping import indented
from hatoba.results.batch import HostBatch

_FEW_ADDRESSES = 16
"""Up to so many asked addresses, those that did not answer are shown too; of a whole network they are only counted."""


class TableReport:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address_count = 1
        self._shard: list[str] = []
        """A sentence, where the targets were divided among machines."""
        self._hosts_only = False
        self._silent = 0
        self._absences = Absences()
        self._listed = 0
        self._without_open = 0
        self._after_one_liner = False

    def start(self, info: ScanInfo) -> None:
        self._address_count = info.address_count
        self._shard = [] if info.shard is None else [_shard(info)]
        self._hosts_only = not info.asked

    def verdicts(self, batch: object) -> None:
        """Nothing: a host is printed when it is done."""

    def service(self, service: object) -> None:
        """Nothing: it is written with its host."""

    def host(self, host: Host) -> None:
        options = self._desk.options
        if host.reason == Reason.USER_SET.word and host.state == "unknown":
            self._listed += 1
        elif host.state != "up":
            self._absences.note(host)
            if self._address_count > _FEW_ADDRESSES and not options.verbose:
                self._silent += 1  # without looking for ports: an open one would have made the host up
                return
        summary = self._desk.summary(host)
        if options.open_only and not summary.open_count and self._address_count > 1 and not self._hosts_only:
            self._without_open += 1
        else:
            self._write_section(host_section(self._desk, host, summary, self._hosts_only))

    def hosts(self, batch: HostBatch) -> None:
        if self._address_count > _FEW_ADDRESSES and not self._desk.options.verbose:
            self._absences.note(next(iter(batch)), len(batch))
            self._silent += len(batch)
        else:
            for host in batch:
                self.host(host)

    def _write_section(self, section: str) -> None:
        """Hosts that one line says all about stand in a row; an empty line ends such a row, and every longer section."""
        one_liner = section.count("\n") == 1
        before = "\n" if self._after_one_liner and not one_liner else ""
        self._after_one_liner = one_liner
        self._desk.sink.write(before + section + ("" if one_liner else "\n"))

    def end(self, end: ScanEnd) -> None:
        columns = self._desk.options.columns
        lines = [""] if self._after_one_liner else []
        if self._silent:
            text = ngettext(
                "Not shown: {count} address that did not answer (-v shows it).",
                "Not shown: {count} addresses that did not answer (-v shows them).",
                self._silent,
            )
            lines.append(text.format(count=number(self._silent)))
        if self._without_open:
            text = ngettext(
                "Not shown because of --open: {count} host without an open port.",
                "Not shown because of --open: {count} hosts without an open port.",
                self._without_open,
            )
            lines.append(text.format(count=number(self._without_open)))
        told = [part for line in [*lines, *self._closing_lines(end)] for part in indented(line, "", columns) or [""]]
        self._desk.sink.write("".join(f"{line}\n" for line in told))

    def _closing_lines(self, end: ScanEnd) -> list[str]:
        if self._listed:
            sent = _("Addresses: {count}. Nothing was sent to them.").format(count=number(self._listed))
            return [sent, *self._shard, *_problem_lines(end)]
        lines = [_sum(end), *self._shard, *limits(end, self._address_count - end.hosts_total)]
        if not end.hosts_up and not end.interrupted:
            lines += self._absences.sentences()
        return lines + _problem_lines(end)


def _shard(info: ScanInfo) -> str:
    text = ngettext(
        "Shard {shard}: {count} of {all} address; the other shards have the rest.",
        "Shard {shard}: {count} of {all} addresses; the other shards have the rest.",
        info.all_addresses,
    )
    return text.format(shard=info.shard, count=number(info.address_count), all=number(info.all_addresses))


def _sum(end: ScanEnd) -> str:
    counts = sorted(end.counts.items(), key=lambda item: (item[0] != State.OPEN.word, -item[1]))
    ports = ", ".join(f"{number(count)} {state}" for state, count in counts if count)
    total = _("Hosts up: {up} of {total}. Ports: {ports}. Probes: {probes} in {time}.")
    if not ports:
        total = _("Hosts up: {up} of {total}. Probes: {probes} in {time}.")
    return total.format(
        up=number(end.hosts_up),
        total=number(end.hosts_total),
        ports=ports,
        probes=number(end.probes_sent),
        time=duration(end.duration_s),
    )


def _problem_lines(end: ScanEnd) -> list[str]:
    return [_("Problem: {problem}").format(problem=safe(problem)) for problem in end.problems]
