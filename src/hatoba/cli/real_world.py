"""The world that ``hatoba scan`` runs in outside of tests: this process's streams, this machine's rights, the engine."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import time
from pathlib import Path

from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.scan_permission import permitted_targets
from hatoba.cli.scan_run import World
from hatoba.engine.scan import Scan
from hatoba.errors import UsageError
from hatoba.messages import _
from hatoba.targets.scope import Permitted
from hatoba.targets.scope_file import ScopeFile, default_path
from hatoba.targets.target_set import TargetSet
from hatoba.wire.capabilities import default_method, probe_capabilities, require_raw
from hatoba.wire.local import lab_networks, own_networks


def real_world() -> World:
    """The world as this process finds it. A stream that its caller closed (``>&-``) is nowhere."""
    nowhere = os.devnull
    return World(
        stdin=sys.stdin or open(nowhere, encoding="utf-8"),
        stdout=sys.stdout or open(nowhere, "w", encoding="utf-8"),
        stderr=sys.stderr or open(nowhere, "w", encoding="utf-8"),
        environ=os.environ,
        permit=_permit,
        method=_method,
        new_scan=Scan,
    )


def _permit(options: ScanOptions, targets: TargetSet) -> Permitted:
    for zone in dict.fromkeys(block.zone for block in targets.blocks if block.zone is not None):
        _require_interface(zone, f"%{zone}")
    path = Path(options.scope_file) if options.scope_file else default_path(os.environ)
    return permitted_targets(
        targets,
        ScopeFile(path),
        authorized=options.authorized,
        always=[*own_networks(), *lab_networks()],
        source=sys.stdin,
        screen=sys.stderr,
        by=_user(),
        now_s=time.time(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A user id without a name, as containers have them.
        return str(os.getuid())


def _method(options: ScanOptions) -> tuple[str, str | None]:
    """The method that was asked for, or the best one that works here; and a remark where that is not SYN.

    Raises NotPermitted for a method that does not work here, and UsageError for an interface that there isn't.
    """
    if options.plan.interface is not None:
        _require_interface(options.plan.interface, f"-e {options.plan.interface}")
    if options.method == "connect":
        return "connect", None
    found = probe_capabilities()
    if options.method is not None:
        require_raw(options.method, found)
        return options.method, None
    method = default_method(found)
    if method == "syn":
        return method, None
    return method, _(
        "asking by connect(), since this process may not send packets of its own; hatoba doctor says how to allow it"
    )


def _require_interface(name: str, written: str) -> None:
    """Raise UsageError, with what the user has *written*, where there is no interface of this *name*."""
    try:
        socket.if_nametoindex(name)
    except (OSError, ValueError):
        known = ", ".join(found for _index, found in socket.if_nameindex())
        raise UsageError(
            _("{written}: there is no such interface; there are: {known}").format(written=written, known=known)
        ) from None
