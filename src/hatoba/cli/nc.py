"""``hatoba nc``: its options. What they lead to stands in ``nc_run.py``, which is imported when the command runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from hatoba.cli import nc_proxy, nc_tls
from hatoba.cli.command import Command, Option
from hatoba.cli.loading import loaded
from hatoba.cli.nc_proxy import MANY, PROXIES
from hatoba.cli.nc_serving_options import serving_options
from hatoba.cli.nc_tls import TLS
from hatoba.cli.numbers import duration, whole_number
from hatoba.errors import UsageError
from hatoba.messages import _N, _

EPILOG = _N(
    "HOST PORT connects; -l PORT listens. Standard input goes to the peer, what the peer sends goes to standard output, and"
    " messages go to standard error.\n\nWhere OpenBSD's nc and ncat mean different things by one letter, docs/nc.md tells"
    " which is taken here; --compat openbsd and --compat ncat, or links to hatoba that are called nc and ncat, behave exactly"
    " as those."
)

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("hatoba nc 198.18.0.2 25", _N("connect and talk: what is typed goes there")),
    ("hatoba nc -l 9000", _N("wait for somebody to connect, and talk")),
    ("hatoba nc -l 9000 > file", _N("receive a file ...")),
    ("hatoba nc 198.18.0.2 9000 < file", _N("... and send it, on the other machine")),
    ("hatoba nc -l 8080 --serve .", _N("a web server for this folder")),
    ("hatoba nc -z -v 198.18.0.2 22 80 443", _N("which of these ports are open")),
    ("hatoba nc --ssl-verify www.example.org 443", _N("connect by TLS, and check the certificate")),
)

CONNECTING = _N("Connecting and listening")
DATA = _N("Data and its end")
CLIENTS = _N("Clients")
PACKETS = _N("Packets and sockets")
MESSAGES = _N("Messages")

Decorated = Callable[..., Any]


class NetcatCommand(Command):
    """Takes the command lines of other programs too, where ``--compat`` says whose."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        program, rest = take_compat(args)
        if program:
            args = ["--compat", program, *_translated(program, rest, ctx)]
        return super().parse_args(ctx, args)


def take_compat(args: Sequence[str]) -> tuple[str | None, list[str]]:
    """The program that ``--compat`` names, and the arguments without it. What follows ``--`` is left alone."""
    program: str | None = None
    rest: list[str] = []
    given = iter(args)
    for argument in given:
        if argument == "--":
            return program, [*rest, argument, *given]
        if argument == "--compat":
            program = next(given, "")
        elif argument.startswith("--compat="):
            program = argument.removeprefix("--compat=")
        else:
            rest.append(argument)
    if program is not None and program not in ("openbsd", "ncat"):
        raise UsageError(_("--compat {program}: type openbsd or ncat").format(program=program))
    return program, rest


def _translated(program: str, args: Sequence[str], ctx: click.Context) -> list[str]:
    from hatoba.cli.nc_openbsd import ForeignRefusal, translate

    if program == "ncat":
        from hatoba.cli.nc_ncat import translate
    try:
        return translate(args)
    except ForeignRefusal as refusal:
        click.echo(refusal.text, err=refusal.status != 0 or program == "openbsd")
        ctx.exit(refusal.status)


def option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """An option of ``hatoba nc``; the files that add some (``nc_*.py``) use this too."""
    return click.option(*names, cls=Option, **settings)


