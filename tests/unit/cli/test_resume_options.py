from __future__ import annotations

from typing import Any

import click
import pytest

from hatoba.cli.scan import command
from hatoba.cli.scan_options import ScanOptions, options_of
from hatoba.errors import UsageError


def options(*words: str) -> ScanOptions:
    """What a command line comes to."""
    found: list[dict[str, Any]] = []
    context = command.make_context("scan", list(words))
    found.append(context.params)
    return options_of(found[0])


def test_it_needs_no_target() -> None:
    chosen = options("--resume", "monday.jsonl", "-oX", "monday.xml", "--reason", "-v", "--authorized", "--no-progress")
    assert chosen.resume == "monday.jsonl"
    assert chosen.outputs == (("xml", "monday.xml"),)
    assert chosen.table
    assert options("198.18.0.2").resume is None


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["198.18.0.2"], "198.18.0.2"),
        (["-p", "22"], "-p"),
        (["-F"], "--fast"),
        (["-sS"], "--syn"),
        (["-sn"], "-sn"),
        (["-sL"], "-sL"),
        (["-Pn"], "-Pn"),
        (["-PE"], "--ping-echo"),
        (["-PS22"], "--ping-syn"),
        (["--open"], "--open"),
        (["-T4"], "--timing"),
        (["--max-rate", "9"], "--max-rate"),
        (["--seed", "0"], "--seed"),
        (["--no-second-look"], "--no-second-look"),
        (["-iL", "list"], "-iL"),
        (["--exclude", "198.18.0.3"], "--exclude"),
        (["--dry-run"], "--dry-run"),
        (["-6"], "--ipv6"),
        (["-sV"], "-sV"),
        (["--allports"], "--allports"),
        (["-O"], "-O"),
        (["-A"], "-A"),
        (["--osscan-guess"], "--osscan-guess"),
    ],
)
def test_what_the_file_says_already(words: list[str], named: str) -> None:
    with pytest.raises(UsageError) as told:
        options("--resume", "monday.jsonl", *words)
    assert str(told.value) == f"--resume takes targets, ports, methods and pace from monday.jsonl: leave out {named}"


@pytest.mark.parametrize("name", ["", "-"])
def test_it_needs_a_file(name: str) -> None:
    with pytest.raises(UsageError, match="--resume needs the name of a file"):
        options(f"--resume={name}")


def test_an_option_is_no_file() -> None:
    with pytest.raises(UsageError, match="--resume needs the name of a file, and -oX looks like an option"):
        options("--resume", "-oX", "x.xml")
    with pytest.raises(click.UsageError):
        options("--resume")


@pytest.mark.parametrize("option", ["-oJ", "-oX", "--pcap"])
def test_the_file_itself_can_not_be_written_over(option: str) -> None:
    with pytest.raises(UsageError, match=r"monday\.jsonl is gone on with by --resume: leave it out"):
        options("--resume", "monday.jsonl", option, "monday.jsonl")
