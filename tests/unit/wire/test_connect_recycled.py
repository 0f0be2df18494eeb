"""How recycled sockets tell a RST from an ICMP error, over an epoll and a queue that do what the test says."""

from __future__ import annotations

import errno
import select
import socket
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from hatoba.wire.connect_errors import ORIGIN_ICMP, SocketError

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)

from hatoba.wire.connect_recycled import RecycledSockets
from hatoba.wire.connect_salvo import LOST, TASTE, Addresses, Round
from hatoba.wire.connect_sockets import Slot, SocketAddress

HOST = "198.18.0.2"
ERROR, HANG_UP, WRITABLE = select.EPOLLERR, select.EPOLLHUP, select.EPOLLOUT
PORT_UNREACHABLE = SocketError(errno.ECONNREFUSED, ORIGIN_ICMP, 3, 3, b"\xc6\x12\x00\xfe", 64, (b"\xc6\x12\x00\x02", 81))


class Kernel:
    """Scripted: what epoll reports next, what connect() says, what is in the error queues. Sockets are real and unused."""

    def __init__(self) -> None:
        self.events: list[list[tuple[int, int]]] = []
        self.connects: dict[int, list[int]] = {}
        self.queues: dict[int, list[SocketError]] = {}
        self.asked_queue: list[int] = []
        self.cut: list[int] = []
        self.itself: set[int] = set()
        self.watched: list[int] = []

    def poll(self, _timeout_s: float, _most: int) -> list[tuple[int, int]]:
        return self.events.pop(0) if self.events else []

    def read(self, descriptor: int) -> SocketError | None:
        self.asked_queue.append(descriptor)
        queue = self.queues.get(descriptor, [])
        return queue.pop(0) if queue else None

    def disconnect(self, descriptor: int, _address: bytes, _size: int) -> int:
        self.cut.append(descriptor)
        return 0

    def register(self, descriptor: int, _events: int) -> None:
        self.watched.append(descriptor)

    def close(self) -> None:
        pass


class KernelSlot(Slot):
    def __init__(self, kernel: Kernel, its_socket: socket.socket) -> None:
        super().__init__(its_socket)
        self.kernel = kernel
        self.connect = self._connect

    def _connect(self, _address: SocketAddress) -> int:
        return self.kernel.connects[self.descriptor].pop(0)

    def meets_itself(self) -> bool:
        return self.descriptor in self.kernel.itself


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def sockets(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecycledSockets]:
    made = RecycledSockets()
    made._epoll.close()
    monkeypatch.setattr(made, "_epoll", kernel)
    monkeypatch.setattr(made, "_queue", kernel)
    monkeypatch.setattr(made, "_connect", kernel.disconnect)
    yield made
    made.close()