def _several(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for each in reversed(options):
            function = each(function)
        return function

    return decorate


_connecting = _several(
    option("-l", "--listen", is_flag=True, section=CONNECTING, help=_N("Listen instead of connecting.")),
    option("-u", "--udp", is_flag=True, section=CONNECTING, help=_N("UDP; with -U, Unix datagrams.")),
    option("--sctp", is_flag=True, section=CONNECTING, help=_N("SCTP.")),
    option(
        "-U", "--unixsock", "unix", is_flag=True, section=CONNECTING, help=_N("A Unix socket: type its path for HOST PORT.")
    ),
    option("-4", "ipv4", is_flag=True, section=CONNECTING, help=_N("IPv4 only.")),
    option("-6", "ipv6", is_flag=True, section=CONNECTING, help=_N("IPv6 only.")),
    option("-n", "--nodns", "numeric", is_flag=True, section=CONNECTING, help=_N("Look up no names.")),
    option("-s", "--source", metavar="ADDRESS", section=CONNECTING, help=_N("Come from this address.")),
    option("-p", "--source-port", metavar="PORT", section=CONNECTING, help=_N("Come from this port; with -l, listen there.")),
    option(
        "-w",
        "--wait",
        "wait_s",
        callback=duration(),
        metavar="TIME",
        section=CONNECTING,
        help=_N("Wait so long for the connection: 5, 500ms, 2m."),
    ),
    option("-z", "check", is_flag=True, section=CONNECTING, help=_N("Only say which ports are open: 22, 20-25, http.")),
    option("-r", "--random", "shuffled", is_flag=True, section=CONNECTING, help=_N("Check ports in random order.")),
)

_data = _several(
    option("-d", "--recv-only", "receive_only", is_flag=True, section=DATA, help=_N("Send nothing; don't read input.")),
    option("--send-only", is_flag=True, section=DATA, help=_N("Take nothing; quit at the end of input.")),
    option("-N", "--shutdown", is_flag=True, section=DATA, help=_N("Tell the peer when input ends (the default).")),
    option("--no-shutdown", is_flag=True, section=DATA, help=_N("Don't tell the peer when input ends.")),
    option(
        "-q",
        "--quit-after",
        "quit_after_s",
        callback=duration(none=True),
        metavar="TIME",
        section=DATA,
        help=_N("Quit so long after the end of input; without it, when the peer ends too."),
    ),
    option(
        "--at-peer-end",
        metavar="quit|drain",
        section=DATA,
        help=_N("When the peer ends: quit, or send the rest of input first (the default, but on a terminal)."),
    ),
    option(
        "-i",
        "--idle-timeout",
        "idle_s",
        callback=duration(),
        metavar="TIME",
        section=DATA,
        help=_N("Give up when nothing moves for so long."),
    ),
    option(
        "--recv-limit",
        callback=whole_number(1, 1 << 31),
        metavar="N",
        section=DATA,
        help=_N("Quit after receiving so many datagrams, or pieces of a stream."),
    ),
    option("-C", "--crlf", is_flag=True, section=DATA, help=_N("Send CRLF where input has LF.")),
    option("-t", "--telnet", is_flag=True, section=DATA, help=_N("Refuse what a Telnet server asks for.")),
    option("--delay", "delay_s", callback=duration(), metavar="TIME", section=DATA, help=_N("Send a line, wait, and so on.")),
    option("-o", "--output", metavar="FILE", section=DATA, help=_N("Write what passes, both ways, to a file.")),
    option("-x", "--hex-dump", metavar="FILE", section=DATA, help=_N("The same as a hex dump.")),
    option("--append-output", is_flag=True, section=DATA, help=_N("Add to these files rather than begin them anew.")),
)

_clients = _several(
    option("-k", "--keep-open", is_flag=True, section=CLIENTS, help=_N("Go on listening after a connection.")),
    option(
        "-m",
        "--max-conns",
        "at_once",
        callback=whole_number(1, 100_000),
        metavar="N",
        section=CLIENTS,
        help=_N("With -k, take so many clients at once; input goes to all."),
    ),
    option("--allow", multiple=True, metavar="HOSTS", section=CLIENTS, help=_N("Only these may connect: 198.18.0.0/24,host.")),
    option("--allowfile", multiple=True, metavar="FILE", section=CLIENTS, help=_N("The same from a file, one a line.")),
    option("--deny", multiple=True, metavar="HOSTS", section=CLIENTS, help=_N("These may not connect.")),
    option("--denyfile", multiple=True, metavar="FILE", section=CLIENTS, help=_N("The same from a file, one a line.")),
)

_packets = _several(
    option("-T", "--tos", metavar="KEYWORD", section=PACKETS, help=_N("Type of service: lowdelay, ef, af11, cs1, 0x10.")),
    option("--ttl", callback=whole_number(1, 255), metavar="N", section=PACKETS, help=_N("Time to live of what we send.")),
    option("--min-ttl", callback=whole_number(0, 255), metavar="N", section=PACKETS, help=_N("Drop what arrives with less.")),
    option(
        "-I",
        "--receive-buffer",
        callback=whole_number(1, 1 << 30),
        metavar="BYTES",
        section=PACKETS,
        help=_N("The socket's receive buffer."),
    ),
    option(
        "-O",
        "--send-buffer",
        callback=whole_number(1, 1 << 30),
        metavar="BYTES",
        section=PACKETS,
        help=_N("The socket's send buffer."),
    ),
    option("-b", "--broadcast", is_flag=True, section=PACKETS, help=_N("Allow broadcasts.")),
    option("-D", "--debug-socket", is_flag=True, section=PACKETS, help=_N("Turn the socket's debugging on.")),
)

_tls = _several(*(option(*names, section=TLS, **settings) for names, settings in nc_tls.OPTIONS))
_proxies = _several(*(option(*names, section=PROXIES, **settings) for names, settings in nc_proxy.OPTIONS))
_many = _several(*(option(*names, section=MANY, **settings) for names, settings in nc_proxy.MANY_OPTIONS))

_messages = _several(
    option("-v", "--verbose", count=True, section=MESSAGES, help=_N("Say what happens; twice, more.")),
    option("--explain", is_flag=True, section=MESSAGES, help=_N("Say in words what goes on: for learning.")),
    option("--compat", metavar="openbsd|ncat", section=MESSAGES, help=_N("Behave exactly as that program.")),
)

_left_out = _several(
    option("-e", "--exec", "run_program", hidden=True),
    option("-c", "--sh-exec", "run_shell", hidden=True),
    option("--lua-exec", "run_lua", hidden=True),
)
"""Asked for by people who know them; refused with the reason."""


@click.command(
    "nc",
    cls=NetcatCommand,
    help=_N("Connect and listen by hand."),
    epilog=EPILOG,
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("words", nargs=-1, metavar="[HOST] [PORT]")
@_connecting
@_data
@_clients
@_packets
@serving_options
@_tls
@_proxies
@_many
@_messages
@_left_out
def command(**given: Any) -> int:
    """Run it, and return the exit status."""
    from hatoba.cli.nc_run import run

    loaded()
    return run(given)
