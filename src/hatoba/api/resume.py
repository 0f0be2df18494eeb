"""Going on with a scan that a file tells of: its targets, its plan, and what it knows already."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hatoba.engine.scan import Scan
from hatoba.engine.setting import protocols_of
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.model import ScanPlan
from hatoba.probes.connect import CONNECT
from hatoba.reports.jsonl_reading import read_scan
from hatoba.service import Service
from hatoba.targets.scope import Permitted
from hatoba.targets.target_set import TargetSet
from hatoba.wire.capabilities import require_packets, require_raw

if TYPE_CHECKING:
    from hatoba.identify.identified_scan import IdentifiedScan
    from hatoba.identify.judged_scan import JudgedScan
    from hatoba.identify.signatures.library import Library

_BESIDE = frozenset({"resume", "authorized", "open_only", "signatures", "recog"})


def refuse_beside_resume(said: Mapping[str, object], defaults: Mapping[str, object]) -> None:
    """Raise UsageError for an argument that the file stands for."""
    for name, value in said.items():
        if name not in _BESIDE and value is not defaults[name] and value != defaults[name]:
            raise UsageError(_("resume takes everything that is asked from the file: leave out {name}").format(name=name))


def with_services(
    scan: Scan, plan: ScanPlan, permitted: Permitted, told: Sequence[Service] = (), library: Library | None = None
) -> Scan | IdentifiedScan:
    """*scan* with its open ports asked for their services, if *plan* says so, but for those that *told* them already; *library*
    is what to recognise them by besides."""
    if plan.version_intensity is None:
        return scan
    from hatoba.identify import identified  # asyncio, ssl and cryptography, which others need not wait for

    return identified(scan, permitted, plan.version_intensity, plan.all_ports, plan, told=told, library=library)


def with_systems(scan: Scan | IdentifiedScan, guess: bool = False) -> JudgedScan:
    """*scan* with the systems of its hosts. *guess*: name one that fits badly, where none fits well."""
    from hatoba.identify.judged_scan import JudgedScan  # others need not wait for it

    return JudgedScan(scan, guess)


def resumed(
    path: str | os.PathLike[str], permit: Callable[[TargetSet], Permitted], bring: Callable[[int | None], Library | None]
) -> tuple[Scan | IdentifiedScan | JudgedScan, bool]:
    """The scan, and whether its file tells of open ports only. Rights and permission are looked at anew. *bring* gives what
    to recognise services by besides, for the scan's intensity."""
    read = read_scan(os.fspath(path))
    library = bring(read.plan.version_intensity)
    protocols_of(read.plan.methods)
    permitted = permit(read.targets)
    for name in read.plan.methods:
        if name != CONNECT.name:
            require_raw(name)
    for ping in read.plan.pings:
        if ping.method != CONNECT.name:
            require_packets(ping.method)
    if read.plan.traceroute:
        require_packets("traceroute")
    if read.plan.systems:
        require_packets("systems")
    scan = Scan(read.plan, permitted, arguments=("hatoba.scan",), known=read.known)
    identified = with_services(scan, read.plan, permitted, read.known.services, library)
    return with_systems(identified) if read.plan.systems else identified, read.open_only
