"""docs/nc-servers.md, in both languages, tells of every option and of the limits that hold."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from hatoba.cli.nc_serving import AT_ONCE
from hatoba.cli.nc_serving_options import serving_options
from hatoba.netcat.servers.fixed import MOST_DATAGRAM_BYTES
from hatoba.netcat.servers.new_file import MOST_NAME_BYTES
from hatoba.netcat.servers.web_session import HEAD_BYTES, Limits

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"en": DOCS / "nc-servers.md", "ja": DOCS / "nc-servers.ja.md"}


@click.command()
@serving_options
def _command(**_given: object) -> None: ...


def console_blocks(page: str) -> list[str]:
    return re.findall(r"```console\n(.*?)```", PAGES[page].read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_has_its_row(page: str) -> None:
    rows = re.findall(r"^\| `(--[a-z]+)(?: [A-Z]+)?` \|", PAGES[page].read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [option.opts[0] for option in _command.params]


@pytest.mark.parametrize("page", PAGES)
def test_the_limits_are_those_that_hold(page: str) -> None:
    text = PAGES[page].read_text(encoding="utf-8")
    limits = Limits()
    told = [
        limits.idle_s,
        limits.head_s,
        limits.stall_s,
        limits.stall_bytes // 1024,
        HEAD_BYTES // 1024,
        AT_ONCE,
        MOST_NAME_BYTES,
    ]
    for number in told:
        assert re.search(rf"(?<!\d){number:g}(?!\d)", text), number
    assert f"{MOST_DATAGRAM_BYTES:,}" in text


def test_both_pages_show_the_same_commands() -> None:
    assert console_blocks("en") == console_blocks("ja")
    assert len(console_blocks("en")) == 4
