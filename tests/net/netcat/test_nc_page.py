"""Every option of OpenBSD's nc and of ncat has its row in docs/nc.md, and what the row says is so."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec

import pytest

from hatoba.cli.nc import command
from tests.unit.cli.test_nc_page import PAGES, rows

pytestmark = pytest.mark.peer("ncat", "nc.openbsd")

APART = {
    "--ssl": "hatoba.cli.nc_tls",
    "--proxy": "hatoba.cli.nc_proxy",
    "--broker": "hatoba.cli.nc_proxy",
    "--chat": "hatoba.cli.nc_proxy",
}
"""Options that come with a part of their own."""

OURS = {name for option in command.params for name in option.opts} | {"-h", "--help"}
REFUSED = {"-e", "--exec", "-c", "--sh-exec", "--lua-exec"}


def options_of(text: str) -> set[str]:
    """The options that a help text lists, a line each."""
    found = set()
    for line in text.splitlines():
        match = re.match(r"\s+(-\w|--[\w-]+)(?:, (--[\w-]+))?(?=[\s,]|$)", line)
        if match and not line.lstrip().startswith("["):
            found |= {name for name in match.groups() if name}
    return found


def documented(section: str) -> dict[str, str]:
    """What docs/nc.md says of each option in the table under the heading that ends with *section*."""
    page = PAGES[0].read_text()
    part = page.split(f"## Letters: beside {section}")[1].split("\n## ")[0]
    names = {first for first, _second in rows(PAGES[0]) if f"| {first} |" in part}
    return {
        name: second
        for first, second in re.findall(r"^\| (`-[^|]*?) \| ([^|]*?) \|", part, re.MULTILINE)
        if first in names
        for name in re.findall(r"`(-[^`]+)`", first)
    }


@pytest.mark.parametrize(("section", "arguments"), [("OpenBSD's nc", ["nc.openbsd", "-h"]), ("ncat", ["ncat", "--help"])])
def test_every_option_has_a_row_and_the_row_is_true(section: str, arguments: list[str]) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    theirs = options_of(done.stdout + done.stderr)
    told = documented(section)
    assert len(theirs) > 30
    assert set(told) == theirs
    for name, here in told.items():
        if any(name.startswith(part) and find_spec(module) is None for part, module in APART.items()):
            continue
        if here == "same":
            assert name in OURS - REFUSED, name
        elif here == "left out":
            assert name not in OURS - REFUSED or name == "--version", name
        else:
            (named,) = re.findall(r"`(--[\w-]+)`", here)
            assert named in OURS or find_spec(APART.get("--proxy" if "proxy" in named else "", "hatoba")) is None, name
