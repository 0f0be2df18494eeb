"""Visitors that speak badly or go in the middle take nothing from the lab: neither its life nor its descriptors."""

from __future__ import annotations

import itertools
import json
import os
import resource
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatoba.lab import Lab, LabError
from hatoba.lab.channel import Channel, ChannelClosed, Message
from hatoba.lab.door import Visit
from tests import needs

START: Message = {
    "do": "start",
    "host": "one",
    "process": "p",
    "argv": ["true"],
    "env": {"PATH": "/usr/bin:/bin"},
    "cwd": "/",
    "privileged": True,
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    needs.require_lab()
    with Lab() as made:
        made.add_host("one")
        made.open_door()
        yield made


def first_process(lab: Lab) -> int:
    watcher = lab.keeper_pid
    return int(Path(f"/proc/{watcher}/task/{watcher}/children").read_text())


def door(lab: Lab) -> Path:
    return Path(f"/proc/{lab.keeper_pid}/root/run/hatoba-lab/door")


def enter(lab: Lab) -> socket.socket:
    visitor = socket.socket(socket.AF_UNIX)
    visitor.connect(str(door(lab)))
    return visitor


def held(lab: Lab) -> int:
    """How many descriptors process 1 has."""
    return len(os.listdir(f"/proc/{first_process(lab)}/fd"))


@pytest.fixture
def nothing_leaks(lab: Lab) -> Iterator[None]:
    before = held(lab)
    yield
    for _turn in range(2000):  # what the visitor left behind is dealt with between other requests
        lab.ask("hosts")
        if held(lab) == before:
            return
    assert held(lab) == before


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "KeyError"),
        ([], "TypeError"),
        ({"do": "dance"}, "dance"),
        ({"do": "signal", "process": "p"}, "KeyError"),
        ({"do": "start"}, "KeyError"),
        (START | {"argv": ["echo", "\ud800"]}, "UnicodeEncodeError"),
        (START | {"argv": ["echo", "\0"]}, "ValueError"),
        (START | {"host": "nowhere"}, "nowhere"),
        (START | {"ready": "("}, "missing )"),
        ({"do": "tail"}, "KeyError"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_no_more(lab: Lab, request_: Any, words: str) -> None:
    with enter(lab) as sock, open(os.devnull, "r+b") as null:
        Channel(sock).send(request_, [null.fileno()] * 4)
        answer, _given = Channel(sock).receive()
        assert words in answer["detail"]
        Channel(sock).send({"do": "hosts"}, [null.fileno()] * 4)
        assert Channel(sock).receive()[0] == {"hosts": {"one": []}}


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("body", [b"no JSON", b"\xff"])
def test_who_speaks_another_language_is_shown_out(lab: Lab, body: bytes) -> None:
    with enter(lab) as sock, open(os.devnull, "r+b") as null:
        socket.send_fds(sock, [struct.pack(">I", len(body))], [null.fileno()] * 4)
        sock.sendall(body)
        with pytest.raises(ChannelClosed):
            Channel(sock).receive()


@pytest.mark.usefixtures("nothing_leaks")
def test_two_processes_have_not_one_number(lab: Lab) -> None:
    with enter(lab) as sock, open(os.devnull, "r+b") as null:
        for words in (None, "File exists"):
            Channel(sock).send(START | {"argv": ["sleep", "1000"], "process": "sleeper"}, [null.fileno()] * 4)
            answer, given = Channel(sock).receive()
            assert answer.get("detail") == words
            for pidfd in given:
                os.close(pidfd)
        Channel(sock).send({"do": "signal", "process": "sleeper", "signal": 9, "group": True})
        assert Channel(sock).receive()[0] == {}


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("part", [2, 40, None])
def test_who_goes_in_the_middle_leaves_nothing(lab: Lab, part: int | None) -> None:
    for turn in range(5):
        body = json.dumps(START | {"process": f"{part} {turn}"}).encode()
        message = (struct.pack(">I", len(body)) + body)[:part]
        with enter(lab) as sock, open(os.devnull, "r+b") as null:
            socket.send_fds(sock, [message[:4]], [null.fileno()] * 4)
            sock.sendall(message[4:])


def test_a_visitor_waits_quietly_where_no_descriptor_is_left(lab: Lab) -> None:
    first = first_process(lab)
    limits = resource.prlimit(first, resource.RLIMIT_NOFILE)
    taken = {int(name) for name in os.listdir(f"/proc/{first}/fd")}
    resource.prlimit(first, resource.RLIMIT_NOFILE, (next(n for n in itertools.count() if n not in taken), limits[1]))
    try:
        with enter(lab) as sock:
            sock.settimeout(10)
            assert any(" S " in Path(f"/proc/{first}/stat").read_text() for _turn in range(20000)), "it never rests"
            with pytest.raises(LabError, match="Too many open files"):
                lab.host("one").popen(["true"])
            resource.prlimit(first, resource.RLIMIT_NOFILE, limits)
            lab.ask("hosts")
            Channel(sock).send({"do": "hosts"})
            assert Channel(sock).receive()[0] == {"hosts": {"one": []}}
    finally:
        resource.prlimit(first, resource.RLIMIT_NOFILE, limits)
    with Visit(door(lab)) as visit:
        assert visit.hosts == {"one": []}
