"""The course of ``hatoba scan``: methods, targets, permission, outputs, then the engine's events handed to the reports.

Nothing is written before all that can be refused has been: a mistake costs no packet and no file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from shlex import quote
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO, TypeAlias
from typing import Protocol as Interface

from hatoba.api.pings import NO_PORTS, by_connect, default_pings, only_asked
from hatoba.cli.interrupts import Interrupts
from hatoba.cli.scan_checks import refuse_what_methods_lack, remarks
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.shell import complain
from hatoba.cli.streams import is_nowhere, release
from hatoba.cli.target_list import Names, TargetList
from hatoba.engine.setting import protocols_of
from hatoba.errors import HatobaError, OutputError, UsageError
from hatoba.messages import _
from hatoba.model import Found, Host, Ping, Progress, Protocol, ScanEnd, ScanInfo, ScanPlan
from hatoba.reports.base import ReportOptions
from hatoba.reports.colour import wants_colour
from hatoba.reports.formats import open_reports
from hatoba.reports.outputs import Fanout, Output, open_output, open_resumed
from hatoba.reports.progress import ProgressBar
from hatoba.results.batch import HostBatch, VerdictBatch
from hatoba.results.known import Known
from hatoba.targets.build import Built, build_targets
from hatoba.targets.files import Listed
from hatoba.targets.ports import PortChoice, parse_port_lists, ports_asked
from hatoba.targets.scope import Permitted
from hatoba.targets.target_set import TargetSet

if TYPE_CHECKING:
    from hatoba.cli.scan_watch import Watch
    from hatoba.identify.signatures.library import Library
    from hatoba.reports.jsonl_reading import ReadScan
    from hatoba.service import Service

CLOSED_PIPE = 141
"""Exit status where nobody is left to write for: 128 + SIGPIPE."""

Event: TypeAlias = "ScanInfo | VerdictBatch | Service | Found | Host | HostBatch | Progress | ScanEnd"


class Scan(Interface):
    """What this file needs of ``hatoba.engine.scan.Scan``."""

    def events(self) -> Iterator[Event]: ...

    def stop(self) -> None:
        """Finish and report what is known; safe from a signal handler."""


class NewScan(Interface):
    """``hatoba.engine.scan.Scan``, with what is to look at its packets (``scan_watch.watch_of``)."""

    def __call__(
        self,
        plan: ScanPlan,
        permitted: Permitted,
        *,
        arguments: Sequence[str],
        watch: Watch | None = None,
        known: Known | None = None,
    ) -> Scan: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a scan can be done with here."""

    methods: tuple[str, ...]
    """Those to use; none where only hosts are looked for."""
    packets: bool = True
    """Whether packets of our own may be sent."""
    remark: str | None = None
    """About the choice."""


