"""In place of packet sockets: arrays for their rings, whose kernel's half a test plays."""

from __future__ import annotations

import socket
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hatoba.wire import packet_ring

NET = 80  # where a packet starts in a slot of the kernel's


class PacketSocket:
    """In place of a packet socket: a real one for poll(), an array for its ring."""

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.near, self.far = socket.socketpair()
        self.slots = np.zeros((0, 0), np.uint8)
        self.bound: object = None
        self.options: dict[tuple[int, int], object] = {}
        self.closed = False
        self.on_send: Callable[[], None] = lambda: None
        self.lost = 0
        self.error = 0

    def fileno(self) -> int:
        return self.near.fileno()

    def setsockopt(self, level: int, option: int, value: object) -> None:
        self.options[level, option] = value

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR):
            return self.error
        told, self.lost = self.lost, 0
        return np.array([9, told], np.uint32).tobytes()

    def bind(self, address: object) -> None:
        self.bound = address

    def send(self, data: bytes) -> int:
        assert data == b""
        self.on_send()
        return 0

    def close(self) -> None:
        self.closed = True
        self.near.close()
        self.far.close()


def headers(packet_socket: PacketSocket) -> npt.NDArray[np.void]:
    return packet_ring.headers(packet_socket.slots)


def arrive(packet_socket: PacketSocket, slot: int, packet: bytes, at_s: float = 100.5, net: int = NET) -> None:
    """What the kernel does with a packet: data first, then the status."""
    header = headers(packet_socket)[slot : slot + 1]
    assert header["status"][0] == 0, "the slot was not given back"
    packet_socket.slots[slot, net : net + len(packet)] = np.frombuffer(packet, np.uint8)
    header["snaplen"], header["net"] = len(packet), net
    header["sec"], header["nsec"] = int(at_s), round((at_s % 1) * 1e9)
    header["status"] = 1 | 1 << 4  # TP_STATUS_USER, and a bit that says something else
