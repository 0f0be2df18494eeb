"""``hatoba scan`` as a command: its options and its help."""

from __future__ import annotations

from typing import Any

import click
import pytest

from hatoba.cli import nmap_flags, scan
from hatoba.cli.scan_options import ScanOptions
from hatoba.cli.shell import run


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[ScanOptions]:
    """What the command was told, instead of a scan."""
    seen: list[ScanOptions] = []

    def record(options: ScanOptions, world: object, arguments: object) -> int:
        seen.append(options)
        return 0

    monkeypatch.setattr("hatoba.cli.scan_run.scan", record)
    return seen


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("198.18.0.2", "targets", ("198.18.0.2",)),
        ("a b c", "targets", ("a", "b", "c")),
        ("-p22 h", "ports", "22"),
        ("-p -100 h", "ports", "-100"),
        ("h -p-", "ports", "-"),
        ("-F h", "top_ports", 100),
        ("--top-ports 7 h", "top_ports", 7),
        ("-sS h", "method", "syn"),
        ("--connect h", "method", "connect"),
        ("-vv h", "verbose", 2),
        ("-iL f --excludefile g", "inputs", ("f",)),
        ("h --excludefile g --exclude-file k", "exclude_files", ("g", "k")),
        ("h -oX a -oJ- -oG c", "outputs", (("jsonl", "-"), ("xml", "a"), ("grepable", "c"))),
        ("h --open", "open_only", True),
        ("h --reason", "reason", True),
        ("h --explain", "explain", True),
        ("h --no-progress", "progress", False),
        ("h --authorized", "authorized", True),
        ("h -6", "families", {6}),
        ("-Pn -n h", "targets", ("h",)),
    ],
)
def test_options(chosen: list[ScanOptions], line: str, field: str, value: Any) -> None:
    assert run(["scan", *line.split()]) == 0
    assert getattr(chosen[0], field) == value


@pytest.mark.parametrize(("line", "rate"), [("-T2", 2.5), ("-T polite", 2.5), ("-T4", None), ("--max-rate 9.5", 9.5)])
def test_pace(chosen: list[ScanOptions], line: str, rate: float | None) -> None:
    assert run(["scan", "h", *line.split()]) == 0
    assert chosen[0].plan.max_rate_pps == rate


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "there is no target"),
        ("-sU h", "UDP"),
        ("-T9 h", "-T 9"),
        ("--prots 22 h", "did you mean --ports?"),
        ("--top-ports x h", "--top-ports x: a whole number belongs here"),
        ("--max-retries 101 h", "--max-retries 101: a whole number from 0 to 100"),
        ("--max-rate fast h", "--max-rate fast: a rate is"),
        ("-p", "--ports needs a value behind it; hatoba scan --help tells more"),
        ("h --open=1", "does not take a value"),
        ("h -oX a -oJ a", "two reports"),
    ],
)
def test_mistakes_are_one_sentence(chosen: list[ScanOptions], line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", *line.split()]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert (shown.err.count("\n"), shown.out) == (1, "")
    assert not chosen


@pytest.mark.parametrize("language", ["en", "ja"])
def test_help_is_there_in_both_languages(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", language, "scan", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "-oX, --xml" in shown
    assert ("Find out which ports" in shown) is (language == "en")


def test_the_translator_knows_every_option_that_takes_a_value() -> None:
    taking = {
        name
        for option in scan.command.params
        if isinstance(option, click.Option) and not option.is_flag and not option.count
        for name in option.opts
        if name.startswith("--")
    }
    assert taking == nmap_flags.VALUE_OPTIONS


def test_the_translator_leads_to_options_that_exist() -> None:
    known = {name for option in scan.command.params for name in option.opts}
    tables = (nmap_flags.FLAGS, nmap_flags.VALUES, nmap_flags.METHODS, nmap_flags.OUTPUTS, nmap_flags.ALIASES)
    assert {name for table in tables for name in table.values()} - known == {"--help"}


def test_what_is_absent_does_not_exist() -> None:
    assert not {name for option in scan.command.params for name in option.opts} & set(nmap_flags.ABSENT_LONG)
