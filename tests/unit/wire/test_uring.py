"""io_uring: requests that send nothing."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)

from hatoba.wire.uring import NOP, RECEIVE_MESSAGE, Uring

ENTRIES = 8


@pytest.fixture
def ring() -> Iterator[Uring]:
    try:
        made = Uring(ENTRIES)
    except OSError:
        pytest.skip("this kernel gives no io_uring")
    made.requests["tag"] = 100 + np.arange(ENTRIES)
    yield made
    made.close()


def line_up(ring: Uring, *places: int) -> None:
    ring.line_up(np.array(places, np.uint32))


def test_results_come_in_the_order_of_what_was_lined_up(ring: Uring) -> None:
    for _round in range(5):  # more than once round the ring
        line_up(ring, 5, 0, 3)
        ring.submit(3, wait_for=3)
        assert ring.ready == 3
        assert ring.results()["tag"].tolist() == [105, 100, 103]
        assert ring.ready == 0


def test_what_is_lined_up_leaves_in_parts(ring: Uring) -> None:
    line_up(ring, 1, 2, 3)
    ring.submit(1, wait_for=1)
    assert ring.results()["tag"].tolist() == [101]
    ring.submit(2, wait_for=2)
    assert ring.results()["tag"].tolist() == [102, 103]


def test_a_failure_is_a_result(ring: Uring) -> None:
    ring.requests["operation"][:2], ring.requests["descriptor"][:2] = (NOP, RECEIVE_MESSAGE), -1
    line_up(ring, 0, 1)
    ring.submit(2, wait_for=2)
    assert sorted(ring.results()["value"].tolist()) == [-errno.EFAULT, 0], "there is no message at address 0"


def test_a_signal_while_it_waits_loses_nothing(ring: Uring, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = ring._call
    calls: list[tuple[object, ...]] = []

    def interrupted(number: int, *arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 2:
            raise InterruptedError(errno.EINTR, "")
        if len(calls) == 1:  # the kernel took one, then was interrupted
            return entered(number, arguments[0], 1, 0, *arguments[3:])
        return entered(number, *arguments)

    monkeypatch.setattr(ring, "_call", interrupted)
    line_up(ring, 6, 7)
    ring.submit(2, wait_for=2)
    assert ring.results()["tag"].tolist() == [106, 107]
    assert [arguments[1] for arguments in calls] == [2, 1, 1], "what was taken is not submitted again"


def test_a_signal_after_all_were_taken_does_not_end_the_waiting(ring: Uring, monkeypatch: pytest.MonkeyPatch) -> None:
    """io_uring_enter() then returns how many it took, though their results are not there yet."""
    entered = ring._call
    calls: list[tuple[object, ...]] = []

    def interrupted(number: int, *arguments: object) -> int:
        calls.append(arguments)
        return 2 if len(calls) == 1 else entered(number, arguments[0], 2, *arguments[2:])

    monkeypatch.setattr(ring, "_call", interrupted)
    line_up(ring, 6, 7)
    ring.submit(2, wait_for=2)
    assert ring.results()["tag"].tolist() == [106, 107]
    assert [arguments[1:3] for arguments in calls] == [(2, 2), (0, 2)]


def test_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Uring, _number: int, *_arguments: object) -> int:
        raise PermissionError(errno.EPERM, "")

    monkeypatch.setattr(Uring, "_call", refuse)
    with pytest.raises(PermissionError):
        Uring(ENTRIES)


def test_a_ring_that_cannot_be_mapped_leaves_no_descriptor(monkeypatch: pytest.MonkeyPatch, ring: Uring) -> None:
    opened = len(os.listdir("/dev/fd"))
    monkeypatch.setattr("hatoba.wire.uring._NO_DROP", 1 << 31)  # as if the kernel had not that feature
    with pytest.raises(OSError, match="results"):
        Uring(ENTRIES)
    assert len(os.listdir("/dev/fd")) == opened
