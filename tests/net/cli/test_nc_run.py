"""``hatoba nc`` and the ends of everything: exit statuses and what is told, as docs/nc.md has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatoba.cli import nc_run
from hatoba.lab import Lab
from tests.net.netcat.lone_host import host_of

SIGHUP = 1


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    """What came of everything: one process on one host tries it all."""
    with Lab("nc") as lab:
        yield host_of(lab).call("tests.net.netcat.end_calls:everything", timeout_s=280)


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("interrupted", 130, ""),
        ("output_closed", 141, ""),
        ("full_output", 1, "hatoba: standard output can't be written: No space left on device"),
        ("full_record", 1, "hatoba: /dev/full can't be written: No space left on device"),
        ("reset", 1, "hatoba: the connection broke off: Connection reset by peer"),
        ("reset_at_once", 1, "hatoba: the connection broke off: Connection reset by peer"),
        ("taken_no_more", 1, "hatoba: the peer closed the connection before all input was sent"),
        ("idle", 1, "hatoba: nothing moved for the time that -i allows"),
        ("no_answer", 1, "Connection timed out"),
        ("nobody_came", 1, "hatoba: nobody came in the time that -w allows"),
        ("refused_datagrams", 1, "hatoba: the connection broke off: Connection refused"),
        ("hung_up", -SIGHUP, ""),
    ],
)
def test_how_it_ends(found: dict[str, Any], name: str, status: int, words: str) -> None:
    assert found[name]["status"] == status
    assert words in found[name]["err"]
    if not words:
        assert "hatoba:" not in found[name]["err"]


def test_what_came_before_a_reset_is_not_lost(found: dict[str, Any]) -> None:
    assert found["reset"]["out"] == "before"


def test_closed_input_is_empty_input(found: dict[str, Any]) -> None:
    assert found["input_closed"] == {"status": 0, "out": "answer", "err": "", "told": ""}


def test_at_a_terminal_the_end_of_the_peer_is_the_end(found: dict[str, Any]) -> None:
    assert found["typed"] == {"status": 0, "out": "", "err": "", "heard": "typed\n"}


def test_no_datagram_is_merged_or_cut(found: dict[str, Any]) -> None:
    assert found["datagrams_received"]["whole"]
    assert found["datagrams_sent"]["sizes"]


def test_who_may_not_connect_is_turned_away_and_the_next_one_served(found: dict[str, Any]) -> None:
    told = found["turned_away"]
    assert told["heard"] == ["", "hello"]
    assert "127.0.0.9:" in told["err"]
    assert "may not connect, by --allow and --deny" in told["err"]
    assert told["status"] == 0


def test_the_source_is_as_wanted(found: dict[str, Any]) -> None:
    assert found["from_where"] == {"status": 0, "out": "", "err": "", "from": True}


def test_sctp_where_the_kernel_has_it(found: dict[str, Any]) -> None:
    assert found["sctp"]["status"] == 1
    assert any(words in found["sctp"]["err"] for words in ("Protocol not supported", "Connection refused"))


def test_the_teaching_mode_tells_the_whole_story_in_order(found: dict[str, Any]) -> None:
    told = found["explained"]["err"]
    story = ["the name localhost stands for", "three-way handshake", "we told the peer", "the peer closed its sending side"]
    places = [told.index(words) for words in story]
    assert places == sorted(places)
    assert nc_run.Talk.__doc__
