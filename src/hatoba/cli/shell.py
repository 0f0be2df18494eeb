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
from hatoba.cli.streams import buffered, forget, release
from hatoba.errors import HatobaError
from hatoba.messages import _
from hatoba.reports.text import safe

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run ``hatoba`` with *arguments* and return the exit status. Raises BrokenPipeError where nobody reads standard output
    any more, and with HATOBA_DEBUG=1 whatever was not foreseen."""
    speak(None)
    _open_what_is_closed()
    sys.stdout = buffered(sys.stdout)
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
        if sys.stderr is not None:
            print(file=sys.stderr)
        if sys.stdout is not None:
            release(sys.stdout)
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
    """Say *sentence* on standard error, marked as hatoba's. Nothing in it can steer the terminal. Where nobody reads it any
    more, what is done goes on all the same."""
    # Where the caller closed standard error (2>&-) it is None, and print() would take standard output for it.
    if sys.stderr is None:
        return
    try:
        print(f"hatoba: {harmless(sentence)}", file=sys.stderr, flush=True)
    except OSError:
        forget(sys.stderr)


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
    elif isinstance(error, click.BadOptionUsage) and _lacks_value(error, arguments):
        complain(
            _("{option} needs a value behind it; {command} tells more").format(option=error.option_name, command=help_line)
        )
    else:
        message = error.format_message().rstrip(". \u3002")
        complain(_("{message}; {command} tells more").format(message=_uncapitalised(message), command=help_line))
    return error.exit_code


def _lacks_value(error: click.BadOptionUsage, arguments: Sequence[str]) -> bool:
    """Whether the option stands there without its value, and not a flag with one (``--open=1``)."""
    command: click.Command | None = hatoba
    for name in arguments:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), name)
    return any(
        isinstance(option, click.Option) and not (option.is_flag or option.count) and error.option_name in option.opts
        for option in (command.params if command else [])
    )


def _uncapitalised(sentence: str) -> str:
    """Click begins a sentence with a capital; here the name of the program stands before it."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _nearest_option(error: click.NoSuchOption) -> str | None:
    if error.ctx is None or not error.option_name.startswith("--"):
        return None
    parameters = error.ctx.command.get_params(error.ctx)
    known = [option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)]
    near = nearest(error.option_name[2:], [option[2:] for option in known if option.startswith("--")])
    return None if near is None else f"--{near}"


def _unforeseen(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        if sys.stdout is not None:
            forget(sys.stdout)  # it may still hold what did not fit, and fail once more
        complain(_("the disk is full"))
        return 1
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    complain(
        _("this was not foreseen: {what}; run it again with HATOBA_DEBUG=1 in front and report what it prints").format(
            what=what
        )
    )
    return 1


def _open_what_is_closed() -> None:
    """A standard stream that the caller closed (``<&-``, ``>&-``, ``2>&-``) leads nowhere from here on.

    It would be None to us, and the first file or socket to be opened would get its number and what is written there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run


def _let_streams_bend() -> None:
    """A character that the terminal's encoding lacks is written out rather than ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
