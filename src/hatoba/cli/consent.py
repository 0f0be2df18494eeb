"""Ask once whether hosts may be scanned, as ssh does for a host key that it does not know, and remember the answer."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from typing import TextIO

from hatoba.errors import NotInScope
from hatoba.messages import _
from hatoba.targets.networks import parse_network
from hatoba.targets.scope import Grant, short_list
from hatoba.targets.scope_file import ScopeFile

_ANSWER = re.compile(r"(\w+)[\s,.:;、。，．：；]*(.*)", re.DOTALL)


def ask_consent(error: NotInScope, scope_file: ScopeFile, *, source: TextIO, screen: TextIO, by: str, now_s: float) -> bool:
    """Ask on the terminal whether the networks of *error* may be scanned; True once the grant stands in *scope_file*.

    The answer is read from *source* and the talk goes to *screen*; unless both are terminals nothing is asked and the answer
    is no. Yes is the word ``yes`` (or the language's own), with the reason behind it or asked for next; anything else, an end
    of input and a missing reason too, is no. *by* is the user's name, *now_s* seconds since the epoch. Raises what
    :meth:`ScopeFile.add` raises.
    """
    if not error.networks or not (source.isatty() and screen.isatty()):
        return False
    answer = ask_line(
        _("hatoba has no record of your permission to scan {networks}.\nMay you? (yes/no, or yes and the reason) ").format(
            networks=short_list(error.networks)
        ),
        source,
        screen,
    )
    match = _ANSWER.fullmatch(answer)
    if match is None or match[1].casefold() not in {"yes", _("yes")}:
        return False
    reason = match[2].strip() or ask_line(_("Who allowed it, and why? "), source, screen)
    if not reason:
        print(_("Without a reason nothing is recorded, and nothing is scanned."), file=screen)
        return False
    scope_file.add(Grant(parse_network(network), by, now_s, reason) for network in error.networks)
    print(_("Recorded; hatoba scope list shows it, hatoba scope remove takes it back."), file=screen)
    return True


def ask_line(question: str, source: TextIO, screen: TextIO) -> str:
    """One line of *source*, asked for on *screen*, without white space around it; empty at the end of input."""
    print(question, end="", file=screen, flush=True)
    line = source.readline()
    if not line.endswith("\n"):
        print(file=screen)  # the cursor still stands behind the question
    return line.strip()


def user_name(environ: Mapping[str, str]) -> str:
    """Who is at the keyboard: under sudo the user who typed it."""
    if environ.get("SUDO_USER"):
        return environ["SUDO_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without an account, as in a container
        return f"uid {os.getuid()}"
