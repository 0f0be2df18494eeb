"""``hatoba nc -z``: which ports are open, one a line on standard output.

One port is a connection by hand; several are a scan, and wanted is what a scan wants: permission.
"""

from __future__ import annotations

import dataclasses
import socket

from hatoba.cli.nc_values import Given, ends_to_check
from hatoba.messages import _, ngettext, system_words
from hatoba.netcat.checking import Checked, check_ports
from hatoba.netcat.console import Console
from hatoba.netcat.ends import End, Peer, SocketSettings, Transport

WAIT_S = 3.0
"""How long a port may take to answer, unless -w says otherwise: a handshake that was lost once is repeated after one second,
and after two more (RFC 6298)."""


def check(given: Given, settings: SocketSettings, console: Console) -> int:
    """Print the open ports, and with ``-v`` why the others are not, and return 0 if there was one, 1 otherwise."""
    end, ports = ends_to_check(given)
    if settings.connect_timeout_s is None and end.transport is not Transport.UDP:
        settings = dataclasses.replace(settings, connect_timeout_s=WAIT_S)
    if len(ports) > 1:
        _require_permission(end, settings)
    found = 0
    for checked in check_ports(end, ports, settings, pause_s=given["delay_s"] or 0.0):
        where = f"{Peer(checked.address, checked.port)}/{end.transport.value}"
        if console.explaining:
            console.write(f"{where}: {_evidence(checked, end.transport)}")
        elif checked.fault is not None:
            console.tell(_("{where} is not open: {reason}").format(where=where, reason=system_words(checked.fault)))
        elif not checked.proved:
            console.tell(_("{where} may be open: nothing came back, and nobody said that it is closed").format(where=where))
        if checked.fault is None and checked.proved:
            found += 1
            print(" ".join(filter(None, (where, _("open"), _service(checked.port, end.transport)))), flush=True)
    if len(ports) > 1:
        console.tell(
            ngettext("{open} of {count} port is open", "{open} of {count} ports are open", len(ports)).format(
                open=found, count=len(ports)
            )
        )
    return 0 if found else 1


def _require_permission(end: End, settings: SocketSettings) -> None:
    """Raises NotInScope, and what wrong names raise."""
    from hatoba.cli.permission import permission  # NumPy, which one port need not wait for
    from hatoba.targets.build import build_targets
    from hatoba.targets.ports import parse_ports

    families = frozenset({4, 6})
    if settings.family != socket.AF_UNSPEC:
        families = frozenset({4 if settings.family == socket.AF_INET else 6})
    permission(build_targets([end.host], ports=parse_ports("1"), families=families, resolve_all=True).targets)


def _evidence(checked: Checked, transport: Transport) -> str:
    """What came of a port and what that means, as a scan explains it."""
    from hatoba.netcat.evidence import verdict_of
    from hatoba.reports.explain import explain

    return explain(verdict_of(checked, transport))


def _service(port: int, transport: Transport) -> str:
    from hatoba.model import Protocol
    from hatoba.registry import service_name

    return service_name(port, Protocol[transport.name]) or ""
