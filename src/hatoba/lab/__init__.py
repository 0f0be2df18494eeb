"""Hosts in network namespaces to scan, to test on and to learn on: :class:`Lab`, :class:`Host`, ready-made ``topologies``.

The names are loaded at their first use: the keeper and the programs on a lab's hosts are modules of this package, and start
much faster without them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hatoba.errors import LabError

if TYPE_CHECKING:
    from hatoba.lab.host import PIPE, Host, Link
    from hatoba.lab.laboratory import MARK, Lab
    from hatoba.lab.process import Process

__all__ = ["MARK", "PIPE", "Host", "Lab", "LabError", "Link", "Process"]

_HOMES = {"PIPE": "host", "Host": "host", "Link": "host", "MARK": "laboratory", "Lab": "laboratory", "Process": "process"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
