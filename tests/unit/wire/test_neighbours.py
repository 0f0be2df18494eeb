"""The wire that asks for hardware addresses, on played sockets; true ones: ``tests/net/test_neighbour_search.py``."""

from __future__ import annotations

import errno
from collections.abc import Callable

import numpy as np
import pytest
from scapy.layers.inet6 import ICMPv6ND_NS
from scapy.layers.l2 import ARP, Ether

from hatoba.errors import NotPermitted, WireError
from hatoba.wire import base, neighbours
from hatoba.wire.base import WIDTH_BYTES, Arrived
from hatoba.wire.neighbours import NeighbourWire
from hatoba.wire.routes import Link
from tests.unit.wire.probing import HOST, MAC, US, packed
from tests.unit.wire.test_neighbour_frames import GENUINE, THEIRS

LINK = Link(7, "eth7", MAC, ethernet=True, up=True)
BOTH = pytest.mark.parametrize("family", [4, 6])


class PlayedSocket:
    """In place of a packet socket and of what stands around it: the volley out of it, the ring beside it."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.bound: object = None
        self.closed: list[str] = []
        self.refusals: list[int] = []
        """What comes of each volley: 0 for as many as are wanted, -1 for none, an errno."""
        self.sent: list[bytes] = []
        self.waiting: list[bytes] = []
        self.ring: tuple[object, ...] = ()
        self.drops = 4

    def clock(self) -> float:
        return self.now_s

    def bind(self, address: object) -> None:
        self.bound = address

    def setsockopt(self, *_arguments: object) -> None: ...

    def close(self) -> None:
        self.closed.append("socket")

    def send(self, frames: np.ndarray) -> int:
        refusal = self.refusals.pop(0) if self.refusals else 0
        if refusal > 0:
            raise OSError(refusal, "made up")
        if refusal < 0:
            return 0
        self.sent += [frame.tobytes() for frame in frames]
        return len(frames)


class PlayedReceiver:
    def __init__(self, played: PlayedSocket, *arguments: object) -> None:
        self._played = played
        played.ring = arguments

    @property
    def drops(self) -> int:
        return self._played.drops

    def receive(self, _timeout_s: float) -> Arrived:
        packets, self._played.waiting = self._played.waiting, []
        frames = np.zeros((len(packets), WIDTH_BYTES), np.uint8)
        for row, packet in zip(frames, packets, strict=True):
            row[: len(packet)] = np.frombuffer(packet, np.uint8)
        return Arrived(frames, np.array([len(packet) for packet in packets], np.uint32), np.full(len(packets), 7.0))

    def close(self) -> None:
        self._played.closed.append("ring")


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> PlayedSocket:
    made = PlayedSocket()
    monkeypatch.setattr(neighbours.socket, "socket", lambda *_arguments: made)
    monkeypatch.setattr(neighbours, "Volley", lambda _socket: made)
    monkeypatch.setattr(neighbours.packet_ring, "let_go", lambda last: last())
    monkeypatch.setattr(neighbours, "Receiver", lambda *arguments: PlayedReceiver(made, *arguments))
    return made


def wire(played: PlayedSocket, family: int, questions: int = 100) -> NeighbourWire:
    return NeighbourWire(LINK, family, packed(US[family])[0].tobytes(), questions, played.clock)


@BOTH
def test_questions_leave_and_answers_are_read(family: int, played: PlayedSocket) -> None:
    asker = wire(played, family)
    assert played.bound == ("eth7", 0), "nothing but the ring may take packets in"
    assert asker.ask(packed(HOST[family])) == 1
    (frame,) = (Ether(frame) for frame in played.sent)
    assert (frame[ARP].pdst if family == 4 else frame[ICMPv6ND_NS].tgt) == HOST[family]
    played.waiting = [GENUINE[family], b"rubbish"]
    told = asker.hear(1.0)
    assert (told.addresses.tolist(), told.macs.tobytes().hex(":")) == (packed(HOST[family]).tolist(), THEIRS)
    assert told.at_s.tolist() == [7.0]
    assert asker.drops == 4
    asker.close()
    assert sorted(played.closed) == ["ring", "socket"]


@pytest.mark.parametrize("questions", [1, 1000, 10**6])
def test_the_ring_fits_the_questions(questions: int, played: PlayedSocket) -> None:
    wire(played, 4, questions)
    _family, _protocols, interface, _port, slots, *_rest = played.ring
    assert interface == "eth7"
    assert min(2 * questions, 1 << 13) <= slots <= 1 << 13


def test_a_way_out_that_is_full_is_waited_for_but_not_for_ever(played: PlayedSocket) -> None:
    asker, target = wire(played, 4), packed(HOST[4])
    for _round in range(2):
        played.refusals = [-1, -1]
        assert asker.ask(target) == 0
        played.now_s += base.STUCK_S - 0.1
        assert asker.ask(target) == 0
        assert asker.ask(target) == 1, "and then it is well again"
    played.refusals = [-1, -1]
    assert asker.ask(target) == 0
    played.now_s += base.STUCK_S + 0.1
    with pytest.raises(WireError, match=r"^interface eth7 does not work: it takes no more packets; .*ip link show eth7$"):
        asker.ask(target)


def test_to_ask_nobody_is_no_refusal(played: PlayedSocket) -> None:
    asker = wire(played, 4)
    nobody = np.zeros((0, 4), np.uint8)
    for _look in range(3):
        assert asker.ask(nobody) == 0
        played.now_s += base.STUCK_S


def test_a_link_that_is_down_is_one_sentence(played: PlayedSocket) -> None:
    asker = wire(played, 4)
    played.refusals = [errno.ENETDOWN]
    with pytest.raises(WireError, match=r"^interface eth7 does not work: .*ip link show eth7$"):
        asker.ask(packed(HOST[4]))


def refuse(error: OSError) -> Callable[..., None]:
    def opened(*_arguments: object) -> None:
        raise error

    return opened


def test_without_the_right_one_sentence_and_nothing_left_open(played: PlayedSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours.socket, "socket", refuse(PermissionError(errno.EPERM, "no")))
    with pytest.raises(NotPermitted, match="CAP_NET_RAW"):
        wire(played, 6)
    assert played.closed == ["ring"]


def test_without_descriptors_one_sentence_and_nothing_left_open(played: PlayedSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours.socket, "socket", refuse(OSError(errno.EMFILE, "too many open files")))
    with pytest.raises(WireError, match="too many open files"):
        wire(played, 6)
    assert played.closed == ["ring"]


def test_a_link_that_is_gone_is_one_sentence_and_nothing_left_open(
    played: PlayedSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(played, "bind", refuse(OSError(errno.ENODEV, "No such device")))
    with pytest.raises(WireError, match="eth7 does not work: No such device"):
        wire(played, 4)
    assert sorted(played.closed) == ["ring", "socket"]
