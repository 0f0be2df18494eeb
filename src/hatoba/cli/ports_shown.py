"""How ``hatoba ports`` shows what it found: a page for one port, a table for several, the ranking, or JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from hatoba.cli.ports_asked import Asked
from hatoba.messages import _N, _, ngettext, translated
from hatoba.model import Protocol
from hatoba.registry import lookup, ranking_place, ranking_reason, top_ports
from hatoba.registry.entry import PortClass, PortEntry
from hatoba.reports.colour import bold, wants_colour
from hatoba.reports.text import padded, width
from hatoba.reports.wrapping import wrapped

IANA_SAYS = (
    _N("Unassigned"),
    _N("Reserved"),
    _N("Deprecated"),
    _N("De-registered"),
    _N("Removed"),
    _N("Dynamic and/or Private"),
)
"""Those descriptions of IANA that are said in the language in force; the others name things."""

CLASSES = {
    PortClass.WELL_KNOWN: _N("well-known (0-1023): on Unix only a privileged program may listen there"),
    PortClass.REGISTERED: _N("registered (1024-49151): assigned by IANA on request"),
    PortClass.DYNAMIC: _N("dynamic (49152-65535): never assigned; systems hand them out for a while"),
}

BY_RULE = _N("beyond the table: ports with a name in order, then all others")

GAP = "  "


def show_page(entries: Sequence[PortEntry]) -> None:
    """All about one port; protocols of which the same is known stand together."""
    port = entries[0].port
    rows = [(_("class"), translated(CLASSES[entries[0].port_class]))]
    print(_bold(_("port {port}").format(port=port)))
    _print_rows(rows)
    for group in _grouped(entries, with_hints=True):
        entry = group[0]
        print()
        print(_bold(", ".join(of.protocol.name for of in group)))
        rows = []
        if entry.today:
            rows.append((_("today"), f"{entry.today}: {translated(entry.today_description)}"))
        rows.append(("IANA", ": ".join(filter(None, (entry.name, _said_by_iana(entry))))))
        if entry.hint:
            rows.append((_("hint"), translated(entry.hint)))
        for of in group:
            place, reason = ranking_place(port, of.protocol), ranking_reason(port, of.protocol)
            if place is not None and reason is not None:
                label = _("ranking") if len(group) == 1 else _("ranking, {protocol}").format(protocol=of.protocol.name)
                rows.append((label, _("number {place}: {reason}").format(place=place, reason=translated(reason))))
        _print_rows(rows)


def show_table(asked: Asked) -> None:
    """One line for each port and what it is; ports of a range that have no name are counted on standard error."""
    shown = [entry for entry in asked.entries if entry.port not in asked.from_ranges or _named(entry)]
    rows = []
    for group in _grouped(shown):
        entry = group[0]
        protocols = ",".join(of.protocol.word for of in group)
        rows.append((str(entry.port), protocols, entry.service, _told(entry)))
    if rows:
        _print_table((_("PORT"), _("PROTOCOL"), _("SERVICE"), _("WHAT IT IS")), rows)
    nameless = len(asked.from_ranges - {entry.port for entry in shown})
    if nameless and sys.stderr is not None:
        sentence = ngettext("{count} port of the range has no name.", "{count} ports of the range have no name.", nameless)
        print(sentence.format(count=f"{nameless:,}"), file=sys.stderr)


def show_ranking(count: int, protocol: Protocol, as_json: bool) -> None:
    """The first *count* ports of the ranking with their reasons."""
    ports = top_ports(count, protocol)
    if as_json:
        _print_json(
            {
                "rank": rank,
                "port": port,
                "protocol": protocol.word,
                "service": lookup(port, protocol).service,
                "reason": translated(ranking_reason(port, protocol) or BY_RULE),
            }
            for rank, port in enumerate(ports, 1)
        )
        return
    rows = [
        (str(rank), str(port), lookup(port, protocol).service, translated(ranking_reason(port, protocol) or BY_RULE))
        for rank, port in enumerate(ports, 1)
    ]
    _print_table((_("RANK"), _("PORT"), _("SERVICE"), _("REASON")), rows)


def show_json(entries: Iterable[PortEntry]) -> None:
    """An array of objects, one a line. Keys: docs/registry.md; texts for people are in the language in force."""
    _print_json(
        {
            "port": entry.port,
            "protocol": entry.protocol.word,
            "class": entry.port_class.value,
            "service": entry.service,
            "name": entry.name,
            "description": entry.description,
            "today": entry.today,
            "today_description": translated(entry.today_description),
            "hint": translated(entry.hint),
            "rank": ranking_place(entry.port, entry.protocol),
        }
        for entry in entries
    )


def _print_json(objects: Iterable[dict[str, object]]) -> None:
    before = "["
    for thing in objects:
        print(f"{before}\n{json.dumps(thing, ensure_ascii=False)}", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def _named(entry: PortEntry) -> bool:
    return bool(entry.today or entry.name or entry.description not in IANA_SAYS)


def _grouped(entries: Iterable[PortEntry], with_hints: bool = False) -> list[list[PortEntry]]:
    """Entries of one port of which the same is shown, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[PortEntry]] = {}
    for entry in entries:
        key = (entry.port, entry.service, _told(entry), entry.hint if with_hints else "")
        groups.setdefault(key, []).append(entry)
    return list(groups.values())


def _said_by_iana(entry: PortEntry) -> str:
    return translated(entry.description) if entry.description in IANA_SAYS else entry.description


def _told(entry: PortEntry) -> str:
    if not entry.today:
        return _said_by_iana(entry)
    told = translated(entry.today_description)
    if entry.name and entry.name != entry.today:
        return _("{products} (IANA: {name})").format(products=told, name=entry.name)
    return told


def _columns() -> int | None:
    """How wide the screen is; None where nobody looks at one, and nothing is broken into lines."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _bold(text: str) -> str:
    return bold(text) if wants_colour(sys.stdout, os.environ) else text


def _print_rows(rows: Sequence[tuple[str, str]]) -> None:
    """Labels, and texts broken to the screen's width beside them."""
    label_width = max(width(label) for label, _text in rows)
    for label, text in rows:
        for line in _broken(padded(label, label_width), text, indent=GAP):
            print(line)


def _print_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(width(row[column]) for row in (heading, *rows)) for column in range(len(heading) - 1)]
    for number, row in enumerate((heading, *rows)):
        head = GAP.join(padded(cell, columns) for cell, columns in zip(row, widths, strict=False))
        for line in _broken(head, row[-1]):
            print(_bold(line) if number == 0 else line)


def _broken(head: str, text: str, indent: str = "") -> Iterator[str]:
    """*head*, and beside it *text* in as many lines as the screen makes necessary."""
    head = f"{indent}{head}{GAP}"
    columns = _columns()
    lines = [text] if columns is None else wrapped(text, max(columns - width(head), 20))
    for line in lines or [""]:
        yield f"{head}{line}".rstrip()
        head = " " * width(head)
