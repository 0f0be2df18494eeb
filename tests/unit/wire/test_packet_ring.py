"""How packet sockets are let go. Rings are tested in ``tests/net/test_packet_wires.py``."""

from __future__ import annotations

import threading

import pytest

from hatoba.wire.packet_ring import let_go

PATIENCE_S = 30


def test_who_lets_go_does_not_wait() -> None:
    kernel, gone = threading.Event(), threading.Event()

    def release() -> None:
        assert kernel.wait(PATIENCE_S)
        gone.set()

    let_go(release)
    assert not gone.is_set()
    kernel.set()
    assert gone.wait(PATIENCE_S)


def test_where_no_thread_can_be_had_it_is_let_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    gone: list[bool] = []
    let_go(lambda: gone.append(True))
    assert gone == [True]
