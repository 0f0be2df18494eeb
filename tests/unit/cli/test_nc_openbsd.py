"""OpenBSD's command line, told in ours."""

from __future__ import annotations

import pytest

from hatoba.cli.nc_openbsd import ForeignRefusal, translate, usage


def refusal(*arguments: str) -> tuple[str, int]:
    with pytest.raises(ForeignRefusal) as caught:
        translate(arguments)
    return caught.value.text.partition(": ")[2], caught.value.status


def options(*arguments: str) -> list[str]:
    """What comes before the words, without what every command line gets."""
    ours = translate(arguments)
    return ours[: ours.index("--at-peer-end")]


def test_letters_that_mean_something_else_here() -> None:
    assert options("-d", "h", "1") == ["--recv-only", "--no-shutdown"]
    assert options("-i", "2", "h", "1") == ["--delay", "2", "--no-shutdown"]
    assert options("-m", "9", "-M", "8", "h", "1") == ["--ttl", "8", "--min-ttl", "9", "--no-shutdown"]
    assert options("-x", "proxy:1", "h", "1") == ["--proxy", "proxy:1", "--no-shutdown", "--proxy-type", "socks5"]
    assert options("-x", "proxy:1", "-X", "connect", "h", "1")[-1] == "http"


def test_the_end_of_input_is_not_told_unless_asked_for() -> None:
    assert "--no-shutdown" not in options("-N", "h", "1")
    assert options("-q", "3", "h", "1") == ["--quit-after", "3"]
    assert options("-q", "-1", "h", "1") == ["--no-shutdown"]


def test_w_is_for_connecting_and_for_silence_and_not_for_listening() -> None:
    assert options("-w", "5", "h", "1") == ["--wait", "5", "--idle-timeout", "5", "--no-shutdown"]
    assert options("-l", "-w", "5", "1") == ["-l", "--no-shutdown", "-4"]


def test_what_a_peers_end_does() -> None:
    assert translate(["-l", "1"])[-4:] == ["--at-peer-end", "quit", "--", "1"]
    assert translate(["h", "1"])[-5:] == ["--at-peer-end", "drain", "--", "h", "1"]


def test_options_may_stand_behind_the_words() -> None:
    assert options("h", "1", "-v", "-zn")[:3] == ["-v", "-z", "-n"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["h"], "missing port number"),
        (["h", "65536"], "port number too large: 65536"),
        (["h", "no-such-service"], "port number invalid: no-such-service"),
        (["-w", "x", "h", "1"], "timeout invalid: x"),
        (["-w", "-3", "h", "1"], "timeout too small: -3"),
        (["-w", "2147484", "h", "1"], "timeout too large: 2147484"),
        (["-q", "x", "h", "1"], "quit timer invalid: x"),
        (["-l", "-z", "1"], "cannot use -z and -l"),
        (["-k", "h", "1"], "must use -l with -k"),
        (["-T", "fast", "h", "1"], "illegal tos value fast"),
        (["-X", "9", "h", "1"], "unsupported proxy protocol"),
    ],
)
def test_mistakes_are_told_in_its_words(arguments: list[str], sentence: str) -> None:
    assert refusal(*arguments) == (sentence, 1)


@pytest.mark.parametrize("option", ["-F", "-S", "-Z"])
def test_what_is_left_out_is_told(option: str) -> None:
    words, status = refusal(option, "h", "1")
    assert "left out" in words
    assert status == 1


def test_usage_where_it_shows_it() -> None:
    assert refusal("-Q")[0].startswith("invalid option -- 'Q'\nusage: nc [-46")
    assert refusal("-p")[0].startswith("option requires an argument -- 'p'\nusage: nc")
    for arguments in ([], ["-U"], ["-l", "h", "1", "2"], ["-l", "-p", "1", "h", "1"]):
        with pytest.raises(ForeignRefusal) as caught:
            translate(arguments)
        assert (caught.value.text, caught.value.status) == (usage(), 1)
