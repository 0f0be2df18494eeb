"""Questions and answers of rtnetlink as bytes, and a few true ones of this machine's kernel, which send nothing."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.wire import netlink
from hatoba.wire.netlink import RTM_GETLINK, RTM_GETROUTE, RTM_GETRULE, Netlink, attribute

HEADER = struct.Struct("=IHHII")
DONE, ERROR, NEWROUTE = 3, 2, 24
BODY = bytes(range(12))


def message(kind: int, payload: bytes, flags: int = 0) -> bytes:
    raw = HEADER.pack(HEADER.size + len(payload), kind, flags, 1, 0) + payload
    return raw + bytes(-len(raw) % 4)


def refusal(code: int) -> bytes:
    return message(ERROR, struct.pack("=i", -code) + bytes(16))


class Kernel:
    """In place of the socket: keeps the questions and gives prepared datagrams."""

    def __init__(self, *datagrams: bytes) -> None:
        self.datagrams = list(datagrams)
        self.asked: list[bytes] = []
        self.closed = False

    def bind(self, address: tuple[int, int]) -> None:
        assert address == (0, 0)

    def sendto(self, data: bytes, address: tuple[int, int]) -> None:
        assert address == (0, 0)
        self.asked.append(data)

    def recv(self, size: int) -> bytes:
        return self.datagrams.pop(0)[:size]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    made = Kernel()
    with monkeypatch.context() as patch:
        patch.setattr(netlink.socket, "socket", lambda *_arguments: made)
        yield made


def questions(data: bytes) -> list[tuple[int, int, bytes]]:
    """(kind, flags, body) of each message in a datagram."""
    found = []
    at = 0
    while at < len(data):
        size, kind, flags, _sequence, _port = HEADER.unpack_from(data, at)
        found.append((kind, flags, data[at + HEADER.size : at + size]))
        at += size + -size % 4
    return found


@settings(deadline=None)
@given(st.integers(0, 0x3FFF), st.binary(max_size=40))
def test_an_attribute_is_padded_and_reads_back(number: int, value: bytes) -> None:
    raw = attribute(number, value)
    assert len(raw) % 4 == 0
    assert struct.unpack_from("=HH", raw) == (4 + len(value), number)
    assert netlink._parsed(BODY + raw, len(BODY)) == (BODY, {number: value}, 0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=20))))
def test_many_attributes_the_last_of_each(pairs: list[tuple[int, bytes]]) -> None:
    raw = b"".join(attribute(number, value) for number, value in pairs)
    assert netlink._parsed(BODY + raw, len(BODY)).attributes == dict(pairs)


def test_flags_of_a_nested_attribute_are_no_part_of_its_number() -> None:
    assert netlink._parsed(attribute(0x8000 | 22, b"abcd"), 0).attributes == {22: b"abcd"}


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 20))
def test_rubbish_ends_the_reading(raw: bytes, body_bytes: int) -> None:
    assert netlink._parsed(raw, body_bytes).body == raw[:body_bytes]


def test_a_dump_comes_in_several_datagrams(kernel: Kernel) -> None:
    one, two, three = (message(NEWROUTE, bytes([n] * 12) + attribute(1, bytes([n]))) for n in (1, 2, 3))
    kernel.datagrams = [one + two, three, message(DONE, bytes(4))]
    with Netlink() as asking:
        found = asking.dump(RTM_GETROUTE, BODY, 12)
    assert [entry.attributes for entry in found] == [{1: b"\1"}, {1: b"\2"}, {1: b"\3"}]
    assert [entry.body for entry in found] == [bytes([n] * 12) for n in (1, 2, 3)]
    assert questions(kernel.asked[0]) == [(RTM_GETROUTE, 0x301, BODY)]
    assert kernel.closed


def test_a_refused_dump_is_an_error(kernel: Kernel) -> None:
    kernel.datagrams = [refusal(errno.EOPNOTSUPP)]
    with Netlink() as asking, pytest.raises(OSError, match=os.strerror(errno.EOPNOTSUPP)) as caught:
        asking.dump(RTM_GETRULE, BODY, 12)
    assert caught.value.errno == errno.EOPNOTSUPP
    assert kernel.closed


def test_each_question_has_its_answer_in_order(kernel: Kernel) -> None:
    kernel.datagrams = [message(NEWROUTE, BODY + attribute(4, b"a")), refusal(errno.ENETUNREACH), message(NEWROUTE, BODY)]
    with Netlink() as asking:
        answers = asking.ask(RTM_GETROUTE, [b"one.", b"two.", b"three"], 12)
    assert [answer.error for answer in answers] == [0, errno.ENETUNREACH, 0]
    assert [answer.attributes for answer in answers] == [{4: b"a"}, {}, {}]
    assert questions(kernel.asked[0]) == [(RTM_GETROUTE, 1, body) for body in (b"one.", b"two.", b"three")]


def test_many_questions_go_in_portions(kernel: Kernel) -> None:
    """More at once could overrun the socket's buffer, and the kernel would drop answers."""
    kernel.datagrams = [message(NEWROUTE, n.to_bytes(12, "big")) for n in range(150)]
    with Netlink() as asking:
        answers = asking.ask(RTM_GETROUTE, [n.to_bytes(4, "big") for n in range(150)], 12)
    assert [int.from_bytes(answer.body, "big") for answer in answers] == list(range(150))
    assert [len(questions(data)) for data in kernel.asked] == [64, 64, 22]


def test_no_question_no_answer(kernel: Kernel) -> None:
    with Netlink() as asking:
        assert asking.ask(RTM_GETROUTE, [], 12) == []
    assert kernel.asked == []


def test_the_true_kernel_tells_of_loopback() -> None:
    layout = struct.Struct("=BxHiII")  # struct ifinfomsg
    with Netlink() as asking:
        links = asking.dump(RTM_GETLINK, layout.pack(socket.AF_UNSPEC, 0, 0, 0, 0), layout.size)
    named = {layout.unpack(link.body)[2]: link.attributes[3].rstrip(b"\0").decode() for link in links}
    assert named == dict(socket.if_nameindex())


def test_the_true_kernel_refuses_an_interface_that_is_not_there() -> None:
    rtmsg = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, 0, 0, 0, 0, 0)
    question = rtmsg + attribute(1, socket.inet_aton("198.18.0.1")) + attribute(4, struct.pack("=I", 0x7FFFFFFF))
    with Netlink() as asking:
        (answer,) = asking.ask(RTM_GETROUTE, [question], 12)
    assert answer.error in (errno.ENODEV, errno.ENETUNREACH)
