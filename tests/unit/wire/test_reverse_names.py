"""Reverse names: many at once, patience that ends, and what the system's answers are made of."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import count

import pytest

from hatoba.wire import reverse_names
from hatoba.wire.reverse_names import FAILURES_IN_A_ROW, LONGEST_NAME, ReverseNames, system_look_up, tidy_name

FAR_S = 60
"""How long a test waits for what comes at once, before it fails."""


def address(number: int) -> IPv4Address:
    return IPv4Address("198.18.0.0") + number


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Server:
    """A look-up that keeps every question until it is let go, and says so when one has come in."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, text: str) -> str | None:
        self.asked.append(text)
        self.came.release()
        assert self.go.wait(FAR_S)
        return f"host-{text}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.go.set()  # and the threads that a failed test left behind end


def end(names: ReverseNames) -> None:
    """Close, and wait until the last answer has come in."""
    names.close()
    for thread in threading.enumerate():
        if thread.name == "reverse-names":
            thread.join(FAR_S)
            assert not thread.is_alive()


def no_answer(_text: str) -> str | None:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


# Asking ---------------------------------------------------------------------------------------------------------------


def test_names_come_for_those_that_have_one() -> None:
    known = {"198.18.0.1": "one.example.", "198.18.0.2": None, "fe80::1%eth0": "link.local"}
    with ReverseNames(known.__getitem__) as names:
        for text in known:
            names.ask(ip_address(text))
        assert [names.name(ip_address(text)) for text in known] == ["one.example", None, "link.local"]
        assert names.problem is None


def test_an_address_is_asked_once_and_without_ask_too() -> None:
    asked: list[str] = []

    def look_up(text: str) -> str:
        asked.append(text)
        return "x"

    with ReverseNames(look_up) as names:
        names.ask(address(1))
        names.ask(address(1))
        assert [names.name(address(1)), names.name(address(1)), names.name(address(2))] == ["x"] * 3
    assert sorted(asked) == ["198.18.0.1", "198.18.0.2"]


def test_as_many_at_once_as_are_allowed_and_no_more() -> None:
    barrier = threading.Barrier(16)
    lock = threading.Lock()
    now, most = 0, 0

    def look_up(text: str) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        barrier.wait(FAR_S)  # passes only with 16 questions at the same time
        with lock:
            now -= 1
        return text

    with ReverseNames(look_up, at_once=16, patience_s=FAR_S) as names:
        for number in range(16 * 5):
            names.ask(address(number))
        assert [names.name(address(number)) for number in range(80)] == [str(address(number)) for number in range(80)]
    assert most == 16


def test_asking_returns_at_once_and_waiting_ends_with_the_answer(server: Server) -> None:
    reads = count()

    def clock() -> float:
        if next(reads) == 2:  # once when the question went out, once when name() began, then just before it waits
            server.go.set()
        return 0.0

    with ReverseNames(server, patience_s=FAR_S, clock=clock) as names:
        names.ask(address(1))
        assert server.came.acquire(timeout=FAR_S)
        assert names.name(address(1)) == "host-198.18.0.1"


def test_who_is_waited_for_goes_first(server: Server) -> None:
    waits = threading.Event()
    caller = threading.Thread(target=lambda: names.name(address(5)))

    def clock() -> float:
        if threading.current_thread() is caller:
            waits.set()
        return 0.0

    names = ReverseNames(server, at_once=1, patience_s=FAR_S, clock=clock)
    for number in range(1, 6):
        names.ask(address(number))
    assert server.came.acquire(timeout=FAR_S)
    caller.start()
    assert waits.wait(FAR_S)
    server.go.set()
    caller.join(FAR_S)
    assert [names.name(address(number)) for number in range(1, 6)] == [f"host-198.18.0.{number}" for number in range(1, 6)]
    end(names)
    assert server.asked == [f"198.18.0.{number}" for number in (1, 5, 2, 3, 4)]


# Patience --------------------------------------------------------------------------------------------------------------


