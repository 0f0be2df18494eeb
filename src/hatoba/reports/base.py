"""What a report is: something that takes a scan's events in order and writes them down as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, TextIO, runtime_checkable
from typing import Protocol as Interface

from hatoba.model import Found, Host, Protocol, ScanEnd, ScanInfo, Verdict
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.results.collector import Collector
from hatoba.results.summary import HostSummary, limit_for, summarise

if TYPE_CHECKING:
    from hatoba.service import Service

UNNAMED = "unknown"
"""Stands in columns and fields for the service of a port that nobody has claimed, so that they don't shift."""


class Report(Interface):
    """``start`` once, then ``verdicts``, ``service``, ``host`` and ``hosts`` in any mix (a service after its verdict; each
    address in one of the latter, once, after its last verdict and service), then ``end`` once. Each writes what it can say by
    then. OSError from the stream is passed on."""

    def start(self, info: ScanInfo) -> None: ...

    def verdicts(self, batch: VerdictBatch) -> None: ...

    def service(self, service: Service) -> None: ...

    def host(self, host: Host) -> None: ...

    def hosts(self, batch: HostBatch) -> None:
        """As :meth:`host`, for each of them."""

    def end(self, end: ScanEnd) -> None: ...


@runtime_checkable
class TellsFound(Interface):
    """A report that wants to know of hosts as soon as they have answered a ping."""

    def found(self, found: Found) -> None: ...


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user chose about reports."""

    open_only: bool = False
    """Only ports whose state is open; hosts without one are left out where several were asked."""
    reason: bool = False
    explain: bool = False
    verbose: int = 0
    colour: bool = False
    """Whether a table may use colours: ask :func:`hatoba.reports.colour.wants_colour`."""
    columns: int | None = None
    """How wide the terminal is that a table goes to; None where it is none, and a line is as long as it is."""
    timezone: tzinfo | None = None
    """For times that people read; None is the machine's own."""


@dataclass(frozen=True, slots=True)
class Services:
    """What reports want to know of port numbers and hardware addresses; ``reports.formats.registry_services`` asks the
    registry."""

    name: Callable[[int, Protocol], str]
    """Name of the service that usually has this port; empty where there is none."""
    hint: Callable[[int, Protocol], str]
    """One sentence on what to do about this port being open; empty where there is nothing to say."""
    vendor: Callable[[bytes], str | None] = lambda _mac: None
    """Who made the network card with this hardware address; None where that can't be told. Untrusted text."""


class Sink:
    """A text stream that never fails for the sake of a character: what its encoding lacks is written as an escape."""

    def __init__(self, stream: TextIO, before_write: Callable[[], None] | None = None) -> None:
        """*before_write* is called before each write if the stream is a terminal."""
        self._stream = stream
        self._before_write = before_write if stream.isatty() else None

    def write(self, text: str) -> None:
        if self._before_write is not None:
            self._before_write()
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding or "ascii"
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every report is given to work with."""

    sink: Sink
    options: ReportOptions
    services: Services
    collector: Collector
    """Has each verdict and service before the reports are told of it."""

    def service(self, verdict: Verdict) -> Service | None:
        """What the port said of itself; None where it was not asked."""
        return self.collector.services_of(verdict.address).get((verdict.protocol, verdict.port))

    def service_name(self, verdict: Verdict) -> str:
        """What it speaks, as far as it told, with ``tls/`` in front where that stands before it; else the usual name of its
        number, with a question mark where the port was asked and did not tell. Untrusted text; empty where nothing is known."""
        service, usual = self.service(verdict), self.services.name(verdict.port, verdict.protocol)
        if service is None or not service.was_asked:
            return usual
        wrap = "tls/" if service.encrypted else ""
        if service.facts is not None:
            return wrap + service.facts.name if service.facts.name != "ssl" else "tls"
        return f"{wrap}{usual}?" if usual else wrap.rstrip("/")

    def summary(self, host: Host) -> HostSummary:
        """The host's ports divided as the options say."""
        return summarise(
            self.collector.of(host.address), limit=limit_for(self.options.verbose), open_only=self.options.open_only
        )
