"""Permission for a scan's targets: given already, asked for on a terminal, vouched for, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from hatoba.cli.consent import ask_consent
from hatoba.errors import NotInScope
from hatoba.targets.ranges import Network
from hatoba.targets.scope import Permitted, Scope
from hatoba.targets.scope_file import ScopeFile
from hatoba.targets.target_set import TargetSet


def permitted_targets(
    targets: TargetSet,
    scope_file: ScopeFile,
    *,
    authorized: bool,
    always: Iterable[Network],
    source: TextIO,
    screen: TextIO,
    by: str,
    now_s: float,
) -> Permitted:
    """*targets*, once they may be scanned. *always* are networks that need no permission.

    With *authorized* nothing is asked or read. Otherwise what is not in scope is asked about where *source* and *screen* are a
    terminal, and recorded under the name *by*. Raises NotInScope where permission is not there.
    """
    if authorized:
        return Scope.waive(targets, by="--authorized")
    standing = tuple(always)
    try:
        return Scope(scope_file.load(), standing).require(targets)
    except NotInScope as refusal:
        if not ask_consent(refusal, scope_file, source=source, screen=screen, by=by, now_s=now_s):
            raise
    return Scope(scope_file.load(), standing).require(targets)