@dataclass(frozen=True, slots=True)
class World:
    """What a scan takes from outside: streams, the environment, permission, the choice of a method, the engine."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    permit: Callable[[ScanOptions, TargetSet], Permitted]
    means: Callable[[ScanOptions], Means]
    new_scan: NewScan
    names: Callable[[], Names]
    """A way to look up the names of addresses."""
    library: Callable[[ScanOptions], Library | None]
    """The signatures and databases that the user brings."""
    identified: Callable[[Scan, ScanOptions, Permitted, Sequence[Service], Library | None], Scan]
    """The same scan, with open ports asked for their services but for those that told them already."""


def scan(options: ScanOptions, world: World, arguments: Sequence[str]) -> int:
    """Scan as *options* say and return the exit status. *arguments* are the command line, for the reports."""
    if options.list_only:
        targets = _noted(_targets(options, NO_PORTS, world.stdin))
        names = world.names() if options.list_names else None
        return _report(TargetList(targets, arguments, names, time.time), options, world, None)
    means = world.means(options)
    ports = NO_PORTS if options.hosts_only else _ports(options, protocols_of(means.methods))
    targets = _noted(_targets(options, ports, world.stdin))
    plan = replace(options.plan, methods=means.methods, pings=_pings(options, means, targets.all_addresses))
    if options.everything and means.packets:
        plan = replace(plan, systems=True, traceroute=True)
    refuse_what_methods_lack(options, plan)
    permitted = world.permit(options, targets)
    if means.remark and options.verbose:
        complain(means.remark)
    if options.everything and not means.packets:
        complain(
            _(
                "-A does without -O and --traceroute, since this process may not send packets of its own; hatoba doctor says"
                " how to allow it"
            )
        )
    return run(plan, permitted, options, world, arguments)


def run(
    plan: ScanPlan,
    permitted: Permitted,
    options: ScanOptions,
    world: World,
    arguments: Sequence[str],
    read: ReadScan | None = None,
) -> int:
    """Carry out what is settled, and return the exit status. *read* is the scan to go on with."""
    for remark in remarks(options, plan):
        complain(remark)
    known = None if read is None else read.known
    looked_into = _looked_into(plan, options, world, permitted, known)
    if not options.watched:
        engine_scan = world.new_scan(plan, permitted, arguments=arguments, known=known)
        return _report(looked_into(engine_scan), options, world, read)
    from hatoba.cli.scan_watch import dry_plan, watch_of  # all that takes packets apart, which others need not wait for

    watch = watch_of(options, world.stdout, world.stderr)
    if options.dry_run:
        _refuse_nowhere(world.stdout)
        plan = dry_plan(plan)
    engine_scan = world.new_scan(plan, permitted, arguments=arguments, watch=watch, known=known)
    try:
        status = _dry(engine_scan, watch) if options.dry_run else _report(looked_into(engine_scan), options, world, read)
    except (UsageError, OutputError):
        watch.give_up()  # a report that can't be written refuses the scan
        raise
    finally:
        failure = watch.close()
    return status or failure


def _looked_into(
    plan: ScanPlan, options: ScanOptions, world: World, permitted: Permitted, known: Known | None
) -> Callable[[Scan], Scan]:
    """What makes of a scan one that asks for services and systems, as far as it is to; what the user brings is read, and
    refused, now."""
    library = None if options.version_intensity is None else world.library(options)

    def looked_into(engine_scan: Scan) -> Scan:
        if options.version_intensity is not None:
            told = () if known is None else known.services
            engine_scan = world.identified(engine_scan, options, permitted, told, library)
        if plan.systems:
            from hatoba.identify.judged_scan import JudgedScan  # others need not wait for it

            engine_scan = JudgedScan(engine_scan, options.systems_guess)
        return engine_scan

    return looked_into


def _dry(engine_scan: Scan, watch: Watch) -> int:
    """Show the packets, which is done by who watches, and nothing else: there are no results."""
    for event in engine_scan.events():
        if isinstance(event, ScanEnd):
            for problem in event.problems or ([_("no packet would be sent")] if watch.saw_none else []):
                complain(problem)
    return 0


def _report(engine_scan: Scan, options: ScanOptions, world: World, read: ReadScan | None) -> int:
    """Run and write all that was asked for; returns the exit status."""
    with ProgressBar(world.stderr, world.environ if options.progress else {"TERM": "dumb"}) as bar:
        reports = _reports(options, world, bar, read)
        try:
            told = options.table and not is_nowhere(world.stdout) and (world.stdout.isatty() or not world.stderr.isatty())
            with Interrupts(engine_scan.stop, (world.stdout, world.stderr)) as interrupts:
                ending = _relay(engine_scan, reports, bar, interrupts)
            return _status(reports, ending, interrupts, told=told, listed=options.list_only, file=_resumable(options))
        except KeyboardInterrupt:
            for stream in reports.streams:
                release(stream)
            raise
        finally:
            reports.close()


def _noted(built: Built) -> TargetSet:
    """The targets, after all that is to be said about them."""
    for note in built.notes:
        complain(note)
    return built.targets


def _pings(options: ScanOptions, means: Means, count: int) -> tuple[Ping, ...]:
    """How to look for hosts among so many addresses."""
    if options.pings is None:
        return default_pings(count, means.packets, options.hosts_only)
    return options.pings if means.packets else by_connect(options.pings)


def _ports(options: ScanOptions, protocols: Sequence[Protocol]) -> PortChoice:
    """The ports to ask of every host that has none of its own."""
    written = options.ports if options.top_ports is None else None
    chosen = ports_asked(protocols, written, options.top_ports or 0)
    return chosen.without(parse_port_lists(options.exclude_ports, protocols))


def _targets(options: ScanOptions, ports: PortChoice, stdin: TextIO) -> Built:
    if [*options.inputs, *options.exclude_files].count("-") > 1:
        raise UsageError(_("standard input can be read once: name - a single time"))
    listed, left_out = Listed(options.inputs, stdin), Listed(options.exclude_files, stdin)
    with listed.placed(), left_out.placed():
        built = build_targets(
            chain(options.targets, listed),
            ports=ports,
            exclude=chain(options.exclude, left_out),
            exclude_place=left_out.place,
            exclude_ports=parse_port_lists(options.exclude_ports, ports.protocols),
            families=options.families,
            resolve_all=options.all_addresses,
            interface=options.plan.interface,
            shard=options.shard,
        )
    for block in built.targets.blocks:
        only_asked(PortChoice(block.ports), ports)
    return built


def _reports(options: ScanOptions, world: World, bar: ProgressBar, read: ReadScan | None) -> Fanout:
    """Every output, opened. Raises UsageError for one that can't be, OutputError where the only one is closed."""
    outputs = []
    if options.table and not is_nowhere(world.stdout):
        outputs.append(Output("table", world.stdout, _("standard output")))
    elif not options.table or not options.outputs:
        _refuse_nowhere(world.stdout)
    try:
        for format_name, path in options.outputs:
            outputs.append(open_output(format_name, path, world.stdout))
        if read is not None and options.resume is not None:
            outputs.append(open_resumed(options.resume, read.size_bytes))
    except OutputError as error:
        for output in outputs:
            if output.is_ours:
                output.stream.close()
        raise UsageError(str(error)) from error
    chosen = ReportOptions(
        open_only=options.open_only,
        reason=options.reason or options.verbose > 1,
        explain=options.explain,
        verbose=options.verbose,
        colour=wants_colour(world.stdout, world.environ),
        columns=get_terminal_size().columns if world.stdout.isatty() else None,
    )
    return open_reports(outputs, chosen, before_write=bar.hide)


