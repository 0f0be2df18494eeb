"""Commands that have commands of their own: ``hatoba scope add``, ``hatoba signatures check``."""

from __future__ import annotations

import click

from hatoba.cli.command import Command
from hatoba.cli.group import unknown_command
from hatoba.messages import _, translated


class SubCommand(Command):
    """A sub-command; its first sentence stands in the group's help."""

    def get_short_help_str(self, limit: int = 45) -> str:
        return translated(self.short_help or "")


class CommandGroup(click.Group):
    """The group, whose help was marked by ``_N``."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            unknown_command(args, list(self.commands), ctx.command_path)
        return super().resolve_command(ctx, args)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translated(self.help or ""))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, command.get_short_help_str()) for name, command in self.commands.items()])
