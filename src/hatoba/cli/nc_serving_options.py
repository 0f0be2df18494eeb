"""The options of ``hatoba nc`` for practical servers and file transfers. What they lead to stands in ``nc_serving.py``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from hatoba.cli.command import Option
from hatoba.errors import UsageError
from hatoba.messages import _N, _

SERVERS = _N("Servers and files")

PURPOSES = {
    "serve": "--serve",
    "echo": "--echo",
    "discard": "--discard",
    "reply": "--reply",
    "send": "--send",
    "receive": "--receive",
}
"""What is done with a connection instead of the relay: one of these. ``--upload`` alone is a web server too."""

_OF_THE_RELAY = {
    "receive_only": "-d",
    "send_only": "--send-only",
    "no_shutdown": "--no-shutdown",
    "quit_after_s": "-q",
    "at_peer_end": "--at-peer-end",
    "recv_limit": "--recv-limit",
    "crlf": "-C",
    "delay_s": "--delay",
    "output": "-o",
    "hex_dump": "-x",
    "telnet": "-t",
}
"""Options for what passes between standard input, the peer and standard output."""

Decorated = Callable[..., Any]


def refuse_options_of_relay(given: Mapping[str, Any], purpose: str, *, but: Collection[str] = ()) -> None:
    """Raise UsageError for an option that changes what a relay does, and nothing of *purpose*, which has none; *but*: those
    that mean something there, by their names."""
    for name, option in _OF_THE_RELAY.items():
        if given[name] and name not in but:
            raise UsageError(_("{first} and {second} don't go together: choose one").format(first=purpose, second=option))


def wants_server(given: Mapping[str, Any]) -> bool:
    """Whether the options ask for any of it."""
    return any(given[name] for name in (*PURPOSES, "upload", "overwrite", "hidden", "raw"))


def serving_options(function: Decorated) -> Decorated:
    """Add the options to a command."""
    options = (
        _option(
            "--serve", metavar="DIR", help=_N("A web server for a folder: lists it, sends what is below it, nothing else.")
        ),
        _option(
            "--upload", metavar="DIR", help=_N("Take files into a folder: by PUT, and by a form on the web server's pages.")
        ),
        _option("--overwrite", is_flag=True, help=_N("What comes may replace a file of the same name.")),
        _option("--hidden", is_flag=True, help=_N("Serve names that begin with a dot too.")),
        _option("--echo", is_flag=True, help=_N("Send back what comes.")),
        _option("--discard", is_flag=True, help=_N("Take what comes and drop it.")),
        _option("--reply", metavar="FILE", help=_N("Send everybody this file; what they say goes to standard output.")),
        _option("--send", metavar="FILE", help=_N("Send a file; the other end needs --receive.")),
        _option("--receive", metavar="FILE", help=_N("Receive a file, or into a folder; goes on where it was cut.")),
        _option("--raw", is_flag=True, help=_N("Send or receive as a plain netcat does: no name, no resuming.")),
    )
    for each in reversed(options):
        function = each(function)
    return function


def _option(name: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    return click.option(name, cls=Option, section=SERVERS, **settings)
