"""``hatoba scan``: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.loading import loaded
from hatoba.cli.nmap_flags import translate
from hatoba.cli.scan_arguments import with_arguments
from hatoba.cli.scan_options import options_of
from hatoba.errors import UsageError
from hatoba.messages import _N, _


class Scan(Command):
    """A command that reads nmap's spellings."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = translate(args)
        self._refuse_two_values(words)
        try:
            return super().parse_args(ctx, list(words))
        except click.NoSuchOption as error:
            if error.option_name.startswith("--"):
                raise
            # Click looks at a word with one dash letter by letter, and would say -P for -PX.
            typed = next(word for word in words if word[:1] == "-" and word[1:2] not in ("", "-"))
            raise click.NoSuchOption(typed, ctx=error.ctx) from error

    def _refuse_two_values(self, words: Sequence[str]) -> None:
        """Raise UsageError where an option that has room for one value is given two: the parser would forget the first."""
        single = {name for option in self.params if isinstance(option, Option) and option.takes_one for name in option.opts}
        said: dict[str, str] = {}
        for word in takewhile(lambda word: word != "--", words):
            name = word.partition("=")[0]
            if name in single and said.setdefault(name, word) != word:
                raise UsageError(
                    _("{one} and {other} contradict each other: leave one of them out").format(one=said[name], other=word)
                )


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

    arguments = ("hatoba", *sys.argv[1:])
    if options.resume is not None:
        from hatoba.cli.scan_resume import resume

        loaded()
        return resume(options, real_world(), arguments)
    from hatoba.cli.scan_run import scan

    loaded()
    return scan(options, real_world(), arguments)
