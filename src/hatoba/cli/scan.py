"""``hatoba scan``: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.nmap_flags import translate
from hatoba.cli.numbers import rate, whole_number
from hatoba.cli.scan_options import TIMINGS, options_of
from hatoba.errors import UsageError
from hatoba.messages import _N, _

Function = TypeVar("Function", bound=Callable[..., Any])


class Scan(Command):
    """A command that reads nmap's spellings."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, translate(args))


def _timing(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """``0`` to ``5``, or nmap's word for it, as a number."""
    if value is None:
        return None
    if value.lower() in TIMINGS:
        return TIMINGS.index(value.lower())
    if value in tuple("012345"):
        return int(value)
    raise UsageError(_("-T {value}: a timing is a number from 0 (gentlest) to 5").format(value=value))


EPILOG = _N(
    "Targets: names, addresses, networks (198.18.0.0/24), ranges (198.18.0-3.1,5,7-9), hosts with ports of their own"
    " (198.18.0.2:80,443 and [fd00:18::2]:22).\n\nWithout -p the 1,000 likeliest TCP ports are asked, by SYN where this machine"
    " allows it (hatoba doctor tells), else by connect. Only this machine and the networks of hatoba scope list are scanned"
    " without asking.\n\nExit status: 0 done; 1 could not do it; 2 the command line or a file is wrong; 3 a target is not in"
    " scope; 130 interrupted."
)


def _option(*names: str, **settings: Any) -> Callable[[Function], Function]:
    return click.option(*names, cls=Option, **settings)


@click.command(
    "scan",
    cls=Scan,
    help=_N("Find out which ports of the TARGETS are open, and why hatoba says so."),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("targets", nargs=-1, metavar="TARGETS...")
@_option("-iL", "--input", "inputs", multiple=True, metavar="FILE", help=_N("Read targets from FILE; - is standard input."))
@_option("--exclude", multiple=True, metavar="TARGETS", help=_N("Leave these out; commas between them."))
@_option("--exclude-file", "exclude_files", multiple=True, metavar="FILE", help=_N("Leave out the targets in FILE."))
@_option("-p", "--ports", metavar="PORTS", help=_N("Ports to ask: 22,80-90,http*,-100,60000-; - is all of them."))
@_option("--exclude-ports", metavar="PORTS", help=_N("Ports not to ask."))
@_option("-F", "--fast", is_flag=True, help=_N("Ask the 100 likeliest ports."))
@_option("--top-ports", callback=whole_number(), metavar="N", help=_N("Ask the N likeliest ports."))
@_option("-sS", "--syn", is_flag=True, help=_N("Ask by SYN packets; needs the right to send raw packets."))
@_option("-sT", "--connect", is_flag=True, help=_N("Ask by connect(); needs no right at all."))
@_option("-4", "--ipv4", is_flag=True, help=_N("Take the IPv4 address of a name (the default)."))
@_option("-6", "--ipv6", is_flag=True, help=_N("Take the IPv6 address of a name; with -4, both."))
@_option("--all-addresses", is_flag=True, help=_N("Take every address of a name; with -4 or -6, of that family."))
@_option("--min-rate", callback=rate, metavar="N", help=_N("Send at least N probes a second."))
@_option("--max-rate", callback=rate, metavar="N", help=_N("Send at most N probes a second."))
@_option(
    *("--max-retries",),
    callback=whole_number(0, 100),
    metavar="N",
    help=_N("Repeat an unanswered probe at most N times, 100 at most."),
)
@_option(
    *("-T", "--timing"),
    metavar="0-5",
    callback=_timing,
    help=_N("0 to 2 ask slowly, as nmap's do; from 3 on the pace is what the network carries."),
)
@_option("-e", "--interface", metavar="NAME", help=_N("Send through this interface."))
@_option("-oJ", "--json", "jsonl", multiple=True, metavar="FILE", help=_N("Write JSON Lines to FILE; - is standard output."))
@_option("-oX", "--xml", multiple=True, metavar="FILE", help=_N("Write nmap's XML."))
@_option("-oG", "--grepable", multiple=True, metavar="FILE", help=_N("Write a line for each host."))
@_option("-oN", "--normal", multiple=True, metavar="FILE", help=_N("Write the table as text."))
@_option("-oA", "--all-formats", multiple=True, metavar="NAME", help=_N("Write all of them: NAME.jsonl, .xml, .gnmap, .nmap."))
@_option("--open", "open_only", is_flag=True, help=_N("Show open ports only."))
@_option("--reason", is_flag=True, help=_N("Say in a word why a port has its state."))
@_option("--explain", is_flag=True, help=_N("Say it in a sentence, with the evidence."))
@_option("-v", "--verbose", count=True, help=_N("Say more; twice, still more."))
@_option("--progress/--no-progress", default=True, help=_N("Show how far the scan is, where standard error is a terminal."))
@_option("--authorized", is_flag=True, help=_N("I may scan these targets: do not ask, and do not look into the scope file."))
@_option("--scope-file", metavar="FILE", help=_N("The scope file to use instead of the usual one."))
@_option("--seed", callback=whole_number(), metavar="N", help=_N("Ask in the same order as another scan with this seed."))
@_option("-Pn", "--no-discovery", is_flag=True, help=_N("Does nothing: every address is asked anyway. For nmap's sake."))
@_option("-n", "--no-names", is_flag=True, help=_N("Does nothing: names of addresses are not looked up. For nmap's sake."))
def command(**given: Any) -> int:
    """Scan, and return the exit status."""
    options = options_of(given)
    from hatoba.cli.real_world import real_world
    from hatoba.cli.scan_run import scan

    return scan(options, real_world(), ("hatoba", *sys.argv[1:]))
