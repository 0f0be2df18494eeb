"""``hatoba scan``: parse, call, print."""

from __future__ import annotations

import sys
from typing import Any

import click

from hatoba.cli.command import Command
from hatoba.cli.nmap_flags import translate
from hatoba.cli.scan_arguments import with_arguments
from hatoba.cli.scan_options import options_of
from hatoba.messages import _N


class Scan(Command):
    """A command that reads nmap's spellings."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, translate(args))


EPILOG = _N(
    "Targets: names, addresses, networks (198.18.0.0/24), ranges (198.18.0-3.1,5,7-9), hosts with ports of their own"
    " (198.18.0.2:80,443 and [fd00:18::2]:22).\n\nWithout -p the 1,000 likeliest ports are asked, TCP's by SYN where this"
    " machine allows it (hatoba doctor tells), else by connect. Of more than 16 addresses only those are asked that answer a"
    " ping; -Pn asks all. Only this machine and the networks of hatoba scope list are scanned without asking.\n\nExit status: 0"
    " done; 1 could not do it; 2 the command line or a file is wrong; 3 a target is not in scope; 130 interrupted."
)


@click.command(
    "scan",
    cls=Scan,
    help=_N("Find out which ports of the TARGETS are open, and why hatoba says so."),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@with_arguments
def command(**given: Any) -> int:
    """Scan, and return the exit status."""
    options = options_of(given)
    from hatoba.cli.real_world import real_world
    from hatoba.cli.scan_run import scan

    return scan(options, real_world(), ("hatoba", *sys.argv[1:]))
