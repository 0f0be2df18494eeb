"""Commands whose help speaks the language in force and keeps to the terminal's width in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import Any

import click

from hatoba.errors import UsageError
from hatoba.messages import _, translated
from hatoba.reports.text import padded, width
from hatoba.reports.wrapping import NARROWEST, wrapped

_TWO_COLUMNS = 60
"""On a narrower screen what an option does begins further left, below the option where that is long."""


class HelpFormatter(click.HelpFormatter):
    """Click's, but for what depends on how wide a character is.

    A paragraph that begins with a line ``\\b`` is kept as it is. Click's own is never narrower than 50 columns; this one fits
    the terminal that there is.
    """

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        columns = min(shutil.get_terminal_size().columns, max_width or 80) - 2
        super().__init__(indent_increment, width or max(columns, NARROWEST), max_width)

    def write_text(self, text: str) -> None:
        margin = " " * self.current_indent
        columns = max(self.width - self.current_indent, 20)
        paragraphs = text.strip("\n").split("\n\n")
        blocks = [
            paragraph.split("\n")[1:] if paragraph.startswith("\b") else wrapped(paragraph, columns) for paragraph in paragraphs
        ]
        self.write("\n\n".join("\n".join(margin + line for line in block) for block in blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        margin = " " * self.current_indent
        widest = min(col_max, max(self.width // 3, 8)) if self.width < _TWO_COLUMNS else col_max
        first = min(max((width(term) for term, _meaning in rows), default=0), widest) + col_spacing
        columns = max(self.width - self.current_indent - first, 20)
        for term, meaning in rows:
            lines = wrapped(meaning, columns)
            if width(term) > first - col_spacing and lines:
                self.write(f"{margin}{term}\n")
                head, rest = "", lines
            else:
                head, rest = term, lines
            for line in rest or [""]:
                self.write(f"{margin}{padded(head, first)}{line}".rstrip() + "\n")
                head = ""


class Context(click.Context):
    formatter_class = HelpFormatter


class Option(click.Option):
    """An option whose help was marked by ``_N`` and is looked up when it is shown; *section* is the heading that it stands
    under, marked likewise."""

    def __init__(self, *args: Any, section: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.section = section

    @property
    def takes_one(self) -> bool:
        """Whether it has a value, and room for one only."""
        return not (self.is_flag or self.count or self.multiple)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        marked = self.help
        self.help = translated(marked) if marked else marked
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = marked


class Command(click.Command):
    """A command whose help was marked by ``_N``; *examples* are lines to type, each with what it does, marked likewise."""

    context_class = Context

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # or click would tell of them in words of its own
        rest = super().parse_args(ctx, args)
        if rest:
            raise UsageError(
                _("{words}: {command} takes nothing more; leave it out, or see {command} --help").format(
                    words=" ".join(rest), command=ctx.command_path
                )
            )
        return rest

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            # Click makes this option once and words it in the language of that moment.
            option.help = _("Show this message and exit.")
        return option

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(translated(self.help))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options under the headings of their sections, in the order in which these first come; the others at the end."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Argument):
                continue  # it stands in the line of usage
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "section", ""), []).append(record)
        others = sections.pop("", [])
        for heading, records in [*((translated(name), held) for name, held in sections.items()), (_("Options"), others)]:
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section(_("Examples")):
                formatter.write_dl([(line, translated(meaning)) for line, meaning in self.examples], col_max=44)
        if self.epilog:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(translated(self.epilog))


def speak_widely(command: click.Command) -> None:
    """Let a command that was made without :class:`Command`, and those below it, keep to the terminal's width too."""
    command.context_class = Context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            speak_widely(below)
