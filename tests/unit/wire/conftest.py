from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.wire import packet_ring, receiver
from tests.unit.wire import bpf
from tests.unit.wire.packet_sockets import PacketSocket


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[PacketSocket]]:
    """The sockets that are open: the receiver's, then one a lane in the order in which they were opened."""
    opened: list[PacketSocket] = []

    def open_(kind: int) -> PacketSocket:
        made = PacketSocket(kind)
        opened.insert(0 if kind == socket.SOCK_DGRAM else len(opened), made)
        return made

    def map_(packet_socket: PacketSocket, _option: int, slots: int, slot_bytes: int, _block: int) -> npt.NDArray[np.uint8]:
        packet_socket.slots = np.zeros((slots, slot_bytes), np.uint8)
        return packet_socket.slots

    monkeypatch.setattr(packet_ring, "packet_socket", open_)
    monkeypatch.setattr(packet_ring, "mapped", map_)
    monkeypatch.setattr(receiver, "_attach", lambda _socket, program: bpf.check(program))
    yield opened
    for packet_socket in opened:
        packet_socket.close()
