"""The course of ``hatoba scan``: targets, permission, method, outputs, then the engine's events handed to the reports.

Nothing is written before all that can be refused has been: a mistake costs no packet and no file.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from shutil import get_terminal_size
from typing import Protocol as Interface
from typing import TextIO

from hatoba.cli.interrupts import Interrupts
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.shell import complain
from hatoba.cli.streams import release
from hatoba.errors import HatobaError, OutputError, UsageError
from hatoba.messages import _
from hatoba.model import Host, Progress, Protocol, ScanEnd, ScanInfo, ScanPlan
from hatoba.reports.base import ReportOptions
from hatoba.reports.colour import wants_colour
from hatoba.reports.formats import open_reports
from hatoba.reports.outputs import Fanout, Output, open_output
from hatoba.reports.progress import ProgressBar
from hatoba.results.batch import VerdictBatch
from hatoba.targets.build import Built, build_targets
from hatoba.targets.files import read_expressions
from hatoba.targets.ports import PortChoice, parse_ports, top_ports_choice
from hatoba.targets.scope import Permitted
from hatoba.targets.target_set import TargetSet

CLOSED_PIPE = 141
"""Exit status where nobody is left to write for: 128 + SIGPIPE."""

Event = ScanInfo | VerdictBatch | Host | Progress | ScanEnd


class Scan(Interface):
    """What this file needs of ``hatoba.engine.scan.Scan``."""

    def events(self) -> Iterator[Event]: ...

    def stop(self) -> None:
        """Finish and report what is known; safe from a signal handler."""


class NewScan(Interface):
    def __call__(self, plan: ScanPlan, permitted: Permitted, *, arguments: Sequence[str], ports: str) -> Scan: ...


@dataclass(frozen=True, slots=True)
class World:
    """What a scan takes from outside: streams, the environment, permission, the choice of a method, the engine."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    permit: Callable[[ScanOptions, TargetSet], Permitted]
    method: Callable[[ScanOptions], tuple[str, str | None]]
    """The method to use, and a remark about the choice."""
    new_scan: NewScan


def scan(options: ScanOptions, world: World, arguments: Sequence[str]) -> int:
    """Scan as *options* say and return the exit status. *arguments* are the command line, for the reports."""
    ports = _ports(options)
    built = _targets(options, ports, world.stdin)
    for note in built.notes:
        complain(note)
    permitted = world.permit(options, built.targets)
    method, remark = world.method(options)
    if remark and options.verbose:
        complain(remark)
    plan = replace(options.plan, method=method)
    engine_scan = world.new_scan(plan, permitted, arguments=arguments, ports=ports.describe())
    with ProgressBar(world.stderr, world.environ if options.progress else {"TERM": "dumb"}) as bar:
        reports = _reports(options, world, bar)
        try:
            return _relay(engine_scan, reports, bar, told=options.table and world.stdout.isatty())
        except KeyboardInterrupt:
            for stream in reports.streams:
                release(stream)
            raise
        finally:
            reports.close()


def _ports(options: ScanOptions) -> PortChoice:
    """The ports to ask of every host that has none of its own."""
    if options.top_ports is not None:
        chosen = top_ports_choice(options.top_ports, Protocol.TCP)
    else:
        chosen = parse_ports(options.ports or "")
    excluded = _excluded(options)
    return (chosen if excluded is None else chosen.without(excluded)).only(Protocol.TCP)


def _excluded(options: ScanOptions) -> PortChoice | None:
    return None if options.exclude_ports is None else parse_ports(options.exclude_ports)


def _targets(options: ScanOptions, ports: PortChoice, stdin: TextIO) -> Built:
    if [*options.inputs, *options.exclude_files].count("-") > 1:
        raise UsageError(_("standard input can be read once: name - a single time"))
    listed = chain.from_iterable(read_expressions(path, stdin) for path in options.inputs)
    left_out = chain.from_iterable(read_expressions(path, stdin) for path in options.exclude_files)
    built = build_targets(
        chain(options.targets, listed),
        ports=ports,
        exclude=chain(options.exclude, left_out),
        exclude_ports=_excluded(options),
        families=options.families,
        resolve_all=options.all_addresses,
        interface=options.plan.interface,
    )
    for block in built.targets.blocks:
        PortChoice(block.ports).only(Protocol.TCP)
    return built


def _reports(options: ScanOptions, world: World, bar: ProgressBar) -> Fanout:
    """Every output, opened. Raises UsageError for one that can't be."""
    outputs = [Output("table", world.stdout, _("standard output"))] if options.table else []
    try:
        for format_name, path in options.outputs:
            outputs.append(open_output(format_name, path, world.stdout))
    except OutputError as error:
        for output in outputs:
            if output.is_ours:
                output.stream.close()
        raise UsageError(str(error)) from error
    chosen = ReportOptions(
        open_only=options.open_only,
        reason=options.reason,
        explain=options.explain,
        verbose=options.verbose,
        colour=wants_colour(world.stdout, world.environ),
        columns=get_terminal_size().columns if world.stdout.isatty() else None,
    )
    return open_reports(outputs, chosen, before_write=bar.hide)


def _relay(engine_scan: Scan, reports: Fanout, bar: ProgressBar, *, told: bool) -> int:
    """Hand the events to the reports until the scan ends, and return the exit status. *told*: the table shows problems."""
    ending: ScanEnd | None = None
    warned = False
    events = engine_scan.events()
    with Interrupts(engine_scan.stop) as interrupts:
        try:
            for event in events:
                if interrupts.first is not None and not warned:
                    warned = True
                    bar.hide()
                    complain(_("stopping, and reporting what is known by now; Ctrl-C once more stops at once"))
                _hand_on(event, reports, bar)
                if isinstance(event, ScanEnd):
                    ending = event
                elif not reports.wants_more:
                    break
        finally:
            bar.hide()
            if isinstance(events, Generator):
                events.close()
    return _status(reports, ending, interrupts, told=told)


def _hand_on(event: Event, reports: Fanout, bar: ProgressBar) -> None:
    match event:
        case Progress():
            bar.update(event)
        case ScanInfo():
            reports.start(event)
        case VerdictBatch():
            reports.verdicts(event)
        case Host():
            reports.host(event)
        case ScanEnd():
            bar.hide()
            reports.end(event)


def _status(reports: Fanout, ending: ScanEnd | None, interrupts: Interrupts, *, told: bool) -> int:
    """Say what went wrong, and return the exit status for it."""
    for failure in reports.failures:
        complain(str(failure))
    if ending is not None and not told:
        for problem in ending.problems:
            complain(problem)
    if interrupts.first is not None:
        return interrupts.exit_status
    if reports.failures:
        return OutputError.exit_status
    if ending is None:
        complain(_("nobody reads the output any more, so the scan was stopped before its end"))
        return CLOSED_PIPE
    nothing_done = bool(ending.problems) and not any(ending.counts.values())
    return HatobaError.exit_status if ending.interrupted or nothing_done else 0
