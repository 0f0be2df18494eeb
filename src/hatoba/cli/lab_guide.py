"""What somebody reads who opens a shell in the lab: which hosts are there, and what to type first."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from hatoba.lab.topologies.practice import DROPPED_PORTS, Practice
from hatoba.lab.topologies.services import log_of
from hatoba.messages import _
from hatoba.reports.text import padded, width
from hatoba.reports.wrapping import wrapped

_WIDEST = 100


def guide(practice: Practice) -> str:
    """The hosts, what answers there, and some command lines, as lines for a screen."""
    about = practice.about()
    hosts = [(host.name, host.address(), about[host.name]) for host in practice.targets]
    lines = [
        ("hatoba scan web data wall", _("which of their ports are open")),
        (f"hatoba scan --explain -p {DROPPED_PORTS[0]},80 wall", _("why hatoba says so")),
        ("hatoba nc --explain data 22", _("connect by hand")),
        ("hatoba lab --on data", _("go to another host, here or in a second terminal")),
        (f"tail -f {log_of(practice.data, 'redis-server')}", _("what a scan leaves in a log of the host data")),
        ("exit", _("leave; the hosts are gone then")),
    ]
    where = _("Practice hosts on this machine. This shell is on the host scanner, {address}; the others are:")
    columns = min(shutil.get_terminal_size().columns, _WIDEST)
    return "\n".join(
        [
            *wrapped(where.format(address=practice.scanner.address()), columns),
            "",
            *_columns(hosts),
            "",
            *(line for note in practice.notes for line in (*wrapped(note, columns), "")),
            _("What to type:"),
            "",
            *_columns(lines),
            "",
        ]
    )


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(padded(cell, wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
