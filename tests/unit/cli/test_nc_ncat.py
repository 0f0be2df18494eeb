"""ncat's command line, told in ours."""

from __future__ import annotations

import pytest

from hatoba.cli.nc_ncat import translate
from hatoba.cli.nc_openbsd import ForeignRefusal


def refusal(*arguments: str) -> tuple[str, int]:
    with pytest.raises(ForeignRefusal) as caught:
        translate(arguments)
    return caught.value.text, caught.value.status


def test_letters_that_mean_something_else_here() -> None:
    assert translate(["-d", "500ms", "h", "1"]) == ["--delay", "500ms", "--at-peer-end", "drain", "--", "h", "1"]


def test_many_clients_at_once_unless_told_otherwise() -> None:
    assert translate(["-lk", "1"])[:4] == ["--listen", "--keep-open", "--max-conns", "100"]
    assert "--max-conns" not in translate(["-l", "-m", "5", "1"])
    ours = translate(["-lk", "-m", "5", "1"])
    assert ours[ours.index("--max-conns") + 1] == "5"


def test_its_default_port() -> None:
    assert translate(["h"])[-2:] == ["h", "31337"]
    assert translate(["-l"])[-1] == "31337"


def test_udp_ends_with_its_input() -> None:
    assert translate(["-u", "h", "1"])[:3] == ["--udp", "--quit-after", "0"]
    assert "--quit-after" not in translate(["-u", "-l", "1"])


def test_a_long_option_may_be_cut_short_and_all_of_tls_passes() -> None:
    assert translate(["--ssl-alpn", "h2", "--recv", "h", "1"])[:3] == ["--ssl-alpn", "h2", "--recv-only"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "You must specify a host to connect to"),
        (["h", "1", "2"], "Got more than one port specification: 1 2"),
        (["h", "65536"], 'Invalid port number "65536"'),
        (["-l", "70000"], 'Invalid port number "70000"'),
        (["-p", "99999", "h", "1"], "Invalid source port 99999"),
        (["-k", "h", "1"], "Invalid option combination: `--keep-open' with connect"),
        (["-w", "x", "h"], 'Invalid -w timeout "x" (must be greater than 0 and less than 2147483s)'),
        (["-g", "a", "h"], "Loose source routing (-g) is left out: routers drop it"),
    ],
)
def test_mistakes_are_told_in_its_words(arguments: list[str], sentence: str) -> None:
    assert refusal(*arguments) == (f"Ncat: {sentence}. QUITTING.", 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--foo"], "ncat: unrecognized option '--foo'\nNcat: Try `--help'"),
        (["-Q"], "ncat: invalid option -- 'Q'\n"),
        (["-p"], "ncat: option requires an argument -- 'p'\n"),
        (["--proxy"], "ncat: option '--proxy' requires an argument\n"),
        (["--listen=1"], "ncat: option '--listen' doesn't allow an argument\n"),
    ],
)
def test_options_that_there_are_not(arguments: list[str], words: str) -> None:
    text, status = refusal(*arguments)
    assert text.startswith(words)
    assert status == 2


def test_help_and_version() -> None:
    assert translate(["--help"]) == ["--help"]
    assert refusal("--version")[1] == 0
