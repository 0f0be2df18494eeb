"""Every command that the README and the pages of ``docs`` show runs, beside the practice hosts, and prints what they say."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hatoba.cli.group import COMMANDS
from hatoba.lab import Lab
from hatoba.lab.topologies.practice import Practice, practice
from tests import needs

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "README.ja.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
HOSTS = "198.18.0.10\n198.18.0.20  # the database\n"
"""What stands in the file that the pages call hosts.txt."""

_BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`hatoba ([a-z]+)([^`]*)`")
_TIME = re.compile(r"<?\d+(?:\.\d+)? (?:ms\b|s\b|秒)|\d+ (?:probes|回)")


class Shown(NamedTuple):
    command: str
    printed: str | None
    """None where the page does not tell."""


def shown(page: str) -> list[Shown]:
    """The command lines of a page in order; what a block ``text`` says is printed belongs to the last command before it. Those
    of ``hatoba nc`` are left out: they wait for somebody, and tests of their own run them."""
    found: list[Shown] = []
    for kind, block, printed in _BLOCK.findall(page):
        prompt = "$ " if kind == "console" else ""
        lines = [line.removeprefix(prompt) for line in block.splitlines() if line.startswith(f"{prompt}hatoba ")]
        lines = [line for line in lines if not line.startswith("hatoba nc ")]
        found += [Shown(line, None) for line in lines]
        if lines and printed:
            found[-1] = Shown(lines[-1], printed)
    return found


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def in_both_languages(text: str) -> str:
    return text.replace("hatoba --lang ja ", "hatoba ")


def told(text: str) -> str:
    """*text* without what differs from run to run, and without line breaks."""
    return "".join(_TIME.sub("TIME", text).split())


@pytest.fixture(scope="module")
def hosts() -> Iterator[Practice]:
    needs.require_lab()
    needs.require_program("nft")
    with Lab("readme") as lab:
        yield practice(lab)


def test_there_are_commands_to_run() -> None:
    assert len(shown(read("README.md"))) >= 6
    assert any(example.printed for example in shown(read("README.md")))


def test_both_readmes_show_the_same() -> None:
    english, japanese = read("README.md"), read("README.ja.md")
    assert [in_both_languages(one.command) for one in shown(japanese)] == [one.command for one in shown(english)]
    for pattern in (r"^```python\n.*?^```", r"^\| `hatoba \w+` \|", r"\]\(([^)]+)\)", r"^## "):
        counts = [len(re.findall(pattern, text, re.MULTILINE | re.DOTALL)) for text in (english, japanese)]
        assert counts[0] == counts[1] > 0, pattern


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_exists(page: str) -> None:
    assert {name for name, _rest in _INLINE.findall(read(page))} <= set(COMMANDS)


@pytest.mark.parametrize("page", ["README.md", "README.ja.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^\$ )make ([a-z]+)", read(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", [page for page in PAGES if shown(read(page))])
def test_the_commands_of_a_page_run(page: str, hosts: Practice, tmp_path: Path) -> None:
    program = tmp_path / "hatoba"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m hatoba "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "hosts.txt").write_text(HOSTS, encoding="utf-8")
    for example in shown(read(page)):
        line = f"cd {shlex.quote(str(tmp_path))} && PATH=.:$PATH && {example.command}"
        done = hosts.scanner.run(["sh", "-c", line], env={"XDG_CONFIG_HOME": str(tmp_path / "config"), "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, (example.command, done.stderr)
        assert done.stdout or "scope" in example.command, example.command
        if example.printed:
            assert told(done.stdout) == told(example.printed), example.command


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_to_ask_of_ports_is_answered(page: str, hosts: Practice) -> None:
    for name, rest in _INLINE.findall(read(page)):
        if name == "ports" and rest:
            done = hosts.scanner.run([sys.executable, "-P", "-m", "hatoba", name, *shlex.split(rest)])
            assert (done.returncode, bool(done.stdout)) == (0, True), (rest, done.stderr)
