"""Signals: the first stops gently, the second at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from hatoba.cli.interrupts import Interrupts


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_stops_and_the_second_raises(number: signal.Signals, status: int) -> None:
    stopped: list[int] = []
    before = signal.getsignal(number)
    with Interrupts(lambda: stopped.append(1)) as interrupts:
        assert (interrupts.first, interrupts.exit_status) == (None, 0)
        os.kill(os.getpid(), number)
        assert stopped == [1]
        assert interrupts.exit_status == status
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        assert stopped == [1]
    assert signal.getsignal(number) == before


def test_another_thread_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with Interrupts(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
