"""Visitors that speak badly or go in the middle take nothing from the lab: neither its life nor its descriptors."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import select
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatoba.lab import Lab, LabError
from hatoba.lab.channel import Channel, ChannelClosed, Message
from hatoba.lab.door import Visit
from tests import needs

PATIENCE_S = 60
"""Nothing here takes a fraction of it on a machine that has nothing else to do."""
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


@pytest.fixture(scope="module")
def at_first(lab: Lab) -> int:
    """What process 1 holds where nobody has come yet."""
    return held(lab)


@pytest.fixture(autouse=True)
def nothing_leaks(lab: Lab, at_first: int) -> Iterator[None]:
    yield
    deadline = time.monotonic() + PATIENCE_S
    while held(lab) != at_first and time.monotonic() < deadline:
        lab.ask("hosts")  # what the visitor left behind is dealt with between other requests
    assert held(lab) == at_first


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


@pytest.mark.parametrize("body", [b"no JSON", b"\xff"])
def test_who_speaks_another_language_is_shown_out(lab: Lab, body: bytes) -> None:
    with enter(lab) as sock, open(os.devnull, "r+b") as null:
        socket.send_fds(sock, [struct.pack(">I", len(body))], [null.fileno()] * 4)
        sock.sendall(body)
        with pytest.raises(ChannelClosed):
            Channel(sock).receive()


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


@pytest.mark.parametrize("part", [2, 40, None])
def test_who_goes_in_the_middle_leaves_nothing(lab: Lab, part: int | None) -> None:
    for turn in range(5):
        body = json.dumps(START | {"process": f"{part} {turn}"}).encode()
        message = (struct.pack(">I", len(body)) + body)[:part]
        with enter(lab) as sock, open(os.devnull, "r+b") as null:
            socket.send_fds(sock, [message[:4]], [null.fileno()] * 4)
            sock.sendall(message[4:])


@pytest.mark.parametrize("part", [2, 4, 40])
def test_who_is_slow_to_say_the_rest_holds_nobody_up(lab: Lab, part: int) -> None:
    body = json.dumps(START | {"process": f"slow {part}"}).encode()
    message = struct.pack(">I", len(body)) + body
    with enter(lab) as slow, enter(lab) as other, open(os.devnull, "r+b") as null:
        other.settimeout(PATIENCE_S)
        socket.send_fds(slow, [message[: min(part, 4)]], [null.fileno()] * 4)
        slow.sendall(message[min(part, 4) : part])
        for _turn in range(3):
            Channel(other).send({"do": "hosts"})
            assert Channel(other).receive()[0] == {"hosts": {"one": []}}
        slow.sendall(message[part:])
        answer, (pidfd,) = Channel(slow).receive()
        os.close(pidfd)
        assert answer == {}


def test_who_hears_no_answer_is_shown_out(lab: Lab) -> None:
    with enter(lab) as deaf, enter(lab) as other:
        other.settimeout(PATIENCE_S)
        deaf.settimeout(PATIENCE_S)
        with contextlib.suppress(ChannelClosed):
            while True:
                Channel(deaf).send({"do": "hosts"})
        Channel(other).send({"do": "hosts"})
        assert Channel(other).receive()[0] == {"hosts": {"one": []}}


def test_what_a_visitor_started_goes_with_it(lab: Lab) -> None:
    ours, theirs = os.pipe()
    with open(ours, "rb") as output, open(os.devnull, "r+b") as null:
        with enter(lab) as sock:
            pidfds = []
            for argv in (["true"], ["sleep", "1000"], ["sh", "-c", "sleep 1000 & sleep 1000"]):
                streams = [null.fileno(), theirs, null.fileno(), null.fileno()]
                Channel(sock).send(START | {"argv": argv, "process": " ".join(argv)}, streams)
                _answer, given = Channel(sock).receive()
                pidfds += given
            os.close(theirs)
        for pidfd in pidfds:
            assert select.select([pidfd], [], [], PATIENCE_S)[0], "it still runs"
            os.close(pidfd)
        assert select.select([output], [], [], PATIENCE_S)[0], "what it started still runs"
        assert output.read() == b""


def test_a_visitor_waits_quietly_where_no_descriptor_is_left(lab: Lab) -> None:
    first = first_process(lab)
    limits = resource.prlimit(first, resource.RLIMIT_NOFILE)
    taken = {int(name) for name in os.listdir(f"/proc/{first}/fd")}
    resource.prlimit(first, resource.RLIMIT_NOFILE, (next(n for n in itertools.count() if n not in taken), limits[1]))
    try:
        with enter(lab) as sock:
            sock.settimeout(PATIENCE_S)
            deadline = time.monotonic() + PATIENCE_S
            while " S " not in Path(f"/proc/{first}/stat").read_text():
                assert time.monotonic() < deadline, "it never rests"
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