def launched(sockets: RecycledSockets, kernel: Kernel, *connects: int, port: int = 81, zone_index: int = 0) -> Slot:
    slot = KernelSlot(kernel, socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    slot.address, slot.zone_index = (HOST, port), zone_index
    kernel.connects[slot.descriptor] = list(connects)
    sockets.launch(slot)
    return slot


def test_a_reset(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.ECONNREFUSED)
    kernel.events = [[(slot.descriptor, ERROR | HANG_UP)], [(slot.descriptor, HANG_UP)]]
    assert sockets.settle(0, lambda: 5.0) == [(slot, errno.ECONNREFUSED, None)]
    assert slot.ended_s == 5.0
    assert sockets.flying == {}
    assert (kernel.asked_queue, kernel.cut) == ([], []), "the common case costs no further system call"
    assert sockets.take(socket.AF_INET) is slot
    sockets.put_back(slot)


@pytest.mark.parametrize("reported", [True, False])
def test_port_unreachable_is_found_in_the_queue(sockets: RecycledSockets, kernel: Kernel, reported: bool) -> None:
    """Also where epoll should not report the socket once more."""
    slot = launched(sockets, kernel, errno.ECONNREFUSED)
    kernel.queues[slot.descriptor] = [PORT_UNREACHABLE]
    kernel.events = [[(slot.descriptor, ERROR | HANG_UP)], [(slot.descriptor, ERROR | HANG_UP)] if reported else []]
    assert sockets.settle(0, lambda: 5.0) == [(slot, errno.ECONNREFUSED, PORT_UNREACHABLE)]


def test_an_error_that_the_kernel_ignores_ends_it_too(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EALREADY)
    kernel.queues[slot.descriptor] = [PORT_UNREACHABLE]
    kernel.events = [[(slot.descriptor, ERROR)]]
    assert sockets.settle(0, lambda: 5.0) == [(slot, errno.ECONNREFUSED, PORT_UNREACHABLE)]
    assert kernel.cut == [slot.descriptor]


def test_an_error_about_an_earlier_question_is_dropped(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EALREADY, port=82)
    kernel.queues[slot.descriptor] = [PORT_UNREACHABLE]
    kernel.events = [[(slot.descriptor, ERROR)]]
    assert sockets.settle(0, lambda: 5.0) == []
    assert sockets.flying == {slot.descriptor: slot}


def test_connected(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, 0)
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    assert sockets.settle(0, lambda: 5.0) == [(slot, 0, None)]
    assert kernel.cut == [slot.descriptor]


def test_a_connection_with_itself_is_cut_and_asked_again(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, 0, errno.EINPROGRESS, errno.ECONNREFUSED)
    kernel.itself = {slot.descriptor}
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    assert sockets.settle(0, lambda: 5.0) == []
    assert kernel.cut == [slot.descriptor]
    kernel.events = [[(slot.descriptor, ERROR | HANG_UP)], [(slot.descriptor, HANG_UP)]]
    assert sockets.settle(0, lambda: 6.0) == [(slot, errno.ECONNREFUSED, None)]


def test_news_of_others_that_come_with_the_second_look_count(sockets: RecycledSockets, kernel: Kernel) -> None:
    first = launched(sockets, kernel, errno.ECONNREFUSED)
    second = launched(sockets, kernel, 0)
    kernel.events = [
        [(first.descriptor, ERROR | HANG_UP)],
        [(second.descriptor, WRITABLE), (first.descriptor, HANG_UP)],
    ]
    assert sockets.settle(0, lambda: 5.0) == [(first, errno.ECONNREFUSED, None), (second, 0, None)]


def test_events_of_idle_sockets_mean_nothing(sockets: RecycledSockets, kernel: Kernel) -> None:
    kernel.events = [[(999, HANG_UP)]]
    assert sockets.settle(0, lambda: 5.0) == []


def test_a_socket_tied_to_a_link_is_not_used_again(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.ECONNREFUSED, zone_index=2)
    kernel.events = [[(slot.descriptor, ERROR | HANG_UP)], [(slot.descriptor, HANG_UP)]]
    sockets.settle(0, lambda: 5.0)
    assert slot.socket.fileno() == -1


def test_give_up(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel)
    sockets.give_up([slot])
    assert sockets.flying == {}
    assert kernel.cut == [slot.descriptor]
    assert sockets.take(socket.AF_INET) is slot
    sockets.put_back(slot)


def test_a_socket_is_watched_once_it_has_to_wait(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel)
    sockets.give_up([slot])
    sockets.launch(sockets.take(socket.AF_INET))
    assert kernel.watched == [slot.descriptor]


def test_a_connection_that_a_salvo_was_told_of(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EISCONN)
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    assert sockets.settle(0, lambda: 5.0) == [(slot, 0, None)]


def test_what_a_salvo_saw_ended_when_it_saw_it(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EISCONN)
    sockets.launch(slot, 3.0)
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    sockets.settle(0, lambda: 5.0)
    assert slot.ended_s == 3.0


def test_unless_there_was_nothing_to_it(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EALREADY, 0)
    sockets.launch(slot, 3.0)
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    sockets.settle(0, lambda: 5.0)
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    sockets.settle(0, lambda: 6.0)
    assert slot.ended_s == 6.0


def test_nor_may_that_be_one_with_itself(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel, errno.EISCONN, errno.EINPROGRESS)
    kernel.itself = {slot.descriptor}
    kernel.events = [[(slot.descriptor, WRITABLE)]]
    assert sockets.settle(0, lambda: 5.0) == []
    assert kernel.cut == [slot.descriptor]


def test_what_a_round_says_has_ended_is_looked_up_in_the_queue(sockets: RecycledSockets, kernel: Kernel) -> None:
    slot = launched(sockets, kernel)
    del sockets.flying[slot.descriptor]
    kernel.queues[slot.descriptor] = [PORT_UNREACHABLE]
    assert sockets.end(slot, errno.EHOSTUNREACH) == (slot, errno.ECONNREFUSED, PORT_UNREACHABLE)
    assert sockets.take(socket.AF_INET) is slot
    assert sockets.end(slot, LOST) == (slot, LOST, None)
    assert slot.socket.fileno() == -1, "nobody knows what becomes of it"


class ScriptedSalvoes:
    """Answers at once, or not."""

    def __init__(self) -> None:
        self.near, self.broken, self.closed = True, False, False
        self.late = 0
        self.asked: list[int] = []

    def wants(self, questions: int) -> int:
        return min(questions, 100)

    def fire(self, slots: list[Slot], addresses: Addresses) -> tuple[list[Round], list[Slot]]:
        count = min(len(slots), len(addresses))
        self.asked.append(count)
        code = np.full(count, errno.ECONNREFUSED if self.near else errno.EINPROGRESS, np.int32)
        code[: self.late] = errno.EINPROGRESS
        times = np.zeros(count)
        return [Round(0, slots[:count], code, np.zeros(count, bool), times, times)], slots if self.near else slots[count:]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def salvoes(sockets: RecycledSockets, monkeypatch: pytest.MonkeyPatch) -> ScriptedSalvoes:
    scripted = ScriptedSalvoes()
    monkeypatch.setattr(sockets, "_salvoes", scripted)
    return scripted


def test_salvoes_are_tasted_first(sockets: RecycledSockets, salvoes: ScriptedSalvoes) -> None:
    addresses = np.zeros((90, 16), np.uint8)
    for _time in range(3):
        sockets.fire(socket.AF_INET, addresses, 1000)
    salvoes.near = False
    sockets.fire(socket.AF_INET, addresses, 1000)
    sockets.fire(socket.AF_INET, addresses, 1000)
    assert salvoes.asked == [TASTE, 90, 90, 90, TASTE]


def test_where_some_answers_are_late_they_are_soon_waited_for(
    sockets: RecycledSockets, salvoes: ScriptedSalvoes, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[int] = []
    fire = salvoes.fire

    def count(slots: list[Slot], addresses: Addresses) -> tuple[list[Round], list[Slot]]:
        offered.append(len(addresses))
        return fire(slots, addresses)

    monkeypatch.setattr(salvoes, "fire", count)
    for salvoes.late in (0, 0, 1, 1, 0, 0):
        sockets.fire(socket.AF_INET, np.zeros((4096, 16), np.uint8), 1000)
    assert offered == [TASTE, 4096, 4096, 100, 100, 4096]


def test_few_questions_are_not_worth_a_salvo(sockets: RecycledSockets, salvoes: ScriptedSalvoes) -> None:
    assert sockets.fire(socket.AF_INET, np.zeros((TASTE - 1, 16), np.uint8), 1000) == []


def test_salvoes_use_the_same_sockets_again(sockets: RecycledSockets, salvoes: ScriptedSalvoes) -> None:
    made = {slot for one in sockets.fire(socket.AF_INET, np.zeros((TASTE, 16), np.uint8), 1000) for slot in one.slots}
    assert {sockets.take(socket.AF_INET) for _ in range(TASTE)} == made
    for slot in made:
        sockets.put_back(slot)


def test_salvoes_use_no_more_sockets_than_they_may(sockets: RecycledSockets, salvoes: ScriptedSalvoes) -> None:
    (one,) = sockets.fire(socket.AF_INET, np.zeros((TASTE, 16), np.uint8), 20)
    assert len(one.slots) == 20


def test_salvoes_that_fail_are_given_up(sockets: RecycledSockets, salvoes: ScriptedSalvoes) -> None:
    salvoes.broken = True
    assert len(sockets.fire(socket.AF_INET, np.zeros((TASTE, 16), np.uint8), 1000)) == 1
    assert salvoes.closed
    assert sockets.fire(socket.AF_INET, np.zeros((TASTE, 16), np.uint8), 1000) == []
