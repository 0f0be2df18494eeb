"""Messages and descriptors pass through a channel whole and in order."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.lab.channel import Channel, ChannelClosed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel, socket.socket]]:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with near, far:
        yield Channel(near), Channel(far), near


def test_bytes_that_are_no_text_arrive_too(ends: tuple[Channel, Channel, socket.socket]) -> None:
    near, far, _sock = ends
    message = {"path": os.fsdecode(b"/tmp/caf\xe9")}
    near.send(message)
    assert far.receive()[0] == message


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=3))
def test_messages_arrive_as_sent(messages: list[dict[str, object]]) -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with near, far:
        for message in messages:
            Channel(near).send(message)
        assert [Channel(far).receive()[0] for _message in messages] == messages


def test_a_message_larger_than_the_sockets_buffer(ends: tuple[Channel, Channel, socket.socket]) -> None:
    near, far, _sock = ends
    message = {"rules": "港" * 1_000_000}
    sender = threading.Thread(target=near.send, args=(message,))
    sender.start()
    assert far.receive() == (message, [])
    sender.join()


def test_descriptors_come_with_their_own_message(ends: tuple[Channel, Channel, socket.socket]) -> None:
    near, far, _sock = ends
    read_end, write_end = os.pipe()
    near.send({"number": 1})
    near.send({"number": 2}, [write_end])
    near.send({"number": 3})
    os.close(write_end)
    heard = [far.receive() for _turn in range(3)]
    assert [len(descriptors) for _message, descriptors in heard] == [0, 1, 0]
    (given,) = heard[1][1]
    assert not os.get_inheritable(given)
    os.write(given, b"over")
    os.close(given)
    assert os.read(read_end, 9) == b"over"
    os.close(read_end)


def test_other_end_closed(ends: tuple[Channel, Channel, socket.socket]) -> None:
    near, far, _sock = ends
    near.close()
    with pytest.raises(ChannelClosed):
        far.receive()
    with pytest.raises(ChannelClosed):
        far.send({"do": "host"})


@pytest.mark.parametrize("part", [b"\0\0", b"\0\0\0\x09", b'\0\0\0\x09{"do":'])
def test_end_in_mid_message(ends: tuple[Channel, Channel, socket.socket], part: bytes) -> None:
    near, far, sock = ends
    sock.sendall(part)
    near.close()
    with pytest.raises(ChannelClosed):
        far.receive()


def test_a_message_that_comes_by_bytes_is_waited_for_by_nobody(ends: tuple[Channel, Channel, socket.socket]) -> None:
    _near, far, sock = ends
    body = b'{"do": "hosts"}'
    message = len(body).to_bytes(4, "big") + body
    read_end, write_end = os.pipe()
    socket.send_fds(sock, [message[:1]], [write_end])
    os.close(write_end)
    assert far.receive_some() is None
    for place in range(1, len(message) - 1):
        sock.sendall(message[place : place + 1])
        assert far.receive_some() is None
    sock.sendall(message[-1:])
    heard = far.receive_some()
    assert heard is not None
    assert heard[0] == {"do": "hosts"}
    (given,) = heard[1]
    os.write(given, b"over")
    os.close(given)
    assert os.read(read_end, 9) == b"over"
    os.close(read_end)


def test_who_closes_in_mid_message_keeps_no_descriptor(ends: tuple[Channel, Channel, socket.socket]) -> None:
    _near, far, sock = ends
    read_end, write_end = os.pipe()
    socket.send_fds(sock, [b"\0"], [write_end])
    os.close(write_end)
    assert far.receive_some() is None
    far.close()
    assert os.read(read_end, 9) == b""
    os.close(read_end)
