"""``hatoba scan --resume FILE``: the scan that FILE tells of, from where it was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hatoba.cli.scan_checks import refuse_what_methods_lack
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import World, run
from hatoba.cli.shell import complain
from hatoba.engine.setting import protocols_of
from hatoba.errors import UsageError
from hatoba.messages import _, ngettext
from hatoba.reports.jsonl_reading import ReadScan, read_scan


def resume(options: ScanOptions, world: World, arguments: Sequence[str]) -> int:
    """Ask what is missing, add it to the file, and return the exit status. Rights and permission are looked at anew: a file
    vouches for nothing."""
    file = options.resume or ""
    read = read_scan(file)
    if read.ended:
        complain(_("{file} holds a scan that came to its end: there is nothing left to ask").format(file=file))
        return 0
    protocols_of(read.plan.methods)
    options = replace(
        options,
        methods=read.plan.methods,
        hosts_only=not read.plan.methods,
        pings=read.plan.pings,
        open_only=read.open_only,
        plan=read.plan,
    )
    for name, given in (("--signatures", options.signatures), ("--recog", options.recog)):
        if given and read.plan.version_intensity is None:
            raise UsageError(
                _("{option} is about services, which {file} did not ask for: leave it out").format(option=name, file=file)
            )
    world.means(options)
    refuse_what_methods_lack(options, read.plan)
    permitted = world.permit(options, read.targets)
    _tell(read, file)
    return run(read.plan, permitted, options, world, arguments, read)


def _tell(read: ReadScan, file: str) -> None:
    size = read.known.size
    ports = ngettext("{count} port", "{count} ports", size.ports).format(count=f"{size.ports:,}")
    hosts = ngettext("{count} finished host", "{count} finished hosts", size.hosts).format(count=f"{size.hosts:,}")
    complain(_("{ports} and {hosts} are known from {file}, the rest is asked").format(ports=ports, hosts=hosts, file=file))
