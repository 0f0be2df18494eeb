"""The world that ``hatoba scan`` runs in outside of tests: this process's streams, this machine's rights, the engine."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hatoba.cli.permission import permission
from hatoba.cli.scan_discovery import PING_LETTERS
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_run import Means, World
from hatoba.cli.scan_run import Scan as AnyScan
from hatoba.cli.signature_files import library
from hatoba.cli.target_list import Names
from hatoba.engine.scan import Scan
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import ScanPlan
from hatoba.results.known import Known
from hatoba.targets.scope import Permitted, Scope
from hatoba.targets.target_set import TargetSet
from hatoba.wire.capabilities import Capabilities, default_method, probe_capabilities, require_packets, require_raw
from hatoba.wire.source_ports import SourcePorts

if TYPE_CHECKING:
    from hatoba.cli.scan_watch import Watch
    from hatoba.identify.signatures.library import Library
    from hatoba.service import Service


def real_world() -> World:
    """The world as this process finds it. A stream that its caller closed (``>&-``) is nowhere."""
    nowhere = os.devnull
    return World(
        stdin=sys.stdin or open(nowhere, encoding="utf-8"),
        stdout=sys.stdout or open(nowhere, "w", encoding="utf-8"),
        stderr=sys.stderr or open(nowhere, "w", encoding="utf-8"),
        environ=os.environ,
        permit=_permit,
        means=_means,
        new_scan=_new_scan,
        names=_names,
        library=_library,
        identified=_identified,
    )


def _new_scan(
    plan: ScanPlan,
    permitted: Permitted,
    *,
    arguments: Sequence[str],
    watch: Watch | None = None,
    known: Known | None = None,
) -> Scan:
    network = None if watch is None else watch.network(plan)
    return Scan(plan, permitted, arguments=arguments, network=network, known=known)


def _names() -> Names:
    from hatoba.wire.reverse_names import ReverseNames  # only who asks for names needs it

    return ReverseNames()


def _library(options: ScanOptions) -> Library | None:
    return library(options.signatures, options.recog, os.environ)


def _identified(
    scan: AnyScan, options: ScanOptions, permitted: Permitted, told: Sequence[Service], brought: Library | None
) -> AnyScan:
    from hatoba.identify import identified  # asyncio, ssl and cryptography: half a second that others need not wait for

    manner = options.version_intensity, options.all_ports
    return identified(scan, permitted, *manner, options.plan, told=told, library=brought)


def _permit(options: ScanOptions, targets: TargetSet) -> Permitted:
    for zone in dict.fromkeys(block.zone for block in targets.blocks if block.zone is not None):
        _require_interface(zone, f"%{zone}")
    if options.dry_run:
        return Scope.waive(targets, by="--dry-run")  # nothing is sent to them
    return permission(targets, scope_file=options.scope_file, authorized=options.authorized)


def _means(options: ScanOptions) -> Means:
    """The methods that were asked for, or the best one that works here, with a remark where that is not SYN.

    Raises NotPermitted for what does not work here, UsageError for an interface that there isn't, and WireError for a source
    port that another program has.
    """
    if options.plan.interface is not None:
        _require_interface(options.plan.interface, f"-e {options.plan.interface}")
    if options.plan.source_port is not None:
        SourcePorts(seed=0, wanted=options.plan.source_port).close()
    found = probe_capabilities()
    packets = found.methods["syn"] or options.dry_run
    if not packets:
        _require_for_pings(options, found)
    if options.hosts_only:
        return Means((), packets)
    raw = [name for name in options.methods if name != "connect"]
    if raw and not packets:
        require_raw(raw[0], found)
    if options.methods:
        return Means(options.methods, packets)
    if packets:
        return Means(("syn",), packets)
    remark = _("asking by connect(), since this process may not send packets of its own; hatoba doctor says how to allow it")
    return Means((default_method(found),), packets, remark)


def _require_for_pings(options: ScanOptions, found: Capabilities) -> None:
    """Raise NotPermitted for what looks for hosts by packets of its own; connect() does for SYN and ACK."""
    for ping in options.pings or ():
        if ping.method not in ("syn", "ack"):
            require_packets(PING_LETTERS[ping.method], found)
    if options.plan.traceroute:
        require_packets("--traceroute", found)
    if options.plan.systems:
        require_packets("-O", found)


def _require_interface(name: str, written: str) -> None:
    """Raise UsageError, with what the user has *written*, where there is no interface of this *name*."""
    try:
        socket.if_nametoindex(name)
    except (OSError, ValueError):
        known = ", ".join(found for _index, found in socket.if_nameindex())
        raise UsageError(
            _("{written}: there is no such interface; there are: {known}").format(written=written, known=known)
        ) from None
