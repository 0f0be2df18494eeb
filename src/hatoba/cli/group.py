"""The command ``hatoba`` itself: its sub-commands by name, each imported only when it is called."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Iterable, Sequence
from typing import NoReturn

import click

from hatoba.cli.command import Context, speak_widely
from hatoba.errors import UsageError
from hatoba.messages import _N, _, translated

COMMANDS: dict[str, tuple[str, str]] = {
    "scan": ("hatoba.cli.scan", _N("which ports are open, and why hatoba says so")),
    "ports": ("hatoba.cli.ports", _N("what a port number is for, offline")),
    "scope": ("hatoba.cli.scope", _N("the networks that you may scan: add, list, remove")),
    "signatures": ("hatoba.cli.signatures", _N("your own signatures of services: find every mistake in them")),
    "doctor": ("hatoba.cli.doctor", _N("what this machine lets hatoba do, and how to allow more")),
    "nc": ("hatoba.cli.nc", _N("connect and listen by hand: TCP, UDP, Unix sockets")),
    "lab": ("hatoba.cli.lab", _N("practice hosts on this machine, and a shell to scan them from")),
    "demo": ("hatoba.cli.demo", _N("build three practice hosts on this machine and scan them")),
}
"""Sub-commands in the order in which help lists them: the module that holds ``command``, and what it is for."""

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("hatoba scan localhost", _N("what is open on this machine")),
    ("hatoba lab", _N("practice hosts on this machine, and a shell to scan them from")),
    ("hatoba ports 443", _N("what port 443 is for")),
)


OWN_OPTIONS = frozenset({"-h", "--help", "-V", "--version", "--"})


class Hatoba(click.Group):
    """Finds commands by :data:`COMMANDS`; writes its own help, so that no command is imported for it."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        speak_widely(command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in OWN_OPTIONS:
            raise UsageError(
                _("a command comes before {option}; to scan, type: {line}").format(
                    option=args[0], line=shlex.join(["hatoba", "scan", *args])
                )
            )
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            if _is_target(args[0]):
                line = shlex.join(["hatoba", "scan", *args])
                raise UsageError(_("to scan {target}, type: {line}").format(target=args[0], line=line))
            if nearest(args[0], COMMANDS) is None:
                raise UsageError(
                    _(
                        "there is no command {name!r}; hatoba --help lists them, and to scan a host of that name, type: {line}"
                    ).format(name=args[0], line=shlex.join(["hatoba", "scan", *args]))
                )
            unknown_command(args, COMMANDS, "hatoba")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_text(_("hatoba: a port scanner that says why. Scan only hosts that you may scan."))
        formatter.write_paragraph()
        self.format_usage(ctx, formatter)
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, translated(summary)) for name, (_module, summary) in COMMANDS.items()])
        with formatter.section(_("Examples")):
            formatter.write_dl([(line, translated(meaning)) for line, meaning in EXAMPLES], col_max=46)
        with formatter.section(_("Options")):
            formatter.write_dl(
                [
                    ("--lang en|ja", _("the language; without it LC_ALL, LC_MESSAGES or LANG decides")),
                    ("-V, --version", _("print the version")),
                    (
                        "-h, --help",
                        _("print this help; each command has its own: {example}").format(example="hatoba scan --help"),
                    ),
                ]
            )


def unknown_command(args: Sequence[str], known: Iterable[str], path: str) -> NoReturn:
    """Say what to type instead of a command that there isn't; *args* begin with it. *known* are those that there are, *path*
    what stands before them: ``hatoba`` or ``hatoba scope``."""
    near = nearest(args[0], known)
    if near is None:
        raise UsageError(_("there is no command {name!r}; {command} lists them").format(name=args[0], command=f"{path} --help"))
    line = shlex.join([*path.split(), near, *args[1:]])
    raise UsageError(_("there is no command {name!r}; did you mean {line!r}?").format(name=args[0], line=line))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The word of *known* that *word* was probably meant to be."""
    import difflib  # only for who mistypes

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def _is_target(word: str) -> bool:
    """True for what looks like a host and cannot be a mistyped command: it has a dot, a colon or a slash in it."""
    return word == "localhost" or any(mark in word for mark in ".:/")


def without_arguments() -> str:
    """The first screen: what ``hatoba`` prints when nothing follows it."""
    column = max(len(line) for line, _meaning in EXAMPLES)
    examples = [f"  {line:<{column}}   {translated(meaning)}" for line, meaning in EXAMPLES]
    return "\n".join(
        [
            _("hatoba finds open ports and says why it believes so. Three things to try:"),
            "",
            *examples,
            "",
            _("Everything else: hatoba --help"),
        ]
    )


@click.group(cls=Hatoba, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-V", "--version", is_flag=True)
@click.pass_context
def hatoba(ctx: click.Context, version: bool) -> None:
    """The command itself; what it prints without a sub-command."""
    if version:
        from hatoba import __version__

        print(f"hatoba {__version__}")
        ctx.exit()
    if ctx.invoked_subcommand is None:
        print(without_arguments())
