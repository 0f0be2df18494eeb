"""What goes with a scan's methods and pings, once these are settled. All is refused before the first packet."""

from __future__ import annotations

from hatoba.cli.scan_options import ScanOptions
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import Protocol, ScanPlan
from hatoba.probes import METHODS
from hatoba.probes.connect import CONNECT


def refuse_what_methods_lack(options: ScanOptions, plan: ScanPlan) -> None:
    """Raise UsageError for an option that neither methods nor pings of *plan* can fulfil."""
    with_flags = any(name in METHODS and METHODS[name].protocol == Protocol.TCP for name in plan.methods)
    if plan.tcp_flags is not None and not with_flags:
        raise UsageError(
            _("--scanflags is for methods that send TCP segments of their own: add --syn, --ack or another of them")
        )
    if CONNECT.name in _asking(plan) and plan.source_port is not None:
        raise UsageError(_("connect() leaves the source port to the kernel: ask by --syn instead, or leave out -g"))
    if CONNECT.name in plan.methods and options.dry_run:
        raise UsageError(_("connect() leaves the packets to the kernel, so there are none to show: add --syn to see those"))
    if options.pcap is not None and only_connects(plan):
        raise UsageError(
            _("connect() leaves the packets to the kernel, so there are none to write: ask by --syn, or leave out --pcap")
        )


def remarks(options: ScanOptions, plan: ScanPlan) -> list[str]:
    """Sentences about what an option of this scan does only in part, or not at all."""
    said = []
    if options.pcap is not None and CONNECT.name in _asking(plan) and not options.dry_run:
        said.append(_("connect() leaves its packets to the kernel, so they are missing from {file}").format(file=options.pcap))
    if options.pcap is not None and options.version_intensity is not None and not options.dry_run:
        said.append(_("-sV leaves its packets to the kernel, so they are missing from {file}").format(file=options.pcap))
    files = [
        *(_("standard output") if path == "-" else path for _format, path in options.outputs),
        *filter(None, [options.pcap]),
    ]
    if options.dry_run and files:
        said.append(_("a dry run finds nothing out, so nothing of it goes to {files}").format(files=", ".join(files)))
    return said


def only_connects(plan: ScanPlan) -> bool:
    """Whether no packet of this scan is hatoba's own."""
    return _asking(plan) == {CONNECT.name} and not (plan.traceroute or plan.systems)


def _asking(plan: ScanPlan) -> set[str]:
    return {*plan.methods, *(ping.method for ping in plan.pings)}
