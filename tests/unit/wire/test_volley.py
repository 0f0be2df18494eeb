"""sendmmsg() through a pair of datagram sockets, which keep frames apart as a packet socket does."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from hatoba.wire.volley import MOST, Volley


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    far.setblocking(False)
    with near, far:
        yield near, far


def frames(count: int, width: int = 42) -> np.ndarray:
    """Each begins with its number."""
    made = np.zeros((count, width), np.uint8)
    made[:, :4] = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, 4)
    return made


def numbers(far: socket.socket) -> list[int]:
    found = []
    while True:
        try:
            packet = far.recv(2000)
        except BlockingIOError:
            return found
        assert len(packet) == 42
        found.append(int.from_bytes(packet[:4], "big"))


def test_each_frame_leaves_by_itself_and_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    volley = Volley(ends[0])
    for start in (0, 3):
        assert volley.send(frames(8)[start : start + 5]) == 5
        assert numbers(ends[1]) == list(range(start, start + 5))


def test_frames_that_do_not_lie_one_behind_the_other(ends: tuple[socket.socket, socket.socket]) -> None:
    assert Volley(ends[0]).send(frames(8, 64)[::2, :42]) == 4
    assert numbers(ends[1]) == [0, 2, 4, 6]


def test_no_frame_no_call(ends: tuple[socket.socket, socket.socket]) -> None:
    assert Volley(ends[0]).send(frames(0)) == 0


def test_a_way_out_that_is_full_takes_the_first_ones_then_none_then_the_rest(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    volley, wanted = Volley(ends[0]), frames(MOST)
    sent = volley.send(wanted)
    assert 0 < sent < MOST
    assert volley.send(wanted[sent:]) == 0, "it waited, or lost one"
    came = numbers(ends[1])
    while sent < MOST:
        more = volley.send(wanted[sent:])
        assert more > 0
        sent += more
        came += numbers(ends[1])
    assert came == list(range(MOST))


def test_a_socket_that_takes_nothing_at_all(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    with pytest.raises(ConnectionRefusedError):
        Volley(ends[0]).send(frames(1))


def test_frames_of_different_lengths(ends: tuple[socket.socket, socket.socket]) -> None:
    volley, lengths = Volley(ends[0]), np.array([42, 5, 17], np.int64)
    assert volley.send(frames(3), lengths) == 3
    assert [len(ends[1].recv(2000)) for _length in lengths] == lengths.tolist()
    assert volley.send(frames(3)) == 3, "it kept the lengths"
    assert numbers(ends[1]) == [0, 1, 2]


def test_each_frame_to_its_own_address() -> None:
    """In the kernel's memory for names (abstract, unix(7)): no packet leaves the machine, nor enters its loopback."""
    with contextlib.ExitStack() as stack:
        out, *others = (stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) for _end in range(3))
        names = np.zeros(2, np.dtype([("family", "=u2"), ("path", "u1", 6)]))
        names["family"] = socket.AF_UNIX
        for name, other in zip(names, others, strict=True):
            other.setblocking(False)
            other.bind("")  # the kernel chooses a zero and five digits
            name["path"] = np.frombuffer(bytes(other.getsockname()), np.uint8)
        wanted = frames(6)
        assert Volley(out).send(wanted, names=names[[0, 1, 1, 0, 1, 0]]) == 6
        assert [numbers(other) for other in others] == [[0, 3, 5], [1, 2, 4]]
