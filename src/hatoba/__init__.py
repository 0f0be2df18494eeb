"""hatoba: a port scanner that says why.

    import hatoba

    for verdict in hatoba.scan("198.18.0.2", ports="1-1024"):
        print(verdict.port, verdict.state.word, verdict.reason.word)

Every name is loaded when it is first used, so importing the package costs next to nothing. ``docs/api.md`` tells more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatoba.api import ScanOptions as ScanOptions
    from hatoba.api import scan as scan
    from hatoba.api import scan_array as scan_array
    from hatoba.api import scan_async as scan_async
    from hatoba.api import scan_events as scan_events
    from hatoba.errors import HatobaError as HatobaError
    from hatoba.errors import NotInScope as NotInScope
    from hatoba.errors import NotPermitted as NotPermitted
    from hatoba.errors import UsageError as UsageError
    from hatoba.errors import WireError as WireError
    from hatoba.model import Address as Address
    from hatoba.model import Answer as Answer
    from hatoba.model import Deception as Deception
    from hatoba.model import Doing as Doing
    from hatoba.model import Evidence as Evidence
    from hatoba.model import Found as Found
    from hatoba.model import Hop as Hop
    from hatoba.model import Host as Host
    from hatoba.model import HostsAsked as HostsAsked
    from hatoba.model import Ping as Ping
    from hatoba.model import Progress as Progress
    from hatoba.model import Protocol as Protocol
    from hatoba.model import Reason as Reason
    from hatoba.model import ScanEnd as ScanEnd
    from hatoba.model import ScanInfo as ScanInfo
    from hatoba.model import State as State
    from hatoba.model import TakenOver as TakenOver
    from hatoba.model import Trace as Trace
    from hatoba.model import Unsteady as Unsteady
    from hatoba.model import Vanishing as Vanishing
    from hatoba.model import Verdict as Verdict
    from hatoba.results.batch import VerdictBatch as VerdictBatch
    from hatoba.service import Certificate as Certificate
    from hatoba.service import Facts as Facts
    from hatoba.service import Outcome as Outcome
    from hatoba.service import Service as Service
    from hatoba.service import Tls as Tls

__version__ = "0.1.0"

_HOMES = {
    "hatoba.api": ("ScanOptions", "scan", "scan_array", "scan_async", "scan_events"),
    "hatoba.errors": ("HatobaError", "NotInScope", "NotPermitted", "UsageError", "WireError"),
    "hatoba.model": (
        *("Address", "Answer", "Deception", "Doing", "Evidence", "Found", "Hop", "Host", "HostsAsked", "Ping"),
        *(
            "Progress",
            "Protocol",
            "Reason",
            "ScanEnd",
            "ScanInfo",
            "State",
            "TakenOver",
            "Trace",
            "Unsteady",
            "Vanishing",
            "Verdict",
        ),
    ),
    "hatoba.results.batch": ("VerdictBatch",),
    "hatoba.service": ("Certificate", "Facts", "Outcome", "Service", "Tls"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
