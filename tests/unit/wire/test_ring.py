"""The rings' arithmetic, on memory that plays the kernel's: whose a slot is, where a run ends, what a stuck link does.

The true rings are tested in ``tests/net/test_packet_wires.py``.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.errors import NotPermitted, WireError
from hatoba.packets.segment import Segment
from hatoba.wire import base, ring
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.packet_filter import answers_program
from hatoba.wire.ring import Receiver, RingWire
from tests.unit.wire import bpf
from tests.unit.wire.probing import FIRST_PORT, HOST, packed, send, template

NET = 80  # where a packet starts in a slot of the kernel's
SEND_REQUEST, SENDING, WRONG_FORMAT = 1, 2, 4


class PacketSocket:
    """In place of a packet socket: a real one for poll(), an array for its ring."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.slots = np.zeros((0, 0), np.uint8)
        self.bound: object = None
        self.closed = False
        self.on_send: Callable[[], None] = lambda: None
        self.lost = 0
        self.error = 0

    def fileno(self) -> int:
        return self.near.fileno()

    def setsockopt(self, *_arguments: object) -> None: ...

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


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[PacketSocket]]:
    """The sockets that are opened, in order: the receiver's, then the sender's."""
    opened: list[PacketSocket] = []

    def open_(_kind: int, _protocol: int) -> PacketSocket:
        opened.append(PacketSocket())
        return opened[-1]

    def map_(packet_socket: PacketSocket, _option: int, slots: int, slot_bytes: int, _block: int) -> npt.NDArray[np.uint8]:
        packet_socket.slots = np.zeros((slots, slot_bytes), np.uint8)
        return packet_socket.slots

    monkeypatch.setattr(ring, "_packet_socket", open_)
    monkeypatch.setattr(ring, "_ring", map_)
    monkeypatch.setattr(ring, "_attach", lambda _socket, program: bpf.check(program))
    yield opened
    for packet_socket in opened:
        packet_socket.close()


def headers(packet_socket: PacketSocket) -> npt.NDArray[np.void]:
    return packet_socket.slots[:, :32].view(np.dtype(ring._HEADER))[:, 0]


def arrive(packet_socket: PacketSocket, slot: int, packet: bytes, at_s: float = 100.5, net: int = NET) -> None:
    """What the kernel does with a packet: data first, then the status."""
    header = headers(packet_socket)[slot : slot + 1]
    assert header["status"][0] == 0, "the slot was not given back"
    packet_socket.slots[slot, net : net + len(packet)] = np.frombuffer(packet, np.uint8)
    header["snaplen"], header["net"] = len(packet), net
    header["sec"], header["nsec"] = int(at_s), round((at_s % 1) * 1e9)
    header["status"] = 1 | 1 << 4  # TP_STATUS_USER, and a bit that says something else


def receiver(slots: int = 8, clock: Callable[[], float] = float) -> Receiver:
    return Receiver(4, {6}, "eth7", FIRST_PORT, slots, clock)


def test_nothing_there_nothing_taken(sockets: list[PacketSocket]) -> None:
    taker = receiver()
    assert len(taker.receive(0)) == len(taker.receive(0.001)) == 0
    assert sockets[0].bound == ("eth7", 3)


def test_packets_come_with_their_bytes_lengths_and_times(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring.time, "time", lambda: 1000.0)
    taker = receiver(clock=lambda: 50.0)
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
    taker = receiver(slots=1)
    arrive(sockets[0], 0, b"one")
    first = taker.receive(0)
    arrive(sockets[0], 0, b"two")
    second = taker.receive(0)
    assert (first.frames[0, :3].tobytes(), second.frames[0, :3].tobytes()) == (b"one", b"two")


@pytest.mark.parametrize("slots", [1, 2, 7, 8, 64, 65, 1100])
@pytest.mark.parametrize("burst", [1, 3, 64, 65, 1024, 1100])
def test_round_and_round(sockets: list[PacketSocket], slots: int, burst: int) -> None:
    """Bursts of any size through a ring of any size: each packet once, in order."""
    taker = receiver(slots=slots)
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
    taker = receiver()
    arrive(sockets[0], 0, b"a")
    arrive(sockets[0], 2, b"c")
    assert len(taker.receive(0)) == 1
    assert len(taker.receive(0)) == 0
    arrive(sockets[0], 1, b"b")
    assert len(taker.receive(0)) == 2


