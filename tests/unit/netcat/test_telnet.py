"""Telnet's requests are refused."""

from __future__ import annotations

import pytest

from hatoba.netcat.telnet import DO, DONT, IAC, WILL, WONT, Refusing

TALK = bytes([IAC, DO, 24]) + b"login: " + bytes([IAC, WILL, 1, IAC, WONT, 3, IAC, DO, 255])
REFUSALS = bytes([IAC, WONT, 24, IAC, DONT, 1, IAC, WONT, 255])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_requests_are_refused_however_they_are_cut(size: int) -> None:
    sent: list[bytes] = []
    change = Refusing(sent.append)
    passed = b"".join(bytes(change(memoryview(TALK[start : start + size]))) for start in range(0, len(TALK), size))
    assert passed == TALK
    assert b"".join(sent) == REFUSALS


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_byte_of_data_begins_no_request(size: int) -> None:
    sent: list[bytes] = []
    change = Refusing(sent.append)
    data = bytes([IAC, IAC, DO, 24, IAC, IAC, IAC, DO, 24])
    for start in range(0, len(data), size):
        change(memoryview(data[start : start + size]))
    assert b"".join(sent) == bytes([IAC, WONT, 24])


def test_a_peer_that_takes_nothing_now_holds_nobody_up() -> None:
    def full(_data: bytes) -> None:
        raise BlockingIOError

    assert bytes(Refusing(full)(memoryview(TALK))) == TALK
