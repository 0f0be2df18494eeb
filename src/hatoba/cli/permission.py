"""Permission as this machine has it: the scope file, own and practice addresses, and the terminal to ask on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from hatoba.cli.consent import user_name
from hatoba.cli.scan_permission import permitted_targets
from hatoba.targets.scope import Permitted
from hatoba.targets.scope_file import ScopeFile, default_path
from hatoba.targets.target_set import TargetSet
from hatoba.wire.local import lab_networks, own_networks


def permission(targets: TargetSet, *, scope_file: str | None = None, authorized: bool = False) -> Permitted:
    """*targets*, once they may be scanned; see :func:`~hatoba.cli.scan_permission.permitted_targets`."""
    return permitted_targets(
        targets,
        ScopeFile(Path(scope_file) if scope_file else default_path(os.environ)),
        authorized=authorized,
        always=[*own_networks(), *lab_networks()],
        source=sys.stdin,
        screen=sys.stderr,
        by=user_name(os.environ),
        now_s=time.time(),
    )
