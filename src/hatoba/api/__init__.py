"""hatoba from Python: one scan as verdicts, as events, asynchronously, or as a whole array. ``docs/api.md`` shows each.

Nothing here prints or asks. A mistake is an exception of ``hatoba.errors`` at the call; what is worth knowing besides the
results (a name that does not exist, a host without a way to it) goes to the logger ``hatoba``, which is silent unless the
program gives it a handler.

Each name is loaded when it is first used: the command line shares modules of this room, and none of these.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatoba.api.request import ScanOptions
    from hatoba.api.scanning import scan, scan_array, scan_async, scan_events

__all__ = ["ScanOptions", "scan", "scan_array", "scan_async", "scan_events"]

_HOMES = {"ScanOptions": "request"}
_HOME = "scanning"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES.get(name, _HOME)}"), name)
    globals()[name] = value
    return value
