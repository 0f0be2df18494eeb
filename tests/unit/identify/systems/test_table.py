from __future__ import annotations

import re

from hatoba.identify.systems.ranking import matches
from hatoba.identify.systems.table import rows, rows_of
from hatoba.identify.systems.traits import heard_from, host_traits, port_traits
from hatoba.registry.cpe import cpe_uri
from tests.personalities import PERSONALITIES, personality
from tests.systems_seen import seen


def shown(name: str) -> set[str]:
    heard = heard_from(seen(personality(name)))
    return {*port_traits(heard, 22), *host_traits(heard)}


def test_every_row_has_sources_and_enough_to_go_by() -> None:
    for row in rows():
        assert row.sources, row.name
        assert all(len(source) > 10 for source in row.sources), row.name
        assert {"ttl", "options"} <= row.fits.keys(), row.name
        assert all(row.fits.values()), row.name
        assert re.fullmatch(r"cpe:/[ao]:[a-z_]+:[a-z_]+", cpe_uri(row.cpe23[0]))


def test_stacks_in_user_space_are_no_operating_systems() -> None:
    """lwIP, libslirp and gVisor stand among the applications in NIST's dictionary; who looks elsewhere finds nothing."""
    of_parts = {part: {row.family for row in rows() if row.cpe23[0].split(":")[2] == part} for part in "ao"}
    assert of_parts["a"] == {"lwIP", "slirp", "gVisor"}
    assert {"Linux", "FreeBSD", "Zephyr", "FreeRTOS", "VxWorks"} <= of_parts["o"]


def test_names_are_told_apart() -> None:
    names = [row.name for row in rows()]
    assert len(set(names)) == len(names)
    assert {expected for _what, expected in PERSONALITIES.values()} <= set(names)


def test_a_row_speaks_of_traits_that_are_looked_at() -> None:
    looked_at = {trait for name in PERSONALITIES for trait in shown(name)}
    for row in rows():
        assert row.fits.keys() <= looked_at, (row.name, row.fits.keys() - looked_at)


def test_versions_stand_newest_first() -> None:
    linux = [row for row in rows() if row.family == "Linux"]
    assert [row.versions for row in linux] == sorted((row.versions for row in linux), key=_number, reverse=True)


def _number(versions: tuple[str, str] | None) -> tuple[int, ...]:
    assert versions is not None
    return tuple(map(int, versions[0].split(".")))


def test_a_table_of_ones_own() -> None:
    (row,) = rows_of(
        'system = [{name = "x", vendor = "v", family = "f", generation = "", device = "d", cpe = ["o", "v", "x"],'
        ' sources = ["s"], known = "read", records = [],'
        ' fits = {ttl = ["64"]}}]'
    )
    assert (row.versions, row.fits["ttl"]) == (None, {"64"})
    assert [match.row.name for match in matches(port_traits(heard_from(seen(personality("linux-6"))), 22), [row])] == ["x"]
