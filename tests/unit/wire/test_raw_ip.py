"""What raw IP hands to sendmmsg(2), read back out of memory, and what it does with each refusal; nothing is sent.

True packets are in ``tests/net/test_packet_wires.py``.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from hatoba.errors import NotPermitted, WireError
from hatoba.packets.segment import Segment
from hatoba.wire import base, raw_ip, volley
from hatoba.wire.base import Arrived, nothing_arrived
from hatoba.wire.raw_ip import RawIpWire
from tests.unit.wire.probing import FIRST_PORT, HOST, packed, send, template

BOTH = pytest.mark.parametrize("family", [4, 6])


class RawSocket:
    """In place of the raw socket."""

    def __init__(self, *arguments: int) -> None:
        self.arguments = arguments
        self.closed = False

    def setsockopt(self, *_arguments: object) -> None: ...

    def fileno(self) -> int:
        return 99

    def close(self) -> None:
        self.closed = True


class FakeReceiver:
    """In place of the packet socket."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.drops = 4
        self.closed = False

    def receive(self, timeout_s: float) -> Arrived:
        self.waited_s = timeout_s
        return nothing_arrived()

    def close(self) -> None:
        self.closed = True


class Kernel:
    """sendmmsg: takes as many messages as the next step says, or refuses the first with that errno (given negative)."""

    def __init__(self, *steps: int) -> None:
        self.steps = list(steps)
        self.sent: list[tuple[bytes, bytes]] = []
        self.calls = 0

    def __call__(self, descriptor: int, messages: int, count: int, flags: int) -> int:
        assert (descriptor, flags) == (99, 0)
        self.calls += 1
        step = self.steps.pop(0) if self.steps else count
        if step < 0:
            ctypes.set_errno(-step)
            return -1
        for number in range(min(step, count)):
            # struct mmsghdr of a 64-bit machine: name, its length, iov, their number, control, its length, flags
            name, name_bytes, iov, iovs, control = struct.unpack_from("=QI4xQQQ", ctypes.string_at(messages + 64 * number, 40))
            assert (iovs, control) == (1, 0)
            start, size = struct.unpack("=QQ", ctypes.string_at(iov, 16))
            self.sent.append((ctypes.string_at(name, name_bytes), ctypes.string_at(start, size)))
        return min(step, count)


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RawSocket]]:
    opened: list[RawSocket] = []

    def open_(*arguments: int) -> RawSocket:
        opened.append(RawSocket(*arguments))
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr(raw_ip.socket, "socket", open_)
        patch.setattr(raw_ip, "Receiver", FakeReceiver)
        yield opened


def wire(kernel: Kernel, family: int = 4, zone_index: int = 0) -> RawIpWire:
    made = RawIpWire(template(family), "tun7", FIRST_PORT, 64, float, zone_index)
    made._volley._sendmmsg = kernel  # type: ignore[assignment]
    return made


def name_of(family: int, address: bytes, zone_index: int = 0) -> bytes:
    """The socket address (ip(7), ipv6(7)) as C has it."""
    if family == 4:
        return struct.pack("=H", socket.AF_INET) + bytes(2) + address + bytes(8)
    return struct.pack("=H", socket.AF_INET6) + bytes(6) + address + struct.pack("=I", zone_index)


@BOTH
@pytest.mark.parametrize("zone_index", [0, 3])
def test_each_packet_goes_to_the_address_in_its_header(sockets: list[RawSocket], family: int, zone_index: int) -> None:
    kernel = Kernel()
    made = wire(kernel, family, zone_index if family == 6 else 0)
    hosts = [HOST[family], HOST[family] + "1", HOST[family] + "2"]
    send(made, packed(*hosts), [80, 81, 82])
    wanted = packed(*hosts)
    assert [name for name, _packet in kernel.sent] == [
        name_of(family, row.tobytes(), zone_index if family == 6 else 0) for row in wanted
    ]
    for (_name, packet), row, port in zip(kernel.sent, wanted, (80, 81, 82), strict=True):
        assert packet[made.template.destination] == row.tobytes()
        assert struct.unpack_from(">HI", packet, made.template.destination.stop + 2) == (port, 7)
    assert sockets[0].arguments == (
        socket.AF_INET if family == 4 else socket.AF_INET6,
        socket.SOCK_RAW | socket.SOCK_CLOEXEC,
        socket.IPPROTO_RAW,
    )


def test_a_second_batch_replaces_the_first(sockets: list[RawSocket]) -> None:
    kernel = Kernel()
    made = wire(kernel)
    send(made, packed(*["198.18.0.2"] * 3), [80, 81, 82])
    send(made, packed("198.18.0.9"), [90])
    names = [name[4:8] for name, _packet in kernel.sent]
    assert names == [bytes([198, 18, 0, 2])] * 3 + [bytes([198, 18, 0, 9])]
    assert [int.from_bytes(packet[22:24], "big") for _name, packet in kernel.sent] == [80, 81, 82, 90]


