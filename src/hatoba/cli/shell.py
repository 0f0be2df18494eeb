"""Runs a command and turns whatever ends it into one sentence on standard error and an exit status.

Standard output is data and standard error is talk. A user never sees a traceback, unless HATOBA_DEBUG=1 asks for it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from hatoba.cli.group import COMMANDS, hatoba, nearest
from hatoba.cli.language import speak, take_language
from hatoba.errors import HatobaError
from hatoba.messages import _
from hatoba.reports.text import safe

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run ``hatoba`` with *arguments* and return the exit status. Raises BrokenPipeError where nobody reads standard output
    any more, and with HATOBA_DEBUG=1 whatever was not foreseen."""
    speak(None)
    _let_streams_bend()
    rest: list[str] = []
    try:
        rest, language = take_language(arguments)
        speak(language)
        with hatoba.make_context("hatoba", rest) as context:
            value = hatoba.invoke(context)
        return value if isinstance(value, int) else 0
    except click.exceptions.Exit as ending:
        return int(ending.exit_code)
    except SystemExit as ending:
        return _left(ending.code)
    except (KeyboardInterrupt, click.Abort):
        print(file=sys.stderr)
        return INTERRUPTED
    except HatobaError as error:
        complain(str(error))
        return error.exit_status
    except click.UsageError as error:
        return _usage(error, rest)
    except click.ClickException as error:
        complain(error.format_message())
        return 1
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("HATOBA_DEBUG"):
            raise
        return _unforeseen(error)


def _left(code: str | int | None) -> int:
    """The status of a ``sys.exit(code)``, by its rules: a text is said, and is a failure."""
    if isinstance(code, str):
        complain(code)
        return 1
    return code or 0


def complain(sentence: str) -> None:
    """Say *sentence* on standard error, marked as hatoba's. Nothing in it can steer the terminal."""
    print(f"hatoba: {harmless(sentence)}", file=sys.stderr)


def harmless(text: str) -> str:
    """*text* with every character that acts rather than shows written out; line ends stay."""
    return "\n".join(map(safe, text.split("\n")))


def _usage(error: click.UsageError, arguments: Sequence[str]) -> int:
    """One sentence for a mistake that click found, with what to type instead where that can be guessed."""
    # Some of click's errors come without their context: then the first argument tells the command.
    command = ["hatoba", *(name for name in arguments[:1] if name in COMMANDS)]
    help_line = f"{error.ctx.command_path if error.ctx else ' '.join(command)} --help"
    if isinstance(error, click.NoSuchOption):
        near = _nearest_option(error)
        if near is None:
            complain(_("there is no option {name}; {command} lists them").format(name=error.option_name, command=help_line))
        else:
            complain(_("there is no option {name}; did you mean {near}?").format(name=error.option_name, near=near))
    else:
        message = error.format_message().rstrip(". \u3002")
        complain(_("{message}; {command} tells more").format(message=message, command=help_line))
    return error.exit_code


def _nearest_option(error: click.NoSuchOption) -> str | None:
    if error.ctx is None or not error.option_name.startswith("--"):
        return None
    parameters = error.ctx.command.get_params(error.ctx)
    known = [option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)]
    return nearest(error.option_name, [option for option in known if option.startswith("--")])


def _unforeseen(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        complain(_("the disk is full"))
        return 1
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    complain(
        _("this was not foreseen: {what}; run it again with HATOBA_DEBUG=1 in front and report what it prints").format(
            what=what
        )
    )
    return 1


def _let_streams_bend() -> None:
    """A character that the terminal's encoding lacks is written out rather than ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
