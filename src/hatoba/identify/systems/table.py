"""What is known of systems: the rows of ``systems.toml``, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hatoba.registry.cpe import cpe23
from hatoba.system import Known


@dataclass(frozen=True, slots=True)
class Row:
    """One system, or versions of it that show the same."""

    name: str
    vendor: str
    family: str
    generation: str
    device: str
    cpe: tuple[str, str, str]
    """Part (``o``, ``a``), vendor and product, as NIST's dictionary has them."""
    fits: Mapping[str, frozenset[str]]
    """By the name of a trait, the forms that it may have."""
    sources: tuple[str, ...]
    versions: tuple[str, str] | None = None
    """The first and the last one; None where they have no order."""
    known: Known = Known.RUN
    records: tuple[str, ...] = ()
    """Recordings that the row is held to, by their names in ``tests/captures/systems``."""

    @property
    def cpe23(self) -> tuple[str, ...]:
        return (cpe23(*self.cpe),)


def rows_of(text: str) -> tuple[Row, ...]:
    """The rows of a table. Raises KeyError, TypeError or ValueError for one that lacks something: it
    is our own."""
    return tuple(_row(said) for said in tomllib.loads(text)["system"])


def _row(said: Mapping[str, Any]) -> Row:
    part, vendor, product = said["cpe"]
    return Row(
        name=said["name"],
        vendor=said["vendor"],
        family=said["family"],
        generation=said["generation"],
        device=said["device"],
        cpe=(part, vendor, product),
        fits={name: frozenset(forms) for name, forms in said["fits"].items()},
        sources=tuple(said["sources"]),
        versions=(said["from"], said["to"]) if "from" in said else None,
        known=Known(said["known"]),
        records=tuple(said["records"]),
    )


@cache
def rows() -> tuple[Row, ...]:
    """The table of this version of hatoba."""
    return rows_of(files(__package__).joinpath("systems.toml").read_text(encoding="utf-8"))
