"""What stands behind a port: which program, which version, and how it is wrapped up.

::

    engine's events -> identified_scan -> runner -> interview -> protocols (pure)
                                                    |-- layers: as it is, or through TLS
                                                     |-- listening: bounded in bytes and time
                                                     `-- closer_look: TLS's versions and ciphers, icons, HTTP/2, WAFs
    host's observations, services -> judged_scan -> systems (pure)

:func:`identified` puts the services together; ``judged_scan.JudgedScan`` stands around that scan, or around the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatoba.identify.identified_scan import IdentifiedScan, Scans
from hatoba.identify.manner import DEFAULT_INTENSITY, Manner
from hatoba.identify.runner import AT_ONCE, Limits, Runner
from hatoba.identify.signatures.library import Library
from hatoba.model import ScanPlan
from hatoba.registry.releases import read_releases
from hatoba.service import Service
from hatoba.targets.scope import Permitted
from hatoba.wire.conversations import KernelDials
from hatoba.wire.descriptors import room_for_sockets
from hatoba.wire.gate import GatedDials

_DESCRIPTORS_EACH = 6


def identified(
    scan: Scans,
    permitted: Permitted,
    intensity: int | None,
    all_ports: bool = False,
    plan: ScanPlan | None = None,
    *,
    told: Sequence[Service] = (),
    library: Library | None = None,
) -> IdentifiedScan:
    """*scan* with its open ports asked for their services, at this *intensity* (0 to 9; None: nmap's 7), by way of *plan*'s
    interface, within its delay and time-out for a host. Only *permitted* addresses are ever connected to. *told*: what is
    not to be asked again; *library*: what the user brings besides."""
    plan = plan or ScanPlan()
    intensity = DEFAULT_INTENSITY if intensity is None else intensity
    manner = Manner(intensity, all_ports, plan.tls_ciphers, plan.waf_test, library=library, releases=read_releases())

    def new_runner() -> Runner:
        at_once = max(1, min(AT_ONCE, room_for_sockets() // _DESCRIPTORS_EACH))
        limits = Limits(at_once, delay_s=plan.scan_delay_s or 0.0, host_s=plan.host_timeout_s)
        return Runner(GatedDials(KernelDials(plan.interface), permitted), manner, limits)

    return IdentifiedScan(scan, new_runner, told=told)
