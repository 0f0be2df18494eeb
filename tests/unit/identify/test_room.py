"""Room for interviews is shared so that nobody waits long for those who hold us up."""

from __future__ import annotations

import heapq
from collections import Counter
from ipaddress import ip_address

from hatoba.identify.room import Room
from hatoba.model import Address

Crowd = tuple[range, int, float]
"""Hosts, how many interviews each, and how many seconds each of those takes."""


def address_of(host: int) -> Address:
    return ip_address(0xC6120000 + host)


class Visits:
    """Interviews that take as long as their host lets us wait, on a clock of their own: when each began, by host."""

    def __init__(self, at_once: int, per_host: int) -> None:
        self.room: Room[tuple[int, float]] = Room(at_once, per_host)
        self.now: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.most_in_all = 0
        self.began_s: dict[int, list[float]] = {}
        self._ends: list[tuple[float, int, float]] = []
        self._now_s = 0.0

    def line_up(self, *crowds: Crowd) -> None:
        for hosts, count, takes_s in crowds:
            for host in hosts:
                for _ in range(count):
                    self.room.line_up(address_of(host), (host, takes_s))
        self._admit()

    def _admit(self) -> None:
        for host, takes_s in self.room.admit():
            self.began_s.setdefault(host, []).append(self._now_s)
            self.now[host] += 1
            self.most[host] = max(self.most[host], self.now[host])
            self.most_in_all = max(self.most_in_all, self.now.total())
            heapq.heappush(self._ends, (self._now_s + takes_s, host, takes_s))

    def pass_by(self, until_s: float = float("inf")) -> None:
        while self._ends and self._ends[0][0] <= until_s:
            self._now_s, host, took_s = heapq.heappop(self._ends)
            self.now[host] -= 1
            self.room.leave(address_of(host), took_s)
            self._admit()
        self._now_s = until_s

    def waited_s(self, host: int) -> float:
        """From the very beginning until the last of its interviews began."""
        return max(self.began_s[host])


def run(at_once: int, per_host: int, *crowds: Crowd, late: Crowd | None = None, after_s: float = 0.0) -> Visits:
    made = Visits(at_once, per_host)
    made.line_up(*crowds)
    if late is not None:
        made.pass_by(after_s)
        made.line_up(late)
    made.pass_by()
    assert not any(address_of(host) in made.room for host in made.began_s)
    return made


def test_limits_hold_and_everybody_gets_in() -> None:
    made = run(10, 4, (range(6), 20, 0.1))
    assert made.most_in_all == 10
    assert max(made.most.values()) == 4
    assert {host: len(times) for host, times in made.began_s.items()} == dict.fromkeys(range(6), 20)


def test_an_honest_host_does_not_wait_for_tarpits() -> None:
    """Thirty tarpits would fill all the room, again and again."""
    made = run(128, 12, (range(30), 50, 15.0), late=(range(99, 100), 10, 0.1), after_s=1.0)
    assert made.waited_s(99) < 3.0
    assert made.most[99] > 4


def test_nor_for_more_tarpits_than_there_is_room_for() -> None:
    made = run(128, 12, (range(500), 50, 15.0), late=(range(600, 620), 10, 0.1), after_s=1.0)
    assert max(made.waited_s(host) for host in range(600, 620)) < 3.0


def test_nor_long_for_tarpits_with_few_ports_each() -> None:
    """The first interview of each shows what it is; from then on a quarter of the room is not theirs."""
    made = run(128, 12, (range(300), 12, 15.0), (range(600, 610), 12, 0.1))
    assert max(made.waited_s(host) for host in range(600, 610)) < 300 / 32 * 15.0
    first_s = max(made.began_s[host][0] for host in range(600, 610))
    assert max(made.waited_s(host) for host in range(600, 610)) < first_s + 3.0


def test_a_host_with_many_ports_that_turns_out_quick_is_hindered_by_nobody() -> None:
    made = run(128, 12, (range(200), 50, 15.0), late=(range(600, 601), 100, 0.1), after_s=1.0)
    first_s = made.began_s[600][0]
    assert first_s <= 2 * 15.0
    assert made.waited_s(600) < first_s + 3.0


def test_quick_hosts_with_many_ports_keep_nobody_out() -> None:
    made = run(128, 12, (range(50), 2000, 0.5), late=(range(600, 601), 3, 0.1), after_s=20.0)
    assert made.waited_s(600) < 22.0


def test_a_host_alone_has_most_of_the_room_however_slow_it_is() -> None:
    made = run(16, 12, (range(1), 36, 60.0))
    assert made.most[0] == 12
    assert made.waited_s(0) <= 120.1


def test_where_all_is_taken_who_has_the_fewest_is_next() -> None:
    made = run(4, 4, (range(4), 3, 60.0), late=(range(9, 10), 1, 0.1), after_s=30.0)
    assert made.began_s[9][0] <= 60.1


def test_those_who_wait_can_be_taken_out() -> None:
    room: Room[int] = Room(2, 2)
    for item in range(6):
        room.line_up(address_of(item % 3), item)
    assert room.admit() == [0, 1]
    assert sorted(room.clear()) == [2, 3, 4, 5]
    assert [address_of(host) in room for host in range(3)] == [True, True, False]
    room.leave(address_of(0), 1.0)
    room.leave(address_of(1), None)
    assert room.admit() == []
    room.line_up(address_of(2), 9)
    assert room.admit() == [9]
