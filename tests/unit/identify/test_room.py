"""Room for interviews is shared so that nobody waits for those who hold us up."""

from __future__ import annotations

import asyncio
from collections import Counter
from ipaddress import ip_address

from hatoba.identify.room import Room
from tests.unit.identify.peers import FakeLoop


class Visits:
    """Interviews that take as long as their host lets us wait; when each began and ended, by host."""

    def __init__(self, at_once: int, per_host: int) -> None:
        self.room = Room(at_once, per_host)
        self.now: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.most_in_all = 0
        self.began_s: dict[int, list[float]] = {}

    async def visit(self, host: int, takes_s: float) -> None:
        async with self.room.place(ip_address(0xC6120000 + host)):
            self.began_s.setdefault(host, []).append(asyncio.get_running_loop().time())
            self.now[host] += 1
            self.most[host] = max(self.most[host], self.now[host])
            self.most_in_all = max(self.most_in_all, self.now.total())
            try:
                await asyncio.sleep(takes_s)
            finally:
                self.now[host] -= 1


def run(at_once: int, per_host: int, *visits: tuple[int, int, float], after_s: float = 0.0) -> Visits:
    """*visits*: host, how many, how long each takes; those of the last host come *after_s*."""
    loop = FakeLoop()
    made = Visits(at_once, per_host)

    async def all_of_them() -> None:
        tasks = []
        for number, (host, count, takes_s) in enumerate(visits):
            if number == len(visits) - 1:
                await asyncio.sleep(after_s)
            tasks += [asyncio.ensure_future(made.visit(host, takes_s)) for _ in range(count)]
        await asyncio.gather(*tasks)

    try:
        loop.run_until_complete(all_of_them())
    finally:
        loop.close()
    return made


def test_limits_hold_and_everybody_gets_in() -> None:
    made = run(10, 4, *((host, 20, 0.1) for host in range(6)))
    assert made.most_in_all == 10
    assert max(made.most.values()) == 4
    assert {host: len(times) for host, times in made.began_s.items()} == dict.fromkeys(range(6), 20)


def test_an_honest_host_does_not_wait_for_tarpits() -> None:
    """Thirty tarpits would fill all the room for a minute, again and again."""
    tarpits = [(host, 50, 60.0) for host in range(30)]
    made = run(128, 12, *tarpits, (99, 30, 0.1), after_s=1.0)
    assert max(made.began_s[99]) - min(made.began_s[0]) < 3.0
    assert made.most[99] > 4


def test_a_host_alone_has_most_of_the_room_however_slow_it_is() -> None:
    made = run(16, 12, (1, 36, 60.0))
    assert made.most[1] == 12
    assert max(made.began_s[1]) - min(made.began_s[1]) <= 120.1


def test_where_all_is_taken_who_has_the_fewest_is_next() -> None:
    made = run(4, 4, *((host, 3, 60.0) for host in range(4)), (9, 1, 0.1), after_s=30.0)
    first_end_s = min(made.began_s[0]) + 60.0
    assert made.began_s[9][0] <= first_end_s + 0.1


def test_who_stops_waiting_leaves_no_gap() -> None:
    loop = FakeLoop()
    made = Visits(1, 1)

    async def some_are_cancelled() -> None:
        tasks = [asyncio.ensure_future(made.visit(host, 10.0)) for host in (1, 2, 1, 3, 4)]
        await asyncio.sleep(1.0)
        tasks[0].cancel()  # under way
        tasks[1].cancel()  # next
        tasks[2].cancel()  # waiting
        await asyncio.sleep(0)
        tasks[3].cancel()  # let in by the first, and not begun
        await asyncio.gather(*tasks, return_exceptions=True)

    try:
        loop.run_until_complete(some_are_cancelled())
    finally:
        loop.close()
    assert made.began_s[4] != []
    assert made.now.total() == 0
