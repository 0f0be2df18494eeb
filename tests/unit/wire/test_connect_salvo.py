"""How salvoes share out questions and sockets. What a ring does of them is in tests/net."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)

from hatoba.wire import connect_salvo
from hatoba.wire.connect_errors import parse_name
from hatoba.wire.connect_salvo import LOST, Addresses, Round, Salvo, Salvoes, best_salvoes, socket_addresses
from hatoba.wire.connect_sockets import Slot

REFUSED, UNDER_WAY = errno.ECONNREFUSED, errno.EINPROGRESS


class Scripted:
    """In place of a ring: says of each port what the test says."""

    def __init__(self, code: Callable[[int], int] = lambda _port: REFUSED, fails_at: int = -1) -> None:
        self.code, self.fails_at = code, fails_at
        self.asked: list[int] = []
        self.closed = False

    def fire(self, first: int, slots: list[Slot], addresses: Addresses) -> Round:
        assert len(slots) == len(set(slots)) == len(addresses)
        if self.fails_at >= 0 and first >= self.fails_at:
            raise OSError(errno.ENOMEM, "")
        ports = [parse_name(row.tobytes())[1] for row in addresses]
        self.asked += ports
        times = np.zeros(len(slots))
        code = np.array([self.code(port) for port in ports], np.int32)
        return Round(first, slots, code, np.zeros(len(slots), bool), times, times)

    def close(self) -> None:
        self.closed = True


def salvoes(*scripted: Scripted) -> Salvoes:
    return Salvoes(salvos=cast("list[Salvo]", list(scripted)))


def rows(count: int) -> Addresses:
    packed = np.tile(np.array([198, 18, 0, 2], np.uint8), (count, 1))
    return socket_addresses(packed, np.arange(count, dtype=np.uint16))


def slots(count: int) -> list[Slot]:
    return [cast(Slot, object()) for _ in range(count)]


def covered(rounds: list[Round]) -> int:
    """How many questions the rounds hold, from the first on, without a gap."""
    position = 0
    for fired in rounds:
        assert fired.first == position
        position += len(fired.slots)
    return position


@pytest.mark.parametrize("address", ["198.18.0.2", "fd00:18::2"])
def test_addresses_are_what_connect_takes(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    row = socket_addresses(np.frombuffer(packed, np.uint8)[None], np.array([4660], np.uint16))[0]
    assert len(row) == {4: 16, 16: 28}[len(packed)]
    assert int(row[:2].view(np.uint16)[0]) == family
    assert parse_name(row.tobytes()) == (packed, 4660)


@pytest.mark.parametrize("crews", [1, 2, 3])
@pytest.mark.parametrize("questions", [64, 1000, 4096])
def test_each_question_is_asked_once_and_sockets_come_back(crews: int, questions: int) -> None:
    scripted = [Scripted() for _ in range(crews)]
    fired = salvoes(*scripted)
    lent = slots(fired.wants(questions))
    rounds, idle = fired.fire(lent, rows(questions))
    assert covered(rounds) == questions
    assert sorted(port for one in scripted for port in one.asked) == list(range(questions))
    assert set(idle) == set(lent)


def test_a_far_host_is_left_after_a_round() -> None:
    fired = salvoes(Scripted(lambda port: UNDER_WAY if port >= 100 else REFUSED))
    rounds, idle = fired.fire(slots(fired.wants(4096)), rows(4096))
    assert 100 <= covered(rounds) < 4096
    assert not rounds[-1].is_near
    assert len(idle) == 100


def test_sockets_that_wait_are_not_used_again() -> None:
    fired = salvoes(Scripted(lambda port: 0 if port % 10 == 0 else REFUSED))
    lent = slots(100)
    rounds, idle = fired.fire(lent, rows(4096))
    asked = covered(rounds)
    waiting = {slot for one in rounds for slot, code in zip(one.slots, one.code, strict=True) if code != REFUSED}
    assert len(waiting) == -(-asked // 10)
    assert waiting | set(idle) == set(lent)
    assert not waiting & set(idle)
    assert asked < 4096, "it ends when there are too few sockets left to be worth while"


def test_a_ring_that_fails_ends_it_and_its_questions_are_lost() -> None:
    fired = salvoes(Scripted(fails_at=300))
    lent = slots(fired.wants(4096))
    rounds, _idle = fired.fire(lent, rows(4096))
    assert fired.broken
    covered(rounds)
    assert set(rounds[-1].code) == {LOST}
    assert set(rounds[0].code) == {REFUSED}


def test_all_rings_are_closed() -> None:
    scripted = [Scripted(), Scripted()]
    salvoes(*scripted).close()
    assert [one.closed for one in scripted] == [True, True]


def test_no_salvoes_where_the_kernel_gives_no_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any) -> Any:
        raise PermissionError(errno.EPERM, "")

    monkeypatch.setattr(connect_salvo, "Uring", refuse)
    assert best_salvoes() is None


def test_refused_at_once_is_nobodys_answer() -> None:
    code, times = np.array([REFUSED, REFUSED], np.int32), np.zeros(2)
    assert Round(0, slots(2), code, np.array([True, False]), times, times).refused.tolist() == [False, True]
