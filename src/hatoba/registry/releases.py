"""Releases of Debian and Ubuntu, and until when each is supported: from the tables of the package distro-info-data, where it is
installed. The distribution renews them with its security updates, so they are read where they are and not kept here."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

FOLDER = Path("/usr/share/distro-info")
_FILES = {"Debian": "debian.csv", "Ubuntu": "ubuntu.csv"}
_MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Supported:
    """One release, as a table has it."""

    distribution: str
    version: str
    """``10``, ``18.04``."""
    series: str
    """``buster``, ``bionic``."""
    long_term: bool
    """Whether its version is called LTS."""
    end_of_life: date
    extended: tuple[tuple[str, date], ...]
    """What goes on after that, by its word (``LTS``, ``ESM``), and until when."""
    source: str
    """The file."""


@dataclass(frozen=True, slots=True)
class Releases:
    """By distribution and version; :meth:`by_series` by the name of the series."""

    known: Mapping[tuple[str, str], Supported] = field(default_factory=dict)

    def by_series(self, distribution: str, series: str) -> Supported | None:
        return next((one for one in self.known.values() if (one.distribution, one.series) == (distribution, series)), None)


def read_releases(folder: Path = FOLDER) -> Releases:
    """What the tables in *folder* say; nothing where they are not there. Rows without a version or an end are left out."""
    found = [one for distribution, name in _FILES.items() for one in _rows(distribution, folder / name)]
    return Releases({(one.distribution, one.version): one for one in found})


def _rows(distribution: str, path: Path) -> Iterator[Supported]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            lines = file.read(_MOST_BYTES).splitlines()
    except OSError:
        return
    for row in csv.DictReader(lines, restval=""):
        version, _space, addition = str(row.get("version") or "").partition(" ")
        # Ubuntu's older releases were supported longer on servers, which is what a scan meets.
        ends = [day for name in ("eol", "eol-server") if (day := _day(row.get(name))) is not None]
        if version and ends:
            later = [(name.removeprefix("eol-").upper(), _day(row[name])) for name in row if name and name.startswith("eol-")]
            extended = tuple((word, day) for word, day in later if word != "SERVER" and day is not None)
            long_term = addition == "LTS"
            yield Supported(distribution, version, str(row.get("series") or ""), long_term, max(ends), extended, str(path))


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return None
