"""The kernel's table of neighbours, read from a made-up dump and from this machine's own, which sends nothing."""

from __future__ import annotations

import socket
import struct

import pytest

from hatoba.wire import neighbour_table
from hatoba.wire.neighbour_table import entries
from hatoba.wire.netlink import RTM_GETNEIGH, Message
from hatoba.wire.routes import Link

LINK = Link(2, "eth0", bytes(6), ethernet=True, up=True)
MAC = bytes.fromhex("020000000099")
INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT = (1 << bit for bit in range(8))


class Kernel:
    """In place of rtnetlink."""

    def __init__(self, family: int, rows: list[tuple[int, int, bytes, bytes]]) -> None:
        self.number, self.rows = socket.AF_INET if family == 4 else socket.AF_INET6, rows

    def __call__(self) -> Kernel:
        return self

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_exc: object) -> None: ...

    def dump(self, kind: int, body: bytes, body_bytes: int) -> list[Message]:
        assert (kind, body[0], len(body)) == (RTM_GETNEIGH, self.number, body_bytes)
        return [
            Message(struct.pack("=BxxxiHBB", self.number, index, state, 0, 1), {1: address} | ({2: mac} if mac else {}))
            for index, state, address, mac in self.rows
        ]


@pytest.mark.parametrize("family", [4, 6])
def test_what_the_kernel_would_send_by(family: int, monkeypatch: pytest.MonkeyPatch) -> None:
    width = 4 if family == 4 else 16
    states = (INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT)
    rows = [(2, state, bytes([place] * width), MAC) for place, state in enumerate(states)]
    rows += [
        (3, PERMANENT, bytes([9] * width), MAC),
        (2, REACHABLE, bytes([9] * width), b""),
        (2, NOARP, bytes([9] * width), bytes(20)),
    ]
    monkeypatch.setattr(neighbour_table, "Netlink", Kernel(family, rows))
    found = entries(LINK, family)
    assert found.addresses.tolist() == [[place] * width for place in (1, 2, 3, 4, 6, 7)]
    assert {mac.tobytes() for mac in found.macs} == {MAC}
    assert found.permanent.tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("family", [4, 6])
def test_an_empty_table(family: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour_table, "Netlink", Kernel(family, []))
    found = entries(LINK, family)
    assert (found.addresses.shape, found.macs.shape, found.permanent.tolist()) == ((0, 4 if family == 4 else 16), (0, 6), [])


@pytest.mark.parametrize("family", [4, 6])
def test_this_kernel_answers(family: int) -> None:
    found = entries(LINK, family)
    assert len(found.addresses) == len(found.macs) == len(found.permanent)
