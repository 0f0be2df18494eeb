"""What becomes of connections when the kernel has no more to give. How they end with real hosts, ``tests/net`` shows."""

from __future__ import annotations

import errno
import socket

import numpy as np
import pytest

from hatoba.errors import WireError
from hatoba.probes.connect import End
from hatoba.wire import handshakes
from hatoba.wire.fake import FakeClock
from hatoba.wire.handshakes import Handshakes


class Kernel:
    """Stands in for the socket module: sockets of a pair, which never send a packet; no more than *most* at a time."""

    def __init__(self, most: int, code: int = 0) -> None:
        self.most, self.code, self.open = most, code, 0

    def __getattr__(self, name: str) -> object:
        return getattr(socket, name)

    def socket(self, _family: int, _kind: int) -> KernelSocket:
        if self.open >= self.most:
            raise OSError(errno.EMFILE, "Too many open files")
        self.open += 1
        return KernelSocket(self)


class KernelSocket:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._mine, self._theirs = socket.socketpair()

    def fileno(self) -> int:
        return self._mine.fileno()

    def setblocking(self, blocking: bool) -> None: ...

    def setsockopt(self, *_what: object) -> None: ...

    def getsockopt(self, level: int, _name: int, size: int = 0) -> int | bytes:
        return 0 if level == socket.SOL_SOCKET else bytes(size)

    def connect_ex(self, _address: object) -> int:
        return self._kernel.code

    def close(self) -> None:
        self._kernel.open -= 1
        self._mine.close()
        self._theirs.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def use(monkeypatch: pytest.MonkeyPatch, most: int, code: int = 0) -> Kernel:
    kernel = Kernel(most, code)
    monkeypatch.setattr(handshakes, "socket", kernel)
    return kernel


def start(hands: Handshakes, *tokens: int) -> int:
    count = len(tokens)
    packed = np.tile(np.array([[198, 18, 0, 2]], np.uint8), (count, 1))
    return hands.start(np.array(tokens, np.int64), packed, np.full(count, 80, np.uint16))


def all_of(hands: Handshakes, clock: FakeClock, seconds: float) -> dict[int, End]:
    """Those that end within so much time of the clock."""
    ended = dict(hands.poll(0.0))
    clock.now_s += seconds
    return {token: handshake.end for token, handshake in (*ended.items(), *hands.poll(0.0))}


def test_with_few_files_fewer_are_held_at_once(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    kernel = use(monkeypatch, most=3)
    hands = Handshakes(clock)
    assert start(hands, *range(10)) == 3
    assert hands.room == 0
    assert all_of(hands, clock, 1.5) == dict.fromkeys(range(3), End.HELD)
    assert kernel.open == 0
    assert hands.room == 6, "it grows again by each that ended"
    assert start(hands, *range(3, 10)) == 3
    hands.close()
    assert kernel.open == 0


def test_without_any_file_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    use(monkeypatch, most=0)
    hands = Handshakes(clock)
    with pytest.raises(WireError, match="ulimit -n"):
        start(hands, 1)
    hands.close()


def test_a_sentence_says_so_where_not_even_waiting_has_a_file(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    def full() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(handshakes.selectors, "DefaultSelector", full)
    with pytest.raises(WireError, match="ulimit -n"):
        Handshakes(clock)


def test_without_a_source_port_the_rest_waits_or_fails(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    kernel = use(monkeypatch, most=9)
    hands = Handshakes(clock)
    assert start(hands, 1, 2) == 2
    kernel.code = errno.EADDRNOTAVAIL
    assert start(hands, 3, 4) == 0
    assert all_of(hands, clock, 1.5) == {1: End.HELD, 2: End.HELD}
    assert start(hands, 3, 4) == 2
    assert all_of(hands, clock, 0.0) == {3: End.FAILED, 4: End.FAILED}
    assert kernel.open == 0
    hands.close()


def test_what_is_refused_at_once_has_failed(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    use(monkeypatch, most=9, code=errno.ENETUNREACH)
    hands = Handshakes(clock)
    assert start(hands, 7) == 1
    assert all_of(hands, clock, 0.0) == {7: End.FAILED}
    hands.close()
