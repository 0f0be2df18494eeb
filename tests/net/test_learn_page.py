"""The first hour with ports, typed as docs/learn.md tells it: every command runs, and prints what stands there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

from hatoba.lab import Host, Lab
from tests import needs

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROMPT = "scanner# "
_BLOCK = re.compile(r"^```(console|text|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DIFFERS = re.compile(r"<?\d+(?:\.\d+)? ms\b|\d+ probes|\d+ 回")
_MARK = "-- end of a command --"
_SHELL = {"SHELL": "/bin/sh"}
"""What reads the commands, whatever shell the user has."""


class Typed(NamedTuple):
    command: str
    shown: str


def typed(page: str) -> list[Typed]:
    """The commands of a page in order, each with the lines that the page shows of what it prints."""
    found: list[Typed] = []
    for kind, block in _BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if kind == "console":
            assert all(line.startswith(PROMPT) for line in block.splitlines()), block
            found += [Typed(line.removeprefix(PROMPT), "") for line in block.splitlines()]
        elif kind == "text":
            found[-1] = Typed(found[-1].command, block)
    return found


def lines(text: str) -> list[str]:
    """Without what differs from run to run, and without spaces, which depend on what stands beside."""
    return ["".join(_DIFFERS.sub("", line).split()) for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def machine() -> Iterator[Host]:
    needs.require_lab()
    for program in ("nft", "ss", "redis-server", "redis-cli", "nginx", "dnsmasq"):
        needs.require_program(program)
    with Lab("machine") as lab:
        yield lab.add_host("machine")


def test_both_pages_tell_the_same_commands() -> None:
    english, japanese = typed("learn.md"), typed("learn.ja.md")
    assert [one.command for one in english] == [one.command for one in japanese]
    assert [bool(one.shown) for one in english] == [bool(one.shown) for one in japanese]
    assert len(english) > 15


IN_JAPANESE = pytest.param("learn.ja.md", "ja", marks=pytest.mark.exhaustive)  # half a minute more for the same commands


@pytest.mark.parametrize(("page", "language"), [("learn.md", "en"), IN_JAPANESE])
def test_the_hour(machine: Host, page: str, language: str) -> None:
    course = typed(page)
    script = "".join(f"{one.command} || echo FAILED; echo; echo '{_MARK}'\n" for one in course)
    argv = [sys.executable, "-P", "-m", "hatoba", "--lang", language, "lab"]
    done = machine.run(argv, stdin=script, timeout_s=280, env=_SHELL)
    assert done.returncode == 0, done.stderr
    said = done.stdout.split(f"{_MARK}\n")[:-1]
    for (command, shown), printed in zip_longest(course, said):
        assert printed.strip(), command
        assert "FAILED" not in printed, (command, printed, done.stderr)
        rest = iter(lines(printed))
        for line in lines(shown):
            assert any(line in other for other in rest), (command, line, printed)


def test_a_connection_is_in_the_log_and_a_syn_is_not(machine: Host) -> None:
    """What section 5 says of the log. It is written in time, not at once: a client of ours, whose line comes last, shows that
    all before it stand there."""
    script = """
    log=/run/hatoba-lab/data/log/redis-server
    hatoba scan -sT -p 6379 data > /dev/null; hatoba lab --on data sh -c "$0" $log 1
    hatoba scan -sS -p 6379 data > /dev/null; hatoba lab --on data sh -c "$0" $log 2
    """
    count = """
    redis-cli ping > /dev/null
    until [ $(grep -c 'Accepted 127.0.0.1:' $0) -ge $1 ]; do :; done
    grep -c 'Accepted 198.18.0.1:' $0
    """
    done = machine.run([sys.executable, "-P", "-m", "hatoba", "lab", "sh", "-c", script, count])
    connect, syn = map(int, done.stdout.split())
    assert connect == syn > 0


def test_two_terminals(machine: Host) -> None:
    """What section 4 shows without a prompt: a listener here, and a host that connects to it."""
    script = """
    mkdir /run/public; cd /run; echo served > public/index.html
    hatoba nc -l 4000 < /dev/null > /run/heard & listener=$!
    hatoba nc -l 8080 --serve public 2> /run/told &
    hatoba lab --on web sh -c 'until echo ahoy | hatoba nc scanner 4000; do :; done 2> /dev/null'
    wait $listener; cat /run/heard
    hatoba lab --on web sh -c 'until printf "GET / HTTP/1.0\\n\\n" | hatoba nc --crlf scanner 8080; do :; done 2> /dev/null'
    """
    done = machine.run([sys.executable, "-P", "-m", "hatoba", "lab"], stdin=script, env=_SHELL)
    assert "ahoy" in done.stdout
    assert "served" in done.stdout
