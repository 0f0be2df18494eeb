"""The options of a scan: each in a section, and told in both languages' help."""

from __future__ import annotations

from typing import Any

import click

from hatoba.cli.command import Command, Option
from hatoba.cli.scan_arguments import with_arguments


@click.command("scan", cls=Command)
@with_arguments
def command(**given: Any) -> None:
    """Only its options matter."""


def test_every_option_stands_in_a_section_with_a_help() -> None:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert options
    for option in options:
        assert isinstance(option, Option)
        assert option.section
        assert option.help
        assert option.help.endswith((".", "?"))


def test_sections_come_in_order_and_each_once() -> None:
    sections = [parameter.section for parameter in command.params if isinstance(parameter, Option)]
    order = list(dict.fromkeys(sections))
    assert order == [
        "Targets",
        "Which hosts are there",
        "Ports",
        "Methods",
        "Services",
        "Operating systems",
        "Pace",
        "Packets",
        "Reports",
    ]
    assert sections == sorted(sections, key=order.index)


def test_no_name_is_given_twice() -> None:
    names = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    assert len(names) == len(set(names))


def test_every_option_has_a_readable_name() -> None:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert any(name.startswith("--") for name in parameter.opts)
