"""The RX ring's arithmetic, on memory that plays the kernel's: whose a slot is, where a run ends.

The true rings are tested in ``tests/net/test_packet_wires.py``.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from hatoba.errors import NotPermitted, WireError
from hatoba.wire import packet_ring, receiver
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.packet_filter import answers_program
from hatoba.wire.receiver import Receiver
from tests.unit.wire.packet_sockets import NET, PacketSocket, arrive
from tests.unit.wire.probing import FIRST_PORT


def taking(slots: int = 8, clock: Callable[[], float] = float) -> Receiver:
    return Receiver(4, {6}, "eth7", FIRST_PORT, slots, clock)


def test_nothing_there_nothing_taken(sockets: list[PacketSocket]) -> None:
    taker = taking()
    assert len(taker.receive(0)) == len(taker.receive(0.001)) == 0
    assert sockets[0].bound == ("eth7", 3)


def test_packets_come_with_their_bytes_lengths_and_times(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver.time, "time", lambda: 1000.0)
    taker = taking(clock=lambda: 50.0)
    for slot, packet in enumerate([b"first", b"x" * 300, b"third"]):
        arrive(sockets[0], slot, packet[: 320 - NET], at_s=999.25 + slot)
    arrived = taker.receive(0)
    assert [row[:length].tobytes() for row, length in zip(arrived.frames, arrived.lengths, strict=True)] == [
        b"first",
        b"x" * WIDTH_BYTES,
        b"third",
    ]
    assert arrived.at_s.tolist() == [49.25, 50.25, 51.25]
    assert arrived.frames.shape[1] == WIDTH_BYTES


def test_what_was_taken_does_not_change_when_the_slot_is_used_again(sockets: list[PacketSocket]) -> None:
    taker = taking(slots=1)
    arrive(sockets[0], 0, b"one")
    first = taker.receive(0)
    arrive(sockets[0], 0, b"two")
    second = taker.receive(0)
    assert (first.frames[0, :3].tobytes(), second.frames[0, :3].tobytes()) == (b"one", b"two")


@pytest.mark.parametrize("slots", [1, 2, 7, 8, 64, 65, 1100])
@pytest.mark.parametrize("burst", [1, 3, 64, 65, 1024, 1100])
def test_round_and_round(sockets: list[PacketSocket], slots: int, burst: int) -> None:
    """Bursts of any size through a ring of any size: each packet once, in order."""
    taker = taking(slots=slots)
    sent: list[int] = []
    heard: list[int] = []
    for _round in range(5):
        for _one in range(min(burst, slots)):
            arrive(sockets[0], len(sent) % slots, len(sent).to_bytes(4, "big"))
            sent.append(len(sent))
        while len(arrived := taker.receive(0)):
            heard += [int.from_bytes(row[:4].tobytes(), "big") for row in arrived.frames]
    assert heard == sent


def test_a_run_ends_at_the_first_slot_that_is_not_ready(sockets: list[PacketSocket]) -> None:
    taker = taking()
    arrive(sockets[0], 0, b"a")
    arrive(sockets[0], 2, b"c")
    assert len(taker.receive(0)) == 1
    assert len(taker.receive(0)) == 0
    arrive(sockets[0], 1, b"b")
    assert len(taker.receive(0)) == 2


def test_a_packet_that_starts_elsewhere_is_not_read_as_rubbish(sockets: list[PacketSocket]) -> None:
    taker = taking()
    arrive(sockets[0], 0, b"\x45 right")
    arrive(sockets[0], 1, b"\x45 other", net=NET + 16)
    assert taker.receive(0).lengths.tolist() == [7, 0]


def test_waiting_ends_with_a_packet(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    taker = taking()

    class Poll:
        def poll(self, timeout_ms: float) -> list[tuple[int, int]]:
            assert timeout_ms == 250
            arrive(sockets[0], 0, b"late")
            return [(0, receiver.select.POLLIN)]

    monkeypatch.setattr(taker, "_poll", Poll())
    assert len(taker.receive(0.25)) == 1


def test_a_wrong_alarm_is_no_packet(sockets: list[PacketSocket]) -> None:
    taker = taking()
    sockets[0].far.send(b"x")
    assert len(taker.receive(10)) == 0


def test_a_link_that_goes_down_while_one_waits_is_one_sentence(
    sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    taker = taking()
    arrive(sockets[0], 0, b"before")
    sockets[0].error = errno.ENETDOWN

    class Poll:
        def poll(self, _timeout_ms: float) -> list[tuple[int, int]]:
            return [(0, receiver.select.POLLERR)]

    monkeypatch.setattr(taker, "_poll", Poll())
    assert len(taker.receive(1)) == 1, "what had arrived is known"
    with pytest.raises(WireError, match=r"^interface eth7 does not work: it went down; check it with: ip link show eth7$"):
        taker.receive(1)


def test_drops_add_up_though_the_kernel_forgets_them(sockets: list[PacketSocket]) -> None:
    taker = taking()
    sockets[0].lost = 5
    assert (taker.drops, taker.drops) == (5, 5)
    sockets[0].lost = 2
    assert taker.drops == 7


def test_one_s_own_program_stands_in_for_the_filter(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    attached: list[bytes] = []
    monkeypatch.setattr(receiver, "_attach", lambda _socket, program: attached.append(program))
    Receiver(4, (), "eth7", 0, 8, float, b"program!")
    Receiver(6, {17}, "eth7", FIRST_PORT, 8, float)
    assert attached == [b"program!", answers_program(6, FIRST_PORT, {17})]


def test_without_the_right_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(packet_ring.socket, "socket", refuse)
    with pytest.raises(NotPermitted, match="CAP_NET_RAW"):
        taking()
