"""The formats by name, and how to open them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TextIO

from hatoba.messages import translated
from hatoba.model import Protocol
from hatoba.reports.base import Desk, Report, ReportOptions, Services, Sink
from hatoba.reports.outputs import Fanout, Output
from hatoba.results.collector import Collector

FORMATS: Mapping[str, tuple[str, str]] = {
    "table": ("table", "TableReport"),
    "jsonl": ("jsonl", "JsonlReport"),
    "resumed": ("jsonl", "ResumedReport"),
    "xml": ("nmap_xml", "NmapXmlReport"),
    "grepable": ("grepable", "GrepableReport"),
    "normal": ("normal", "NormalReport"),
}
"""Each format's module in this room, imported only when it is asked for, and its report there."""

_WITHOUT_ROWS = frozenset({"jsonl", "resumed"})
"""Formats that write each verdict as it comes and need none of them kept."""

_DEFAULTS = ReportOptions()


def registry_services() -> Services:
    """Service names, hints in the language in force, and vendors, from the registry, which is loaded only now."""
    from hatoba.registry import store
    from hatoba.registry.vendors import vendor_of

    def name(port: int, protocol: Protocol) -> str:
        return store.services(protocol).get(port, "")

    def hint(port: int, protocol: Protocol) -> str:
        return translated(store.hint(port, protocol))

    return Services(name, hint, vendor_of)


def _new(format_name: str, desk: Desk) -> Report:
    module, name = FORMATS[format_name]
    make: Callable[[Desk], Report] = getattr(import_module(f"hatoba.reports.{module}"), name)
    return make(desk)


def open_reports(
    outputs: Sequence[Output],
    options: ReportOptions = _DEFAULTS,
    services: Services | None = None,
    before_write: Callable[[], None] | None = None,
) -> Fanout:
    """One report per output, behind one that takes the scan's events for all.

    *before_write* is called before anything goes to a terminal, so that a progress bar there can get out of the way. A format
    that is not in :data:`FORMATS` is a KeyError.
    """
    services = services or registry_services()
    collector = Collector(keep=False)
    reports = [
        (output, _new(output.format, Desk(Sink(output.stream, before_write), options, services, collector)))
        for output in outputs
    ]
    reads_rows = any(output.format not in _WITHOUT_ROWS for output in outputs)
    return Fanout(reports, collector if reads_rows else None)


def open_report(
    format_name: str, stream: TextIO, options: ReportOptions = _DEFAULTS, services: Services | None = None
) -> Fanout:
    """One format into one stream, which stays open."""
    return open_reports([Output(format_name, stream, getattr(stream, "name", format_name))], options, services)