@BOTH
def test_packets_of_different_lengths_leave_as_they_are(sockets: list[RawSocket], family: int) -> None:
    """A short one after a long one, in the same slots."""
    kernel = Kernel()
    long = Segment(17, bytes(400), sum_at=6)
    made = RawIpWire(template(family, 0, long), "tun7", FIRST_PORT, 64, float)
    made._volley._sendmmsg = kernel  # type: ignore[assignment]
    for variants in ([0, 1, 0], [1, 0, 1], [0, 0, 0]):
        send(made, packed(*[HOST[family]] * 3), [80, 81, 82], variants=variants)
        sizes = [len(made.template.frame(variant)) for variant in variants]
        assert [len(packet) for _name, packet in kernel.sent[-3:]] == sizes
    heard = made._receiver
    assert isinstance(heard, FakeReceiver)
    assert heard.arguments[1] == {6, 17}


def test_room_is_bounded(sockets: list[RawSocket]) -> None:
    made = wire(Kernel())
    assert len(made.reserve(3)) == 3
    assert 0 < len(made.reserve(100_000)) < 100_000


def test_portions_are_completed(sockets: list[RawSocket]) -> None:
    kernel = Kernel(3, 1, -errno.EINTR, 2)
    made = wire(kernel)
    send(made, packed(*["198.18.0.2"] * 10), list(range(10)))
    assert [int.from_bytes(packet[22:24], "big") for _name, packet in kernel.sent] == list(range(10))
    assert made.refusals.counts == {}


@pytest.mark.parametrize("code", [errno.EPERM, errno.EACCES, errno.EINVAL, errno.ECONNREFUSED, errno.EHOSTUNREACH])
def test_a_refused_packet_is_counted_and_the_others_pass(sockets: list[RawSocket], code: int) -> None:
    kernel = Kernel(2, -code, 1, -code, -code)
    made = wire(kernel)
    send(made, packed(*["198.18.0.2"] * 8), list(range(8)))
    assert [int.from_bytes(packet[22:24], "big") for _name, packet in kernel.sent] == [0, 1, 3, 6, 7]
    assert made.refusals.counts == {code: 3}
    assert made.refusals.first == {code: ip_address("198.18.0.2").packed}


@pytest.mark.parametrize("code", [errno.ENETDOWN, errno.ENETUNREACH, errno.ENODEV, errno.EBADF])
def test_a_dead_link_is_one_sentence(sockets: list[RawSocket], code: int) -> None:
    kernel = Kernel(1, -code)
    with pytest.raises(WireError, match=r"^packets can't leave through tun7: .*ip link show tun7$"):
        send(wire(kernel), packed(*["198.18.0.2"] * 3), [1, 2, 3])
    assert kernel.calls == 2


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN, errno.EINTR])
def test_a_link_that_takes_nothing_ends_in_one_sentence(
    sockets: list[RawSocket], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0

    def moves_on(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    monkeypatch.setattr(raw_ip.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(raw_ip.time, "sleep", moves_on)
    kernel = Kernel(1, *[-code] * 1_000_000)
    with pytest.raises(WireError, match="tun7"):
        send(wire(kernel), packed(*["198.18.0.2"] * 3), [1, 2, 3])
    assert base.STUCK_S <= now_s < base.STUCK_S + 0.1
    assert kernel.calls < 10_000, "it spins"


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN])
def test_a_slow_link_may_take_longer_than_that_as_long_as_it_moves(
    sockets: list[RawSocket], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0

    def moves_on(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds * 1000

    monkeypatch.setattr(raw_ip.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(raw_ip.time, "sleep", moves_on)
    kernel = Kernel(*[1, -code, -code] * 20)
    send(wire(kernel), packed(*["198.18.0.2"] * 20), list(range(20)))
    assert len(kernel.sent) == 20
    assert now_s > 3 * base.STUCK_S


def test_receiving_is_the_receiver_s_business(sockets: list[RawSocket]) -> None:
    made = wire(Kernel(), 6)
    assert len(made.receive(0.5)) == 0
    heard = made._receiver
    assert isinstance(heard, FakeReceiver)
    assert (heard.waited_s, heard.arguments) == (0.5, (6, {6}, "tun7", FIRST_PORT, 64, float))
    assert made.drops == 4
    made.close()
    assert (heard.closed, sockets[0].closed) == (True, True)


def test_a_missing_link_leaves_no_socket_open(sockets: list[RawSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_arguments: object) -> None:
        raise WireError("no such link")

    monkeypatch.setattr(raw_ip, "Receiver", missing)
    with pytest.raises(WireError, match="no such link"):
        wire(Kernel())
    assert sockets[0].closed


def test_without_the_right_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(raw_ip.socket, "socket", refuse)
    with pytest.raises(NotPermitted, match="CAP_NET_RAW"):
        wire(Kernel())


def test_the_layouts_are_those_of_this_machine() -> None:
    if not raw_ip.supported():
        pytest.skip("not a 64-bit Linux")
    assert volley._MMSGHDR.itemsize == 64
    assert volley._IOVEC.itemsize == 16
    assert (raw_ip._SOCKADDR[4].itemsize, raw_ip._SOCKADDR[6].itemsize) == (16, 28)
