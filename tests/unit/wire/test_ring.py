"""The TX rings' arithmetic, on memory that plays the kernel's: what leaves when and from which lane, what a stuck link does.

The true rings are tested in ``tests/net/test_packet_wires.py``.
"""

from __future__ import annotations

import errno
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.errors import WireError
from hatoba.packets.segment import Segment
from hatoba.wire import base, lanes, packet_ring
from hatoba.wire.gate import GatedPackets
from hatoba.wire.lanes import SLOTS
from hatoba.wire.ring import RingWire
from tests.unit.wire.packet_sockets import PacketSocket, headers
from tests.unit.wire.probing import FIRST_PORT, HOST, packed, send, template

SEND_REQUEST, WRONG_FORMAT = 1, 4


def wire(sockets: list[PacketSocket]) -> tuple[RingWire, PacketSocket]:
    """With one lane, and its socket."""
    made = RingWire(template(4, 14), "eth7", FIRST_PORT, 8, time.monotonic, lanes=1)
    return made, sockets[1]


def kernel_sends(sender: PacketSocket, sent: list[bytes], count: int = 1 << 30) -> Callable[[], None]:
    """The kernel's half of the TX ring: it keeps a place and sends what is asked for, *count* frames a call at most."""
    assert sender.options[263, 15] == 1, "the kernel takes no virtio_net_hdr unless PACKET_VNET_HDR is set"
    place = 0

    def flush() -> None:
        nonlocal place
        for _one in range(count):
            header = headers(sender)[place]
            if header["status"] != SEND_REQUEST:
                return
            offload, frame = np.split(sender.slots[place, 32 : 32 + int(header["len"])], [10])
            # struct virtio_net_hdr: nothing is left to the device, and all of the frame is copied
            assert struct.unpack("=BBHHHH", offload.tobytes()) == (0, 0, len(frame), 0, 0, 0)
            sent.append(frame.tobytes())
            headers(sender)["status"][place] = 0
            place = (place + 1) % len(sender.slots)

    return flush


def test_frames_leave_in_order_and_the_ring_goes_round(sockets: list[PacketSocket]) -> None:
    made, sender = wire(sockets)
    sent: list[bytes] = []
    sender.on_send = kernel_sends(sender, sent)
    wanted: list[int] = []
    for batch in (1, 1000, 4096, 3000, 17, 4096, 2):
        now = list(range(len(wanted), len(wanted) + batch))
        wanted += now
        send(made, packed(HOST[4]).repeat(batch, axis=0), [number & 0xFFFF for number in now])
    ports = [int.from_bytes(frame[36:38], "big") for frame in sent]
    assert ports == [number & 0xFFFF for number in wanted]
    assert {len(frame) for frame in sent} == {len(made.template.frame())}
    assert sender.bound == ("eth7", 0)


@pytest.mark.parametrize("size", [60, 86, 87, 400, 1400])
def test_frames_of_different_lengths_leave_as_they_are(sockets: list[PacketSocket], size: int) -> None:
    """A ring's slots are a power of two that holds the longest; a short frame after a long one is short."""
    made = RingWire(template(4, 14, Segment(17, bytes(size - 34), sum_at=6)), "eth7", FIRST_PORT, 8, time.monotonic)
    sender, sent = sockets[1], []
    sender.on_send = kernel_sends(sender, sent)
    slot_bytes = sender.slots.shape[1]
    assert slot_bytes & (slot_bytes - 1) == 0
    assert 128 <= slot_bytes >= 42 + size
    assert slot_bytes * len(sender.slots) <= 1 << 21
    wanted: list[int] = []
    for variants in ([0, 1, 1, 0], [1, 0, 0, 1]):
        for _turn in range(len(sender.slots) // 2 + 1):  # over the same slots again
            send(made, packed(HOST[4]).repeat(len(variants), axis=0), [80] * len(variants), variants=variants)
            wanted += [58 if variant == 0 else size for variant in variants]
    assert [len(frame) for frame in sent] == wanted


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

    monkeypatch.setattr(lanes.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(lanes.time, "sleep", moves_on)
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


class Everybody:
    def allows(self, family: int, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        return np.ones(len(packed), bool)


def test_nobody_waits_for_the_kernel_to_let_go_of_the_rings(
    sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does as soon as the last array over a ring is gone, and that is in no thread that scans."""
    last: list[Callable[[], object]] = []
    monkeypatch.setattr(packet_ring, "let_go", last.append)
    made, _sender = wire(sockets)
    gate = GatedPackets(made, Everybody())
    gate.reserve(1)
    memory = [weakref.ref(packet_socket.slots) for packet_socket in sockets]
    for packet_socket in sockets:
        del packet_socket.slots
    gate.close()
    assert all(slots() is not None for slots in memory)
    for let_go in last:
        let_go()
    assert [slots() for slots in memory] == [None, None]


def large(lanes: int) -> RingWire:
    """With room for the answers to more than one lane holds."""
    return RingWire(template(4, 14), "eth7", FIRST_PORT, 2 * SLOTS, time.monotonic, lanes=lanes)


@pytest.mark.parametrize(
    ("make", "rings"),
    [(lambda sockets: wire(sockets)[0], 2), (lambda _sockets: large(2), 3), (lambda _sockets: large(1), 2)],
    ids=["small", "large", "large with one lane"],
)
def test_all_rings_are_made_at_the_same_time(
    sockets: list[PacketSocket], monkeypatch: pytest.MonkeyPatch, make: Callable[[list[PacketSocket]], RingWire], rings: int
) -> None:
    """Each waits for the others: one after the other would wait for ever."""
    meeting, mapped = threading.Barrier(rings, timeout=30), packet_ring.mapped

    def meet(*arguments: object) -> object:
        meeting.wait()
        return mapped(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(packet_ring, "mapped", meet)
    make(sockets).close()
    assert len(sockets) == rings


@pytest.mark.parametrize("which", [socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_a_missing_link_leaves_no_socket_open(sockets: list[PacketSocket], which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(packet_socket: PacketSocket, _address: object) -> None:
        if packet_socket.kind == which:
            raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(PacketSocket, "bind", missing)
    for make in (lambda: wire(sockets), lambda: large(2)):
        with pytest.raises(WireError, match=r"^interface eth7 does not work: No such device;"):
            make()
    assert len(sockets) == 5
    assert all(packet_socket.closed for packet_socket in sockets)
