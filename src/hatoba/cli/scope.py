"""``hatoba scope``: the networks that may be scanned."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hatoba.cli.command import Option
from hatoba.cli.consent import ask_line, user_name
from hatoba.cli.shell import complain
from hatoba.cli.subcommands import CommandGroup, SubCommand
from hatoba.errors import UsageError
from hatoba.messages import _N, _
from hatoba.reports.text import padded, safe, width
from hatoba.targets.networks import parse_network
from hatoba.targets.scope import Grant, network_text
from hatoba.targets.scope_file import ScopeFile, default_path

_file_option = click.option(
    "--scope-file", cls=Option, metavar="FILE", help=_N("The scope file to use instead of the usual one.")
)
_networks = click.argument("networks", nargs=-1, metavar="NETWORK...")


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    help=_N(
        "The networks that you may scan, with who recorded them, when and why. Loopback, this machine's own addresses and"
        " the lab need no permission. Everything else is scanned only once it stands here, or with --authorized."
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """``hatoba scope``."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


@command.command(
    "add",
    cls=SubCommand,
    short_help=_N("record that you may scan a network"),
    help=_N("Record that you may scan each NETWORK: an address or a network such as 198.51.100.0/24."),
)
@_networks
@click.option("--reason", cls=Option, metavar="TEXT", help=_N("Who allowed it, and why; asked for on a terminal."))
@_file_option
def add(networks: Sequence[str], reason: str | None, scope_file: str | None) -> None:
    asked = [parse_network(text) for text in _required(networks)]
    why = _reason(reason)
    by, now_s = user_name(os.environ), time.time()
    for added in _file(scope_file).add(Grant(network, by, now_s, why) for network in asked):
        name = network_text(added.grant.network)
        if added.covered is None:
            complain(_("{network} is in scope from now on").format(network=name))
        else:
            complain(
                _("{network} is in scope already: {by} added {covering} on {date} ({reason})").format(
                    network=name,
                    by=safe(added.covered.by),
                    covering=network_text(added.covered.network),
                    date=_when(added.covered, "%Y-%m-%d"),
                    reason=safe(added.covered.reason),
                )
            )


@command.command(
    "list",
    cls=SubCommand,
    short_help=_N("show what may be scanned, by whose permission"),
    help=_N("Show the recorded networks: since when (UTC), by whom, and why."),
)
@click.option("--json", "as_json", is_flag=True, cls=Option, help=_N("A JSON array instead of a table."))
@_file_option
def list_(as_json: bool, scope_file: str | None) -> None:
    file = _file(scope_file)
    grants = file.load()
    if as_json:
        print(json.dumps([_record(grant) for grant in grants], indent=2))
        return
    if not grants:
        complain(
            _(
                '{path} holds no network; to record one, type: hatoba scope add 198.51.100.0/24 --reason "who allowed it"'
            ).format(path=safe(str(file.path)))
        )
        return
    heads = (_("NETWORK"), _("SINCE"), _("BY"), _("REASON"))
    rows = [heads, *((network_text(g.network), _when(g, "%Y-%m-%d %H:%M"), safe(g.by), safe(g.reason)) for g in grants)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(heads) - 1)]
    for row in rows:
        print("  ".join([*(padded(cell, size) for cell, size in zip(row, widths, strict=False)), row[-1]]))


@command.command(
    "remove",
    cls=SubCommand,
    short_help=_N("take a permission back"),
    help=_N("Take each NETWORK out again, as hatoba scope list shows it; all of them or, if one is not there, none."),
)
@_networks
@_file_option
def remove(networks: Sequence[str], scope_file: str | None) -> None:
    asked = [parse_network(text) for text in _required(networks)]
    for grant in _file(scope_file).remove(asked):
        complain(_("{network} is no longer in scope").format(network=network_text(grant.network)))


def _file(path: str | None) -> ScopeFile:
    return ScopeFile(Path(path) if path else default_path(os.environ))


def _required(networks: Sequence[str]) -> Sequence[str]:
    if not networks:
        raise UsageError(_("no network given; name an address or a network, for instance 198.51.100.0/24"))
    return networks


def _reason(given: str | None) -> str:
    reason = (given or "").strip()
    if given is None and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        reason = ask_line(_("Who allowed it, and why? "), sys.stdin, sys.stderr)
    if not reason:
        raise UsageError(_('a reason is missing; add --reason "who allowed it, and why"'))
    return reason


def _when(grant: Grant, form: str) -> str:
    return datetime.fromtimestamp(grant.at, UTC).strftime(form)


def _record(grant: Grant) -> dict[str, Any]:
    at = datetime.fromtimestamp(grant.at, UTC).isoformat()
    return {"network": str(grant.network), "by": grant.by, "at": at, "reason": grant.reason}
