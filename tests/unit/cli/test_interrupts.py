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


def test_a_terminal_that_goes_away_stops_gently_however_often_that_is_told() -> None:
    controller, terminal = os.openpty()
    stopped: list[int] = []
    with open(terminal, "w", encoding="utf-8") as screen, Interrupts(lambda: stopped.append(1), (screen,)) as interrupts:
        os.close(controller)
        for _kernel_and_shell in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
        assert (stopped, interrupts.exit_status) == ([1], 129)
        screen.write("what is still said fails nobody\n")
        screen.flush()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts(lambda: pytest.fail("stopped")) as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.first is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
