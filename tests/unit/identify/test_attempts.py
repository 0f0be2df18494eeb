from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import ip_address

import pytest

from hatoba.identify.attempts import TrackedDials, first_success
from hatoba.model import Protocol
from tests.unit.identify.peers import FakeDials, Peer, run


class Attempts:
    """Attempts that take so many seconds each."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.now = self.most = 0

    async def attempt(self, number: int, takes_s: float, succeeds: bool) -> bool:
        self.begun.append(number)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(takes_s)
        finally:
            self.now -= 1
        self.ended.append(number)
        return succeeds


def made(attempts: Attempts, *takes_s: float, succeeding: int | None) -> list[Callable[[], Awaitable[bool]]]:
    return [partial(attempts.attempt, number, s, number == succeeding) for number, s in enumerate(takes_s)]


def test_the_first_success_ends_the_others() -> None:
    attempts = Attempts()
    found, took_s = run(first_success(made(attempts, 9.0, 1.0, 9.0, 9.0, 9.0, succeeding=1)))
    assert (found, took_s, attempts.ended, attempts.now) == (True, pytest.approx(1.0), [1], 0)


def test_one_beside_the_others_begins_after_the_first_few_and_is_waited_for_at_the_end() -> None:
    attempts = Attempts()
    beside = partial(attempts.attempt, 99, 6.5, True)
    found, took_s = run(first_success(made(attempts, *[1.0] * 10, succeeding=None), [beside]))
    assert (found, attempts.most, took_s, attempts.ended[-1]) == (True, 5, pytest.approx(7.5), 99)
    assert attempts.begun[:5] == [0, 1, 2, 3, 99]
    attempts = Attempts()
    beside = partial(attempts.attempt, 99, 0.5, True)
    found, took_s = run(first_success(made(attempts, *[1.0] * 10, succeeding=None), [beside]))
    assert (found, took_s, attempts.now) == (True, pytest.approx(1.5), 0)


def test_one_beside_the_others_is_broken_off_when_one_of_them_succeeds() -> None:
    attempts = Attempts()
    beside = partial(attempts.attempt, 99, 7.5, True)
    found, took_s = run(first_success(made(attempts, *[1.0] * 6, succeeding=5), [beside]))
    assert (found, took_s, sorted(attempts.ended), attempts.now) == (True, pytest.approx(2.0), list(range(6)), 0)


def test_one_beside_the_others_that_fails_ends_nothing() -> None:
    attempts = Attempts()
    beside = partial(attempts.attempt, 99, 0.5, False)
    found, took_s = run(first_success(made(attempts, *[1.0] * 6, succeeding=5), [beside]))
    assert (found, took_s, attempts.ended[4]) == (True, pytest.approx(2.0), 99)


def test_without_others_those_beside_begin_at_once() -> None:
    attempts = Attempts()
    beside = [partial(attempts.attempt, 98, 1.0, False), partial(attempts.attempt, 99, 2.0, True)]
    found, took_s = run(first_success([], beside))
    assert (found, took_s, attempts.most) == (True, pytest.approx(2.0), 2)


def test_four_at_a_time_in_order() -> None:
    attempts = Attempts()
    found, took_s = run(first_success(made(attempts, *[1.0] * 10, succeeding=None)))
    assert (found, attempts.most, took_s) == (False, 4, pytest.approx(3.0))
    assert attempts.begun == list(range(10))


def test_no_attempts_are_no_success() -> None:
    assert run(first_success([]))[0] is False


def test_a_mistake_is_passed_on_and_the_others_end() -> None:
    attempts = Attempts()

    async def mistaken() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(first_success([*made(attempts, 5.0, succeeding=None), mistaken]))
    assert attempts.now == 0


def test_whatever_was_opened_is_closed() -> None:
    dials = FakeDials(Peer)
    tracked = TrackedDials(dials)

    async def open_two() -> None:
        for port in (1, 2):
            await tracked.dial(Protocol.TCP, ip_address("198.18.0.2"), port)

    run(open_two())
    assert [peer.closed for peer in dials.peers] == [0, 0]
    tracked.close()
    assert [peer.closed for peer in dials.peers] == [1, 1]