def test_a_packet_that_starts_elsewhere_is_not_read_as_rubbish(sockets: list[PacketSocket]) -> None:
    taker = receiver()
    arrive(sockets[0], 0, b"\x45 right")
    arrive(sockets[0], 1, b"\x45 other", net=NET + 16)
    assert taker.receive(0).lengths.tolist() == [7, 0]


def test_waiting_ends_with_a_packet(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    taker = receiver()

    class Poll:
        def poll(self, timeout_ms: float) -> list[tuple[int, int]]:
            assert timeout_ms == 250
            arrive(sockets[0], 0, b"late")
            return [(0, ring.select.POLLIN)]

    monkeypatch.setattr(taker, "_poll", Poll())
    assert len(taker.receive(0.25)) == 1


def test_a_wrong_alarm_is_no_packet(sockets: list[PacketSocket]) -> None:
    taker = receiver()
    sockets[0].far.send(b"x")
    assert len(taker.receive(10)) == 0


def test_a_link_that_goes_down_while_one_waits_is_one_sentence(
    sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    taker = receiver()
    arrive(sockets[0], 0, b"before")
    sockets[0].error = errno.ENETDOWN

    class Poll:
        def poll(self, _timeout_ms: float) -> list[tuple[int, int]]:
            return [(0, ring.select.POLLERR)]

    monkeypatch.setattr(taker, "_poll", Poll())
    assert len(taker.receive(1)) == 1, "what had arrived is known"
    with pytest.raises(WireError, match=r"^interface eth7 does not work: it went down; check it with: ip link show eth7$"):
        taker.receive(1)


def test_drops_add_up_though_the_kernel_forgets_them(sockets: list[PacketSocket]) -> None:
    taker = receiver()
    sockets[0].lost = 5
    assert (taker.drops, taker.drops) == (5, 5)
    sockets[0].lost = 2
    assert taker.drops == 7


def wire(sockets: list[PacketSocket]) -> tuple[RingWire, PacketSocket]:
    made = RingWire(template(4, 14), "eth7", FIRST_PORT, 8, time.monotonic)
    return made, sockets[1]


def kernel_sends(sender: PacketSocket, sent: list[bytes], count: int = 1 << 30) -> Callable[[], None]:
    """The kernel's half of the TX ring: it keeps a place and sends what is asked for, *count* frames a call at most."""
    place = 0

    def flush() -> None:
        nonlocal place
        for _one in range(count):
            header = headers(sender)[place]
            if header["status"] != SEND_REQUEST:
                return
            sent.append(sender.slots[place, 32 : 32 + int(header["len"])].tobytes())
            headers(sender)["status"][place] = 0
            place = (place + 1) % len(sender.slots)

    return flush


def test_frames_leave_in_order_and_the_ring_goes_round(sockets: list[PacketSocket]) -> None:
    made, sender = wire(sockets)
    sent: list[bytes] = []
    sender.on_send = kernel_sends(sender, sent)
    wanted: list[int] = []
    for batch in (1, 1000, 4096, 3000, 17, 4096, 2):
        left = list(range(len(wanted), len(wanted) + batch))
        wanted += left
        while left:
            room = len(made.reserve(len(left)))
            assert 0 < room <= len(left)
            now, left = left[:room], left[room:]
            send(made, packed(HOST[4]).repeat(room, axis=0), [number & 0xFFFF for number in now])
    ports = [int.from_bytes(frame[36:38], "big") for frame in sent]
    assert ports == [number & 0xFFFF for number in wanted]
    assert {len(frame) for frame in sent} == {len(made.template.frame())}
    assert sender.bound == ("eth7", 0)


@pytest.mark.parametrize("size", [60, 96, 97, 400, 1400])
def test_frames_of_different_lengths_leave_as_they_are(sockets: list[PacketSocket], size: int) -> None:
    """A ring's slots are a power of two that holds the longest; a short frame after a long one is short."""
    made = RingWire(template(4, 14, Segment(17, bytes(size - 34), sum_at=6)), "eth7", FIRST_PORT, 8, time.monotonic)
    sender, sent = sockets[1], []
    sender.on_send = kernel_sends(sender, sent)
    slot_bytes = sender.slots.shape[1]
    assert slot_bytes & (slot_bytes - 1) == 0
    assert 128 <= slot_bytes >= 32 + size
    assert slot_bytes * len(sender.slots) <= 1 << 21
    wanted: list[int] = []
    for variants in ([0, 1, 1, 0], [1, 0, 0, 1]):
        for _turn in range(len(sender.slots) // 2 + 1):  # over the same slots again
            left = list(variants)
            while left:
                room = len(made.reserve(len(left)))
                now, left = left[:room], left[room:]
                send(made, packed(HOST[4]).repeat(room, axis=0), [80] * room, variants=now)
                wanted += [58 if variant == 0 else size for variant in now]
    assert [len(frame) for frame in sent] == wanted


def test_one_s_own_program_stands_in_for_the_filter(sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    attached: list[bytes] = []
    monkeypatch.setattr(ring, "_attach", lambda _socket, program: attached.append(program))
    Receiver(4, (), "eth7", 0, 8, float, b"program!")
    Receiver(6, {17}, "eth7", FIRST_PORT, 8, float)
    assert attached == [b"program!", answers_program(6, FIRST_PORT, {17})]


def test_fewer_may_be_committed_than_were_reserved(sockets: list[PacketSocket]) -> None:
    made, sender = wire(sockets)
    sent: list[bytes] = []
    sender.on_send = kernel_sends(sender, sent)
    made.reserve(10)
    made.commit(3)
    made.commit(0)
    made.reserve(10)
    made.commit(2)
    assert len(sent) == 5


def test_a_kernel_that_sends_in_portions_is_asked_until_it_has_them_all(sockets: list[PacketSocket]) -> None:
    made, sender = wire(sockets)
    sent: list[bytes] = []
    sender.on_send = kernel_sends(sender, sent, count=7)
    send(made, packed(HOST[4]).repeat(40, axis=0), list(range(40)))
    assert len(sent) == 40


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN, errno.ETIMEDOUT])
def test_a_full_queue_is_waited_for(sockets: list[PacketSocket], code: int) -> None:
    made, sender = wire(sockets)
    sent: list[bytes] = []
    flush = kernel_sends(sender, sent, count=3)
    calls = 0

    def stutter() -> None:
        nonlocal calls
        calls += 1
        flush()
        if calls % 3 == 0 and len(sent) < 20:
            raise OSError(code, "busy")

    sender.on_send = stutter
    send(made, packed(HOST[4]).repeat(20, axis=0), list(range(20)))
    assert len(sent) == 20


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN, 0])
def test_a_link_that_takes_nothing_ends_in_one_sentence(
    sockets: list[PacketSocket], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0

    def moves_on(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    monkeypatch.setattr(ring.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(ring.time, "sleep", moves_on)
    made, sender = wire(sockets)

    def busy() -> None:
        if code:
            raise OSError(code, "busy")

    sender.on_send = busy
    with pytest.raises(WireError, match=r"^interface eth7 does not work: it takes no more packets;"):
        send(made, packed(HOST[4]), [80])
    assert base.STUCK_S <= now_s < base.STUCK_S + 0.1


@pytest.mark.parametrize("code", [errno.ENETDOWN, errno.ENXIO, errno.ENODEV])
def test_a_link_that_went_down_ends_at_once(sockets: list[PacketSocket], code: int) -> None:
    made, sender = wire(sockets)
    calls = []

    def down() -> None:
        calls.append(1)
        raise OSError(code, "Network is down")

    sender.on_send = down
    with pytest.raises(WireError, match=r"^interface eth7 does not work: Network is down; check it"):
        send(made, packed(HOST[4]), [80])
    assert len(calls) == 1


def test_a_frame_that_the_link_refuses_is_one_sentence(sockets: list[PacketSocket]) -> None:
    made, sender = wire(sockets)

    def refuse() -> None:
        headers(sender)["status"][0] = WRONG_FORMAT

    sender.on_send = refuse
    with pytest.raises(WireError, match="refuses frames"):
        send(made, packed(HOST[4]), [80])


def test_closing_closes_both(sockets: list[PacketSocket]) -> None:
    made, _sender = wire(sockets)
    made.close()
    assert [packet_socket.closed for packet_socket in sockets] == [True, True]


@pytest.mark.parametrize("which", [0, 1])
def test_a_missing_link_leaves_no_socket_open(sockets: list[PacketSocket], which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(packet_socket: PacketSocket, _address: object) -> None:
        if sockets.index(packet_socket) == which:
            raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(PacketSocket, "bind", missing)
    with pytest.raises(WireError, match=r"^interface eth7 does not work: No such device;"):
        wire(sockets)
    assert all(packet_socket.closed for packet_socket in sockets)


def test_without_the_right_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(ring.socket, "socket", refuse)
    with pytest.raises(NotPermitted, match="CAP_NET_RAW"):
        receiver()
