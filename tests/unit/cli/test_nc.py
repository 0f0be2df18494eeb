"""``hatoba nc``: its help, its mistakes, what it imports."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from hatoba.cli.nc import EXAMPLES, command, take_compat
from hatoba.cli.nc_values import check_together
from hatoba.cli.shell import run
from hatoba.errors import UsageError

Capture = pytest.CaptureFixture[str]

HEAVY = {
    "numpy",
    "rich",
    "cryptography",
    "pyroute2",
    "psutil",
    "ssl",
    "asyncio",
    "hatoba.engine",
    "hatoba.wire",
    "hatoba.model",
}
"""Each of these would cost more than everything that a relay needs."""


def complaint(capsys: Capture, *arguments: str, status: int = 2) -> str:
    assert run(["nc", *arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("hatoba: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "to which host and port? type for example: hatoba nc 198.18.0.2 80"),
        (["", "80"], "to which host and port?"),
        (["-U", ""], "-U takes one path"),
        (["8080"], "to listen: hatoba nc -l 8080"),
        (["-l"], "on which port? type for example: hatoba nc -l 8080"),
        (["-l", "a", "1", "2"], "-l takes an address and a port"),
        (["198.18.0.2", "80", "81"], "to check several, add -z"),
        (["-z", "198.18.0.2"], "-z takes a host and ports"),
        (["198.18.0.2", "65536"], "65536 is no port"),
        (["198.18.0.2", "no-such-service"], "no-such-service is no port"),
        (["-z", "198.18.0.2", "9-3"], "the range 9-3 counts down; type 3-9"),
        (["-U"], "-U takes one path"),
        (["-4", "-6", "h", "1"], "-4 and -6 exclude each other"),
        (["-l", "-z", "h", "1"], "-l and -z exclude each other"),
        (["--send-only", "-d", "h", "1"], "--recv-only and --send-only exclude each other"),
        (["-k", "h", "1"], "-k is for listening: add -l"),
        (["-l", "-m", "5", "1"], "-m counts clients at once: add -k"),
        (["--allow", "198.18.0.2", "h", "1"], "--allow is for listening"),
        (["-l", "-U", "--deny", "198.18.0.2", "/tmp/s"], "a Unix socket has none"),
        (["--append-output", "h", "1"], "--append-output is for -o and -x"),
        (["-T", "fast", "h", "1"], "-T fast: type a number from 0 to 255"),
        (["-w", "soon", "h", "1"], "--wait soon: a time is a number of seconds"),
        (["-m", "none", "-l", "1"], "--max-conns none: a whole number from 1 to 100000"),
        (["--at-peer-end", "sleep", "h", "1"], "--at-peer-end sleep: type quit, or drain"),
        (["--compat", "gnu", "h", "1"], "--compat gnu: type openbsd or ncat"),
        (["-n", "not-an-address", "1"], "-n says not to look up names"),
        (["-l", "--allow", "198.18.0.0/40", "0"], "is neither a host nor a network"),
        (["-o", "/no/such/folder/file", "h", "1"], "/no/such/folder/file can't be written"),
    ],
)
def test_mistakes_get_one_sentence_that_tells_what_to_type(capsys: Capture, arguments: list[str], words: str) -> None:
    assert words in complaint(capsys, *arguments)


@pytest.mark.parametrize("option", [["-e", "/bin/sh"], ["-c", "ls"], ["--lua-exec", "x.lua"]])
def test_shells_for_a_peer_are_refused_with_the_reason(capsys: Capture, option: list[str]) -> None:
    words = complaint(capsys, *option, "-l", "8080")
    assert f"{option[0]} is left out on purpose" in words
    assert "use ssh" in words


@pytest.mark.parametrize("language", ["en", "ja"])
def test_help_has_every_option(capsys: Capture, language: str) -> None:
    assert run(["--lang", language, "nc", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("-l, --listen", "-u, --udp", "-U, --unixsock", "-z", "--explain", "--compat", "-x, --hex-dump", "--allow"):
        assert option in shown
    assert "--lua-exec" not in shown


def test_help_ends_with_what_one_types_first(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["nc", "--help"]) == 0
    shown = capsys.readouterr().out.partition("\nExamples:\n")[2]
    for line, meaning in EXAMPLES:
        assert f"  {line} " in shown
        assert meaning.split()[-1] in shown
        words = shlex.split(re.split(r" [<>] ", line.removeprefix("hatoba nc "))[0])
        check_together(command.make_context("nc", words).params)


def test_compat_is_found_wherever_it_stands() -> None:
    assert take_compat(["-l", "--compat", "ncat", "1"]) == ("ncat", ["-l", "1"])
    assert take_compat(["--compat=openbsd", "-x", "a"]) == ("openbsd", ["-x", "a"])
    assert take_compat(["h", "1"]) == (None, ["h", "1"])
    assert take_compat(["--", "--compat", "ncat"]) == (None, ["--", "--compat", "ncat"])
    with pytest.raises(UsageError):
        take_compat(["--compat"])


@pytest.mark.parametrize(
    "arguments", [["-U", "/no/such/socket"], ["-z", "-n", "not-an-address", "1"], ["--compat", "ncat", "-U", "/no/such/socket"]]
)
def test_it_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom hatoba.cli.main import main\n"
        f"main(['nc', *{arguments!r}])\n"
        f"print(*sorted(set(sys.modules) & {HEAVY!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
    assert done.stderr
