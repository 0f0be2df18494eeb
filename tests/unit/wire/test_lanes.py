"""Several lanes: who sends what when, and what the scan's own thread learns of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hatoba.errors import WireError
from hatoba.wire.lanes import MOST, lanes_here
from hatoba.wire.ring import RingWire
from tests.unit.wire.packet_sockets import PacketSocket, headers
from tests.unit.wire.probing import FIRST_PORT, template

MANY = 2048
"""Half a ring: what a lane takes at a time."""
PATIENCE_S = 30


class Kernel:
    """The kernel's half of every lane: it sends when it may, and notes from which thread it was asked to."""

    def __init__(self, sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
        self.sockets, self.free = sockets, threading.Event()
        self.free.set()
        self.threads: list[threading.Thread] = []
        self.sent: list[int] = []
        self.failure: OSError | None = None
        self.before: Callable[[], None] = lambda: None
        monkeypatch.setattr(PacketSocket, "send", lambda packet_socket, _data: self.send(packet_socket))

    def send(self, packet_socket: PacketSocket) -> int:
        self.before()
        assert self.free.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        header = headers(packet_socket)
        asked = np.flatnonzero(header["status"] == 1)
        self.threads.append(threading.current_thread())
        self.sent += [self.sockets.index(packet_socket)] * len(asked)
        header["status"][asked] = 0
        return 0


class Clock:
    """A second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


@pytest.fixture
def kernel(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    played = Kernel(sockets, monkeypatch)
    yield played
    played.free.set()


@pytest.fixture
def wire(kernel: Kernel) -> Iterator[RingWire]:
    made = RingWire(template(4, 14), "eth7", FIRST_PORT, 8, Clock(), lanes=3)
    yield made
    kernel.free.set()
    made.close()


def hand_over(wire: RingWire, count: int) -> np.ndarray:
    """*count* frames, which the wire must take in one piece; the times at which they leave."""
    left_s = np.zeros(count)
    assert len(wire.reserve(count)) == count
    wire.commit(count, None, left_s)
    return left_s


def test_a_few_frames_leave_at_once_from_the_thread_that_asks(wire: RingWire, kernel: Kernel) -> None:
    for _turn in range(5):
        left_s = hand_over(wire, 100)
        assert left_s.all()
    assert set(kernel.threads) == {threading.current_thread()}
    assert kernel.sent == [1] * 500


def test_many_leave_from_a_thread_of_their_own(wire: RingWire, kernel: Kernel) -> None:
    kernel.free.clear()
    hand_over(wire, MANY)
    assert kernel.sent == [], "the call came back before they left"
    kernel.free.set()
    wire.drain()
    assert kernel.sent == [1] * MANY
    assert threading.current_thread() not in kernel.threads


def test_a_lane_is_added_while_all_others_are_busy_up_to_the_most(wire: RingWire, kernel: Kernel) -> None:
    hand_over(wire, MANY)
    wire.drain()
    hand_over(wire, MANY)
    wire.drain()
    assert set(kernel.sent) == {1}, "one lane is enough for who has time"
    kernel.sent.clear()
    kernel.free.clear()
    for _half in range(6):
        hand_over(wire, MANY)
    kernel.free.set()
    wire.drain()
    assert {lane: kernel.sent.count(lane) for lane in set(kernel.sent)} == dict.fromkeys((1, 2, 3), 2 * MANY)


def test_who_asks_for_room_waits_until_there_is_some(wire: RingWire, kernel: Kernel) -> None:
    kernel.free.clear()
    for _half in range(6):
        hand_over(wire, MANY)
    later = threading.Thread(target=kernel.free.set)
    later.start()
    hand_over(wire, 1000)
    later.join()
    wire.drain()
    assert len(kernel.sent) == 6 * MANY + 1000


def test_when_each_left_is_known_before_an_answer_can_be_here_and_better_afterwards(wire: RingWire, kernel: Kernel) -> None:
    left_s = np.zeros(MANY)
    guessed: list[np.ndarray] = []
    kernel.before = lambda: guessed.append(left_s[:].copy())
    wire.reserve(MANY)
    wire.commit(MANY, None, left_s)
    wire.drain()
    stretch = int(np.count_nonzero(guessed[0]))
    assert 0 < stretch < MANY
    assert [int(np.count_nonzero(one)) for one in guessed] == list(range(stretch, MANY + 1, stretch))
    assert (np.diff(left_s) > 0).all()
    # The clock moves on by one second between two looks, and each stretch takes one look before and one after.
    np.testing.assert_allclose(left_s[::stretch], np.arange(1, 2 * len(guessed), 2))
    np.testing.assert_allclose(left_s[:stretch], 1.0 + np.arange(stretch) / stretch)


def test_a_lane_that_fails_says_so_to_whoever_asks_next(wire: RingWire, kernel: Kernel) -> None:
    kernel.failure = OSError(100, "Network is down")
    hand_over(wire, MANY)
    for ask in (wire.drain, lambda: hand_over(wire, 7), lambda: hand_over(wire, MANY)):
        with pytest.raises(WireError, match=r"^interface eth7 does not work: Network is down; check it"):
            ask()


def test_closing_ends_the_threads_though_frames_are_left(sockets: list[PacketSocket], kernel: Kernel) -> None:
    made = RingWire(template(4, 14), "eth7", FIRST_PORT, 8, Clock(), lanes=2)
    kernel.free.clear()
    for _half in range(4):
        hand_over(made, MANY)

    def free_while_it_closes() -> None:
        with made._changed:
            made._changed.wait_for(lambda: any(lane._closing for lane in made._lanes), PATIENCE_S)
        kernel.free.set()

    freed = threading.Thread(target=free_while_it_closes)
    freed.start()
    made.close()
    freed.join()
    assert all(packet_socket.closed for packet_socket in sockets)
    assert not any(thread.is_alive() for thread in kernel.threads if thread is not threading.current_thread())
    assert len(kernel.sent) < 3 * MANY, "what had not left when it was closed stays"


def test_there_is_a_lane_for_each_processor_up_to_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors in (1, 2, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _process, count=processors: set(range(count)))
        assert lanes_here() == min(processors, MOST)
