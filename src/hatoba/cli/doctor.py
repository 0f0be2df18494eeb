"""``hatoba doctor``: what this machine lets hatoba do, and the one command that would allow more."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from hatoba.cli.command import Command, Option
from hatoba.messages import _N, _
from hatoba.reports.text import padded, width
from hatoba.reports.wrapping import indented
from hatoba.wire.capabilities import Capabilities, default_method, probe_capabilities

_ENOUGH_FILES = 1024
_BY_NAME = ("connect", "syn")
"""The methods that have a line of their own; the others all need the same."""
FORMAT = 1
"""Version of what ``--json`` prints."""


class Check(NamedTuple):
    """One line of the list."""

    name: str
    works: bool
    finding: str


@click.command(
    "doctor",
    cls=Command,
    help=_N("What this machine lets hatoba do, why it lets it do no more, and the one command that would allow more."),
)
@click.option("--json", "as_json", is_flag=True, cls=Option, help=_N("Print one JSON object."))
def command(as_json: bool) -> None:
    """``hatoba doctor``."""
    found = probe_capabilities(with_namespaces=True)
    columns = shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None
    print(json.dumps(as_object(found), ensure_ascii=False, indent=2) if as_json else as_text(found, columns))


def as_object(found: Capabilities) -> dict[str, Any]:
    """What ``--json`` prints: the facts by name, the methods, and the command."""
    facts = dataclasses.asdict(found)
    remedy = facts.pop("remedy")
    return {
        "type": "doctor",
        "format": FORMAT,
        **facts,
        "methods": found.methods,
        "default_method": default_method(found),
        "remedy": f"{remedy} doctor" if remedy else None,
    }


def as_text(found: Capabilities, columns: int | None = None) -> str:
    """The list for people, with what to do at its end, for a terminal of so many *columns*; None: a line for each finding."""
    checks = list(_checks(found))
    column = max(width(check.name) for check in checks)
    ok, no = _("ok"), _("no")
    mark = max(width(ok), width(no))
    lines = []
    for check in checks:
        head = f"{padded(ok if check.works else no, mark)}  {padded(check.name, column)}  "
        first, *rest = indented(check.finding, " " * width(head), columns) or [""]
        lines += [(head + first[width(head) :]).rstrip(), *rest]
    explanation, *commands = _advice(found)
    return "\n".join([*lines, "", *indented(explanation, "", columns), *commands])


def _checks(found: Capabilities) -> Iterator[Check]:
    yield Check(_("Python"), True, found.python)
    yield Check(_("kernel"), True, found.kernel)
    yield from _rights(found)
    yield Check(
        _("ICMP errors told apart"),
        found.error_queue,
        _("the kernel's error queue says who refused a connection")
        if found.error_queue
        else _("a REJECT by a firewall looks like a closed port to connect()"),
    )
    yield Check(_("IPv6"), found.ipv6, "" if found.ipv6 else _("this kernel has none"))
    yield Check(_("namespaces for the lab"), found.user_namespaces or False, _namespaces(found))
    yield Check(
        _("open files"),
        found.open_files_hard >= _ENOUGH_FILES,
        _("{soft} at once, up to {hard} when asked for; each connect() takes one").format(
            soft=found.open_files_soft, hard=found.open_files_hard
        ),
    )
    for method in _BY_NAME:
        yield Check(_("method {name}").format(name=method), found.methods[method], _method(method, found))
    others = [name for name in found.methods if name not in _BY_NAME]
    works = all(found.methods[name] for name in others)
    yield Check(
        _("other methods"),
        works,
        _("{names}; pings by ICMP, --traceroute").format(names=", ".join(others)) if works else _("need packets of one's own"),
    )


def _rights(found: Capabilities) -> Iterator[Check]:
    in_effect = (
        _("in effect for this process (user {id})") if found.net_raw else _("not in effect for this process (user {id})")
    )
    yield Check("CAP_NET_RAW", found.net_raw, in_effect.format(id=found.user_id))
    yield Check(
        "CAP_NET_ADMIN", found.net_admin, _("in effect") if found.net_admin else _("not in effect; a scan does not need it")
    )
    tried = {_("packet socket"): found.packet_socket, _("raw IPv4"): found.raw_ipv4, _("raw IPv6"): found.raw_ipv6}
    opened = [name for name, works in tried.items() if works]
    yield Check(
        _("packets of one's own"),
        found.packet_socket and found.raw_ipv4,
        _("opened: {names}").format(names=", ".join(opened)) if opened else _("neither a packet socket nor a raw one opens"),
    )


def _namespaces(found: Capabilities) -> str:
    if found.user_namespaces:
        return _("practice hosts and the demo work without privilege")
    return _("can't be made: {obstacle}").format(obstacle=found.namespace_obstacle or "?")


def _method(method: str, found: Capabilities) -> str:
    if not found.methods[method]:
        return _("needs packets of one's own")
    return _("taken unless another is named") if method == default_method(found) else ""


def _advice(found: Capabilities) -> list[str]:
    if found.remedy is None:
        return [_("Nothing is missing.")] if found.methods["syn"] else [_("No command allows more here.")]
    if not found.net_raw_in_reach:
        explanation = _(
            "This process can't get CAP_NET_RAW from inside, as in most containers: start the container with it. "
            "For docker, with the name of your image for IMAGE:"
        )
        return [explanation, f"  {found.remedy} doctor"]
    return [
        _("To allow packets of one's own for one run, put this before what you want to do, here doctor:"),
        f"  {found.remedy} doctor",
    ]
