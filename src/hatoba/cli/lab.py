"""``hatoba lab``: practice hosts on this machine for as long as one likes, and a shell among them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.group import COMMANDS
from hatoba.errors import LabError, UsageError
from hatoba.lab.channel import Message
from hatoba.lab.programs import find_program, to_start
from hatoba.messages import _N, _, wanted_language

_ITSELF = "hatoba"
"""The command that every lab made here has, wherever this one was started from."""

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("hatoba lab", _N("a shell on the host scanner")),
    ("hatoba lab --on web", _N("in that shell, or in a second terminal: a shell on the host web")),
    ("hatoba lab --on wall nft list ruleset", _N("one command on the host wall")),
    ("hatoba lab hatoba scan web data wall", _N("hosts for one command only, on scanner")),
)


@click.command(
    "lab",
    cls=Command,
    help=_N(
        "Build practice hosts on this machine and open a shell on one of them, scanner, from which the others, web, data and"
        " wall, can be scanned by name; or run COMMAND there. When the shell or the command ends, all is gone again. No packet"
        " leaves the machine, and where the system allows user namespaces no privilege is needed. The files are this"
        " machine's own: a lab separates networks and nothing else."
    ),
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--on", "host", metavar="HOST", cls=Option, help=_N("Go to HOST of the lab that is there already, and leave it there.")
)
@click.argument("argv", metavar="[COMMAND]...", nargs=-1, type=click.UNPROCESSED)
def command(host: str | None, argv: tuple[str, ...]) -> int:
    """Open the shell or run the command, and return its exit status."""
    if argv and argv[0].startswith("-"):
        raise UsageError(_("there is no option {name}; {command} lists them").format(name=argv[0], command="hatoba lab --help"))
    if argv and argv[0] in COMMANDS and find_program(argv[0]) is None:
        raise UsageError(
            _("the lab runs programs; to run this one there, type: {line}").format(
                line=shlex.join(["hatoba", "lab", *(["--on", host] if host else []), "hatoba", *argv])
            )
        )
    return _visit(host, argv) if host is not None else _build(argv)


def _build(argv: Sequence[str]) -> int:
    from hatoba.cli.lab_guide import guide
    from hatoba.lab import Lab
    from hatoba.lab.door import is_inside
    from hatoba.lab.terminal import attend
    from hatoba.lab.topologies.practice import practice

    if is_inside():
        raise UsageError(
            _("this is a lab already: {line} goes to another of its hosts, and exit leaves it").format(
                line="hatoba lab --on web"
            )
        )
    request = _request("scanner", argv)
    with Lab("practice") as lab:
        hosts = practice(lab)
        lab.open_door()
        lab.install_command(_ITSELF, [sys.executable, "-P", "-m", "hatoba"])
        if not argv and sys.stdin.isatty() and sys.stdout.isatty():
            print(guide(hosts), flush=True)
        return attend(lambda streams, own: lab.start(hosts.scanner, {**request, "terminal": own}, streams))


def _visit(host: str, argv: Sequence[str]) -> int:
    from hatoba.lab.door import Visit, doors
    from hatoba.lab.terminal import attend

    found = doors()
    if not found:
        raise LabError(_("no lab of yours is there; make one in another terminal: hatoba lab"))
    if len(found) > 1:
        raise LabError(_("several labs of yours are there; type this in the shell of the one that you mean"))
    with Visit(found[0]) as visit:
        if host not in visit.hosts:
            raise UsageError(_("the lab has no host {name!r}; it has {hosts}").format(name=host, hosts=", ".join(visit.hosts)))
        request = _request(host, argv)
        return attend(lambda streams, own: visit.start(host, {**request, "terminal": own}, streams))


def _request(host: str, argv: Sequence[str]) -> Message:
    return to_start(argv or [_shell()], env=_environment(host), installed=(_ITSELF,))


def _shell() -> str:
    own = os.environ.get("SHELL", "")
    return own if os.access(own, os.X_OK) else "/bin/sh"


def _environment(host: str) -> dict[str, str]:
    """What a program on *host* finds besides this process's own environment."""
    from hatoba.lab.laboratory import COMMANDS_FOLDER
    from hatoba.lab.programs import search_path

    return {"PATH": os.pathsep.join([str(COMMANDS_FOLDER), search_path()]), "PS1": f"{host}# ", **_language(os.environ)}


def _language(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that make hatoba speak there as it does here, where ``--lang`` asked for another language than the
    environment's (``cli.language`` keeps it in LANGUAGE)."""
    language = environ.get("LANGUAGE")
    if language in (None, wanted_language(environ)):
        return {}
    kept = {"LC_CTYPE": environ["LC_ALL"]} if environ.get("LC_ALL") else {}
    return {**kept, "LC_ALL": "", "LC_MESSAGES": {"ja": "ja_JP.UTF-8"}.get(str(language), "C")}