def test_a_late_answer_is_not_waited_for_and_not_lost(server: Server) -> None:
    clock = Clock()
    names = ReverseNames(server, patience_s=5, clock=clock)
    names.ask(address(1))
    assert server.came.acquire(timeout=FAR_S)
    clock.now += 5
    assert names.name(address(1)) is None
    assert names.problem is not None, "nobody has answered so far"
    server.go.set()
    end(names)
    assert names.name(address(1)) == "host-198.18.0.1"
    assert names.problem is None


def test_after_so_many_failures_in_a_row_nobody_is_asked() -> None:
    asked: list[str] = []

    def look_up(text: str) -> str | None:
        asked.append(text)
        return no_answer(text)

    with ReverseNames(look_up, at_once=1) as names:
        assert names.problem is None
        for number in range(FAILURES_IN_A_ROW + 5):
            assert names.name(address(number)) is None
        assert len(asked) == FAILURES_IN_A_ROW
        names.ask(address(99))
        assert names.name(address(99)) is None
        assert names.problem is not None
        assert names.problem.endswith("leave names out with -n")
    end(names)
    assert len(asked) == FAILURES_IN_A_ROW


@pytest.mark.parametrize("answer", ["x", None])
def test_any_answer_in_between_begins_the_count_anew(answer: str | None) -> None:
    turns = count(1)

    def look_up(text: str) -> str | None:
        return answer if next(turns) % FAILURES_IN_A_ROW == 0 else no_answer(text)

    with ReverseNames(look_up, at_once=1) as names:
        told = [names.name(address(number)) for number in range(3 * FAILURES_IN_A_ROW)]
        assert names.problem is None
    assert told.count("x") == (3 if answer else 0)
    assert next(turns) == 3 * FAILURES_IN_A_ROW + 1


def test_few_failures_are_a_problem_where_there_was_nothing_else() -> None:
    with ReverseNames(no_answer) as names:
        assert names.name(address(1)) is None
        assert names.problem is not None


def test_questions_that_hang_together_are_given_up_together(server: Server) -> None:
    """A dead server costs one patience, not one for each address."""
    clock = Clock()
    names = ReverseNames(server, at_once=FAILURES_IN_A_ROW, patience_s=5, clock=clock)
    for number in range(200):
        names.ask(address(number))
    for _number in range(FAILURES_IN_A_ROW):
        assert server.came.acquire(timeout=FAR_S)
    clock.now += 5
    assert [names.name(address(number)) for number in range(200)] == [None] * 200
    assert names.problem is not None
    server.go.set()
    end(names)
    assert len(server.asked) == FAILURES_IN_A_ROW


def test_a_question_that_is_late_and_then_fails_is_one_failure() -> None:
    came, go, clock = threading.Semaphore(0), threading.Event(), Clock()
    hanging = {str(address(number)) for number in range(FAILURES_IN_A_ROW - 1)}

    def look_up(text: str) -> str | None:
        if text not in hanging:
            return "x"
        came.release()
        assert go.wait(FAR_S)
        return no_answer(text)

    with ReverseNames(look_up, at_once=len(hanging), patience_s=5, clock=clock) as names:
        for number in range(len(hanging)):
            names.ask(address(number))
        for _text in hanging:
            assert came.acquire(timeout=FAR_S)
        clock.now += 5
        assert names.name(address(0)) is None  # all of them are late now
        names.ask(address(99))  # has no thread before one of those has failed
        go.set()
        assert names.name(address(99)) == "x"
        assert names.problem is None
    end(names)


def test_waiting_in_vain_has_an_end_for_all_addresses_together(server: Server) -> None:
    """Fewer questions at once than failures in a row: what ends it is the sum of the waits."""
    seconds = count(step=6)
    names = ReverseNames(server, at_once=1, patience_s=5, clock=lambda: float(next(seconds)))
    names.ask(address(1))
    assert server.came.acquire(timeout=FAR_S)
    for number in (1, 2):  # each reads the clock at its begin, finds 6 s gone by, and 6 s more when it counts
        assert names.name(address(number)) is None
    read = next(seconds)
    assert names.name(address(3)) is None
    assert next(seconds) == read + 6, "nothing was waited for: the third address was not even looked at"
    server.go.set()
    end(names)
    assert names.problem is not None, "one late answer doesn't undo that nobody was asked any more"


