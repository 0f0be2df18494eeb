"""What others have published of systems' answers (``tests/captures/systems/published.toml``), held against the table.

A record has a few fields of one packet: what it does not have is missing here too. It may be told as what it is, or not at all;
never as another system.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from hatoba.identify.systems.ranking import best
from hatoba.identify.systems.reading import Answer, Options
from hatoba.identify.systems.table import rows
from hatoba.identify.systems.traits import Heard, Shown, Traits, port_traits
from hatoba.packets.layouts import ACK, SYN
from hatoba.probes.system import BARE, FULL
from hatoba.system import Known, Observation
from tests.unit.identify.systems.test_captures import FOLDER, TRUTH

Record = dict[str, Any]
TEXT = (FOLDER / "published.toml").read_text(encoding="utf-8")
RECORDS: dict[str, Record] = {record["name"]: record for record in tomllib.loads(TEXT)["record"]}
ALL, PADDING = frozenset({"mss", "sack", "ts", "ws"}), ("nop", "eol")
ROWS = {row.name: row for row in rows()}
FAMILIES = {row.family for row in rows()}
PORT = 80


def asked_by(record: Record) -> frozenset[str]:
    """The options that the other side had offered; a SYN offers all that its sender has."""
    return frozenset(record.get("asked", " ".join(ALL)).split()) & ALL


def shown(name: str, text: object, *more: str) -> Traits:
    return {name: Shown(name, str(text), frozenset({str(text), *more}))}


def traits_of(record: Record) -> Traits:
    """What the record shows of its system."""
    if record["answer"] == "rst":
        return (
            shown("rst-ttl", 255 if record["ttl"] > 128 else record["ttl"])
            | shown("rst-df", "yes" if record["df"] else "no")
            | shown("rst-window", record["window"])
        )
    asked, words = asked_by(record), record.get("options", record.get("words", ""))
    stamp = 1 if "ts" in words.split() else None
    options = Options(record.get("options", ""), record.get("mss"), record.get("scale"), stamp)
    df, ttl, window = record.get("df"), record.get("ttl", 1), record["window"]
    answers = [Answer(4, b"", ttl, 0, df, number, SYN | ACK, window, 0, options) for number in record.get("ids", (None,))]
    full = port_traits([Heard(Observation(FULL, PORT, 0.0, 0.0), answer) for answer in answers], PORT)
    bare = port_traits([Heard(Observation(BARE, PORT, 0.0, 0.0), answers[0])], PORT)
    kept = {name for name in ("ttl", "df", "mss", "scale") if name in record} | ({"id"} if "ids" in record else set())
    if asked <= {"mss"}:
        return {name: full[name] for name in kept & full.keys()} | bare
    found = {name: full[name] for name in (kept | {"window"}) & full.keys()}
    if "clock" in record or (asked == ALL and words and stamp is None):
        found |= shown("clock", record.get("clock", "none"))
    return found | _options(record, asked, words)


def _options(record: Record, asked: frozenset[str], words: str) -> Traits:
    """Their order: exactly, where all were asked and the source has the padding; else whatever is the same without the rest."""
    if not words:
        return {}
    if asked == ALL and "options" in record:
        return shown("options", words)
    order = [word for word in words.split() if word not in PADDING]
    forms = {form for row in rows() for form in row.fits["options"] if [w for w in form.split() if w in asked] == order}
    return shown("options", words, *forms)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_none_is_told_as_another_system(name: str) -> None:
    record = RECORDS[name]
    families = {system.family for system in best(traits_of(record), rows())}
    assert not families or record["family"] in families


@pytest.mark.parametrize("name", sorted(name for name, record in RECORDS.items() if "row" in record))
def test_its_row_says_nothing_against_it(name: str) -> None:
    record = RECORDS[name]
    row = ROWS[record["row"]]
    assert row.family == record["family"]
    traits = traits_of(record)
    against = {name: trait.text for name, trait in traits.items() if name in row.fits and not trait.forms & row.fits[name]}
    assert against == {}
    assert traits.keys() & row.fits.keys()


def test_who_shows_enough_is_told() -> None:
    """So that the two tests above don't pass for want of anything told."""
    told = {name for name, record in RECORDS.items() if best(traits_of(record), rows()) and record["family"] in FAMILIES}
    assert {
        "windows-2012-r2-a", "windows-2008-tmg", "windows-2016-smtp", "macos-loopback", "macos-client-ws5", "freebsd-13-client",
        "openbsd-7.1-client", "cisco-switch-telnet", "rt-thread-lwip", "shelly-plug-a", "docker-desktop", "solaris-2005",
        "linux-ubuntu", "linux-own-address", "esxi-client",
    } <= told  # fmt: skip


def test_each_says_what_it_is_and_where_it_is_from() -> None:
    assert len(RECORDS) == TEXT.count("[[record]]")
    for name, record in RECORDS.items():
        assert {"system", "family", "named", "source", "found_by", "answer", "window"} <= record.keys(), name
        assert record["answer"] in ("syn-ack", "rst", "syn"), name
        assert "row" in record or record["family"] not in FAMILIES, name


def test_rows_name_the_recordings_that_hold_them() -> None:
    named = {record: row for row in rows() for record in row.records}
    assert named.keys() <= RECORDS.keys() | TRUTH.keys()
    for name, record in RECORDS.items():
        assert record.get("row") == (named[name].name if name in named else None), name
    for name, (system, _families) in TRUTH.items():
        assert named[name].name == system


def test_how_well_a_row_is_known_follows_from_them() -> None:
    for row in rows():
        run, certain = set(row.records) & TRUTH.keys(), [RECORDS[name] for name in row.records if name in RECORDS]
        published = [record for record in certain if record.get("certain", True)]
        known = Known.RUN if run else Known.PUBLISHED if published else Known.READ
        assert row.known is known, row.name
