"""What is known of port numbers: IANA's registry, what really runs there today, and which are asked first.

Importing this package reads nothing: what is below is imported, and the tables are read, when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatoba.registry.entry import PortClass, PortEntry
    from hatoba.registry.finding import by_name, lookup, near_names, search, service_name
    from hatoba.registry.ranking import ranking_place, ranking_reason, top_ports

__all__ = [
    "PortClass",
    "PortEntry",
    "by_name",
    "lookup",
    "near_names",
    "ranking_place",
    "ranking_reason",
    "search",
    "service_name",
    "top_ports",
]

_HOMES = {
    "PortClass": "entry",
    "PortEntry": "entry",
    "by_name": "finding",
    "lookup": "finding",
    "near_names": "finding",
    "ranking_place": "ranking",
    "ranking_reason": "ranking",
    "search": "finding",
    "service_name": "finding",
    "top_ports": "ranking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