def test_closing_ends_a_wait_and_all_asking(server: Server) -> None:
    waits = threading.Event()

    def clock() -> float:
        if threading.current_thread() is caller:
            waits.set()
        return 0.0

    names = ReverseNames(server, at_once=1, patience_s=FAR_S, clock=clock)
    told: list[str | None] = []
    caller = threading.Thread(target=lambda: told.append(names.name(address(1))))
    caller.start()
    assert waits.wait(FAR_S)
    assert server.came.acquire(timeout=FAR_S)
    names.ask(address(2))
    names.close()
    caller.join(FAR_S)
    assert told == [None]
    assert names.name(address(2)) is None
    assert names.name(address(3)) is None
    server.go.set()
    end(names)
    assert server.asked == ["198.18.0.1"]
    assert names.name(address(1)) == "host-198.18.0.1"


def test_a_question_that_hangs_does_not_keep_the_program() -> None:
    code = """
import ipaddress, threading
from hatoba.wire.reverse_names import ReverseNames
came = threading.Event()
def look_up(text):
    came.set()
    threading.Event().wait()
names = ReverseNames(look_up)
names.ask(ipaddress.ip_address("198.18.0.1"))
came.wait()
names.close()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=FAR_S)


def test_where_threads_are_scarce_the_first_do_all(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if thread.name == "reverse-names" and started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    with ReverseNames(server, patience_s=FAR_S) as names:
        for number in range(5):
            names.ask(address(number))
        server.go.set()
        assert [names.name(address(number)) for number in range(5)] == [f"host-198.18.0.{number}" for number in range(5)]
    assert len(started) == 1


def test_a_fault_of_our_own_settles_the_question_and_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: seen.append(told.exc_type.__name__))
    names = ReverseNames({}.__getitem__, patience_s=FAR_S)
    assert names.name(address(1)) is None
    end(names)
    assert seen == ["KeyError"]


# Names and the system --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("host.example.", "host.example"),
        ("host.example", "host.example"),
        ("", None),
        (".", None),
        (None, None),
        ("x" * LONGEST_NAME + ".", "x" * LONGEST_NAME),
        ("x" * (LONGEST_NAME + 1), None),
        ("<b>\x1b[2J", "<b>\x1b[2J"),
    ],
)
def test_what_can_be_a_name_by_its_length(text: str | None, name: str | None) -> None:
    """What is in it stays: reports escape it."""
    assert tidy_name(text) == name


def test_the_system_is_asked_with_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def answer(place: object, flags: int) -> tuple[str, str]:
        assert flags == socket.NI_NAMEREQD
        asked.append(place)
        return "name.", "0"

    monkeypatch.setattr(reverse_names.socket, "getnameinfo", answer)
    monkeypatch.setattr(reverse_names.socket, "if_nametoindex", {"eth0": 7}.__getitem__)
    addresses = [IPv4Address("198.18.0.1"), IPv6Address("fd00:18::1"), IPv6Address("fe80::1%eth0"), IPv6Address("fe80::1%3")]
    assert [system_look_up(str(one)) for one in addresses] == ["name."] * 4
    assert asked == [("198.18.0.1", 0), ("fd00:18::1", 0, 0, 0), ("fe80::1", 0, 0, 7), ("fe80::1", 0, 0, 3)]


def test_a_zone_that_has_gone_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(reverse_names.socket, "getnameinfo", lambda place, _flags: (asked.append(place), ("x", "0"))[1])
    assert system_look_up("fe80::1%nosuchlink") == "x"
    assert asked == [("fe80::1", 0, 0, 0)]


def test_no_name_is_an_answer_and_a_failed_question_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> None:
        def answer(_place: object, _flags: int) -> tuple[str, str]:
            raise error

        monkeypatch.setattr(reverse_names.socket, "getnameinfo", answer)

    fail(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert system_look_up("198.18.0.1") is None
    fail(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))
    assert system_look_up("198.18.0.1") is None
    fail(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    with pytest.raises(OSError, match="Temporary failure"):
        system_look_up("198.18.0.1")
