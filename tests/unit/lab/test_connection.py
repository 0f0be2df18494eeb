"""Requests to a keeper, on a socket pair with the keeper's answers written beforehand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from hatoba.errors import LabError
from hatoba.lab.channel import Channel
from hatoba.lab.connection import Connection


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Channel]]:
    """The lab's side, and the keeper's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        yield Connection(Channel(ours), lambda: "no room"), Channel(theirs)


def test_a_request_gets_its_answer(ends: tuple[Connection, Channel]) -> None:
    connection, keeper = ends
    keeper.send({"tail": "words"})
    assert connection.ask("tail", process="a")["tail"] == "words"
    assert keeper.receive() == ({"do": "tail", "process": "a"}, [])


def test_a_refusal_is_one_sentence(ends: tuple[Connection, Channel]) -> None:
    connection, keeper = ends
    keeper.send({"errno": 17, "detail": "File exists", "about": "eth0"})
    with pytest.raises(LabError, match=r"^the link can't be made: File exists \(eth0\)\.$"):
        connection.ask("veth", "the link can't be made")


def test_a_keeper_that_is_gone_is_told_with_its_last_words(ends: tuple[Connection, Channel]) -> None:
    connection, keeper = ends
    keeper.close()
    with pytest.raises(LabError, match=r"has ended.*\(no room\)"):
        connection.ask("names", text="")
    with pytest.raises(LabError, match="closed"):
        connection.ask("names", text="")


def test_two_sides_that_start_programs_never_choose_the_same_key(ends: tuple[Connection, Channel]) -> None:
    connection, keeper = ends
    keys = set()
    for _turn in range(2):
        keeper.send({}, [os.open(os.devnull, os.O_RDONLY)])
        connection.start("web", {"argv": ["true"]}, [])
        request, descriptors = keeper.receive()
        for descriptor in descriptors:
            os.close(descriptor)
        keys.add(request["process"])
    assert len(keys) == 2
