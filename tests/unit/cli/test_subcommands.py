from __future__ import annotations

import click
import pytest

from hatoba.cli.subcommands import CommandGroup, SubCommand
from hatoba.errors import UsageError


def group() -> CommandGroup:
    made = CommandGroup("pier", help="What lies there.")
    made.add_command(SubCommand("moor", short_help="tie up", callback=lambda: None))
    return made


def test_help_lists_the_commands() -> None:
    text = group().get_help(click.Context(group(), info_name="pier"))
    assert "What lies there." in text
    assert "moor  tie up" in text


def test_a_command_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="did you mean 'pier moor'"):
        group().resolve_command(click.Context(group(), info_name="pier"), ["mor"])