def _refuse_nowhere(stdout: TextIO) -> None:
    if is_nowhere(stdout):
        raise OutputError(
            _("standard output is closed, so nobody would learn what was found: name a file, such as -oN scan.txt")
        )


def _resumable(options: ScanOptions) -> str | None:
    """The file that a scan can be gone on with from."""
    files = [path for format_name, path in options.outputs if format_name == "jsonl" and path != "-"]
    return None if options.list_only else options.resume or next(iter(files), None)


def _relay(engine_scan: Scan, reports: Fanout, bar: ProgressBar, interrupts: Interrupts) -> ScanEnd | None:
    """Hand the events to the reports until the scan ends. How it ended; None where nobody was left to write for."""
    ending: ScanEnd | None = None
    warned = False
    events = engine_scan.events()
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
    return ending


def _hand_on(event: Event, reports: Fanout, bar: ProgressBar) -> None:
    match event:
        case Progress():
            bar.update(event)
        case ScanInfo():
            reports.start(event)
        case VerdictBatch():
            reports.verdicts(event)
        case Found():
            reports.found(event)
        case Host():
            reports.host(event)
        case HostBatch():
            reports.hosts(event)
        case ScanEnd():
            bar.hide()
            reports.end(event)
        case _:  # a service: who asks for none has not loaded what they are
            reports.service(event)


def _status(
    reports: Fanout, ending: ScanEnd | None, interrupts: Interrupts, *, told: bool, listed: bool, file: str | None
) -> int:
    """Say what went wrong, and return the exit status for it. *told*: problems are read in the table already; *listed*: nobody
    was to be asked; *file*: where the scan can be gone on from."""
    for failure in reports.failures:
        complain(str(failure))
    if ending is not None and not told:
        for problem in ending.problems:
            complain(problem)
    if ending is None and interrupts.first is None and not reports.failures:
        complain(_("nobody reads the output any more, so the scan was stopped before its end"))
    if file is not None and (ending is None or ending.interrupted):
        complain(_("hatoba scan --resume {file} asks the rest").format(file=quote(file)))
    if interrupts.first is not None:
        return interrupts.exit_status
    if reports.failures:
        return OutputError.exit_status
    if ending is None:
        return CLOSED_PIPE
    nothing_done = bool(ending.problems) and not (any(ending.counts.values()) or ending.hosts_up or listed)
    return HatobaError.exit_status if ending.interrupted or nothing_done else 0
