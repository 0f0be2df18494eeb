"""``hatoba ports``: what a port number is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.numbers import whole_number
from hatoba.errors import UsageError
from hatoba.messages import _N, _
from hatoba.model import Protocol
from hatoba.registry.entry import HIGHEST

EPILOG = _N(
    "PORTS: numbers (443), ranges (8000-8100), lists (22,80,8443), one protocol's port (53/udp), names (ssh), patterns (http*),"
    " or words to look for (remote desktop).\n\nNames and descriptions are those of IANA's Service Name and Transport Protocol"
    " Port Number Registry; what really runs on a port today, the hints and the ranking are hatoba's own."
)


def _option(*names: str, **settings: Any) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(*names, cls=Option, **settings)


@click.command(
    "ports",
    cls=Command,
    help=_N("Tell what a port number is for, offline."),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("words", nargs=-1, metavar=_N("PORTS..."))
@_option("--protocol", metavar="NAME", help=_N("Only tcp, udp, sctp or dccp."))
@_option(
    "--top",
    callback=whole_number(),
    metavar="N",
    help=_N("Show the N ports that are asked first, with reasons; TCP's, or --protocol's."),
)
@_option("--json", "as_json", is_flag=True, help=_N("Write a JSON array, one object a line."))
def command(words: tuple[str, ...], protocol: str | None, top: int | None, as_json: bool) -> int:
    """Print what is asked, and return the exit status."""
    from hatoba.cli import ports_asked, ports_shown

    of = _protocol(protocol)
    if top is not None:
        if words:
            raise UsageError(_("--top shows the ranking and takes no ports; type one of them: hatoba ports --top 100"))
        if not 1 <= top <= HIGHEST + 1:
            raise UsageError(_("--top {count}: type a number from 1 to 65536").format(count=top))
        ports_shown.show_ranking(top, of or Protocol.TCP, as_json)
        return 0
    if not words:
        raise UsageError(_("which port? type for example: hatoba ports 443, hatoba ports ssh, hatoba ports 8000-8100"))
    asked = ports_asked.ask(words, of)
    if as_json:
        ports_shown.show_json(asked.entries)
    elif asked.one_port:
        ports_shown.show_page(asked.entries)
    else:
        ports_shown.show_table(asked)
    return 0


def _protocol(word: str | None) -> Protocol | None:
    if word is None:
        return None
    from hatoba.registry.store import WITH_PORTS

    for protocol in WITH_PORTS:
        if protocol.word == word.lower():
            return protocol
    raise UsageError(_("there is no protocol {name!r} with ports; type tcp, udp, sctp or dccp").format(name=word))
