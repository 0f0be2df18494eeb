"""Questions for hardware addresses as scapy reads them, answers as scapy writes them; no packet leaves."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from hatoba.errors import NotPermitted, WireError
from hatoba.wire import neighbours
from hatoba.wire.neighbours import PATIENCE_S, find_neighbours
from hatoba.wire.routes import Link
from tests.unit.wire.probing import HOST, MAC, US

LINK = Link(7, "eth7", MAC, ethernet=True, up=True)
THEIRS = "02:00:00:00:00:99"
BOTH = pytest.mark.parametrize("family", [4, 6])


def packed(text: str) -> bytes:
    return ip_address(text).packed


def advertisement(family: int, address: str, mac: str = THEIRS, **changes: int) -> bytes:
    if family == 4:
        fields = {"op": changes.get("op", 2), "hwsrc": mac, "psrc": address, "hwdst": MAC.hex(":"), "pdst": US[4]}
        return bytes(Ether(src=mac, dst=MAC.hex(":")) / ARP(**fields))
    option = (ICMPv6NDOptSrcLLAddr if changes.get("option") == 1 else ICMPv6NDOptDstLLAddr)(lladdr=mac)
    kind = (ICMPv6ND_NS if changes.get("type") == 135 else ICMPv6ND_NA)(tgt=address)
    network = IPv6(src=address, dst=US[6], hlim=changes.get("hlim", 255))
    return bytes(Ether(src=mac, dst=MAC.hex(":")) / network / kind / option)


class Wire:
    """In place of the packet socket and of time: *reply* says what each question brings, and waiting only moves the clock."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.waiting: deque[bytes] = deque()
        self.sent: list[bytes] = []
        self.bound: object = None
        self.errors: list[int] = []
        self.now_s = 0.0

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_exc: object) -> None: ...

    def bind(self, address: object) -> None:
        self.bound = address

    def setsockopt(self, *_arguments: object) -> None: ...

    def send(self, frame: bytes) -> None:
        if self.errors and (code := self.errors.pop(0)):
            raise OSError(code, "made up")
        self.sent.append(frame)
        self.waiting += self.reply(frame)

    def recv(self, size: int) -> bytes:
        return self.waiting.popleft()[:size]

    def select(
        self, _readers: object, _writers: object, _errors: object, timeout_s: float
    ) -> tuple[list[Wire], list[Wire], list[Wire]]:
        assert timeout_s >= 0
        if self.waiting:
            return [self], [], []
        self.now_s += timeout_s
        return [], [], []

    def clock(self) -> float:
        """Each look takes a little."""
        self.now_s += 0.0001
        return self.now_s


Reply = Callable[[bytes], list[bytes]]
Make = Callable[[Reply], Wire]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a wire and put it in the module's way."""

    def make(reply: Reply) -> Wire:
        wire = Wire(reply)
        monkeypatch.setattr(neighbours.socket, "socket", lambda *_arguments: wire)
        monkeypatch.setattr(neighbours.select, "select", wire.select)
        return wire

    return make


def ask(wire: Wire | None, family: int, *addresses: str) -> dict[str, str]:
    clock = wire.clock if wire else float
    found = find_neighbours(LINK, family, packed(US[family]), map(packed, addresses), clock)
    return {str(ip_address(address)): mac.hex(":") for address, mac in found.items()}


def asked_for(frame: bytes) -> str:
    packet = Ether(frame)
    return str(packet.pdst if ARP in packet else packet.tgt)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=5))
def test_an_arp_request_as_scapy_reads_it(addresses: list[bytes]) -> None:
    for frame, address in zip(neighbours._arp_requests(LINK, packed(US[4]), addresses), addresses, strict=True):
        packet = Ether(frame.tobytes())
        expected = Ether(src=MAC.hex(":"), dst="ff:ff:ff:ff:ff:ff") / ARP(
            op=1, hwsrc=MAC.hex(":"), psrc=US[4], hwdst="00:00:00:00:00:00", pdst=str(ip_address(address))
        )
        assert bytes(packet) == bytes(expected)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5))
def test_a_solicitation_as_scapy_reads_it(addresses: list[bytes]) -> None:
    for frame, address in zip(neighbours._solicitations(LINK, packed(US[6]), addresses), addresses, strict=True):
        group = packed("ff02::1:ff00:0")[:13] + address[13:]
        expected: Packet = (
            Ether(src=MAC.hex(":"), dst="33:33:ff:" + address[13:].hex(":"))
            / IPv6(src=US[6], dst=str(ip_address(group)), hlim=255)
            / ICMPv6ND_NS(tgt=str(ip_address(address)))
            / ICMPv6NDOptSrcLLAddr(lladdr=MAC.hex(":"))
        )
        assert frame.tobytes() == bytes(expected)


@BOTH
def test_those_who_answer_are_found_and_nobody_else(family: int, made: Make) -> None:
    gone = HOST[family] + "3"
    wire = made(lambda frame: [advertisement(family, HOST[family])] if asked_for(frame) == HOST[family] else [])
    assert ask(wire, family, HOST[family], gone) == {HOST[family]: THEIRS}
    assert [asked_for(frame) for frame in wire.sent].count(HOST[family]) == 1, "who has answered is not asked again"
    assert [asked_for(frame) for frame in wire.sent].count(gone) == len(PATIENCE_S)
    assert wire.bound == ("eth7", 0x0806 if family == 4 else 0x86DD)


@BOTH
def test_a_host_that_sleeps_is_asked_again(family: int, made: Make) -> None:
    wire = made(lambda _frame: [advertisement(family, HOST[family])] if len(wire.sent) == 2 else [])
    assert ask(wire, family, HOST[family]) == {HOST[family]: THEIRS}
    assert len(wire.sent) == 2


@BOTH
def test_the_first_answer_stands(family: int, made: Make) -> None:
    other = "02:00:00:00:00:66"
    wire = made(lambda _frame: [advertisement(family, HOST[family]), advertisement(family, HOST[family], other)])
    assert ask(wire, family, HOST[family]) == {HOST[family]: THEIRS}


@pytest.mark.parametrize(
    ("family", "frame"),
    [
        pytest.param(4, advertisement(4, HOST[4], op=1), id="a request"),
        pytest.param(4, advertisement(4, "198.18.0.77"), id="another address"),
        pytest.param(4, advertisement(4, HOST[4])[:41], id="cut short"),
        pytest.param(6, advertisement(6, HOST[6], hlim=254), id="forwarded by a router"),
        pytest.param(6, advertisement(6, HOST[6], type=135), id="a solicitation"),
        pytest.param(6, advertisement(6, HOST[6], option=1), id="another option"),
        pytest.param(6, advertisement(6, "fd00:18::77"), id="another address"),
        pytest.param(6, advertisement(6, HOST[6])[:85], id="cut short"),
        pytest.param(6, b"", id="nothing"),
    ],
)
def test_what_is_no_answer(family: int, frame: bytes, made: Make) -> None:
    wire = made(lambda _frame: [frame])
    assert ask(wire, family, HOST[family]) == {}


def test_nobody_asked_for_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours.socket, "socket", None)
    assert ask(None, 4) == {}


@BOTH
def test_many_are_asked_once_each(family: int, made: Make) -> None:
    base = int.from_bytes(packed(HOST[family]), "big")
    addresses = [str(ip_address((base + n).to_bytes(len(packed(HOST[family])), "big"))) for n in range(1200)]
    wire = made(lambda frame: [advertisement(family, asked_for(frame))])
    assert ask(wire, family, *addresses, *addresses) == dict.fromkeys(addresses, THEIRS)
    assert len(wire.sent) == 1200
    assert wire.now_s < PATIENCE_S[0], "nothing is waited for once all have answered"


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN])
def test_a_full_queue_costs_one_question_which_is_asked_again(code: int, made: Make) -> None:
    wire = made(lambda frame: [advertisement(4, asked_for(frame))])
    wire.errors = [code, 0]
    assert ask(wire, 4, "198.18.0.2", "198.18.0.3") == {"198.18.0.2": THEIRS, "198.18.0.3": THEIRS}
    assert [asked_for(frame) for frame in wire.sent] == ["198.18.0.3", "198.18.0.2"]


def test_a_link_that_is_down_is_one_sentence(made: Make) -> None:
    wire = made(lambda _frame: [])
    wire.errors = [errno.ENETDOWN]
    with pytest.raises(WireError, match=r"^interface eth7 does not work: .*ip link show eth7$"):
        ask(wire, 4, HOST[4])


def test_without_the_right_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(neighbours.socket, "socket", refuse)
    with pytest.raises(NotPermitted, match="CAP_NET_RAW"):
        ask(None, 6, HOST[6])


def test_a_link_that_never_falls_silent_does_not_hold_us(made: Make) -> None:
    """Other hosts' packets keep coming, faster than one can read: there is always one more."""
    wire = made(lambda _frame: [])
    foreign = advertisement(6, "fd00:18::77")

    class Endless(deque[bytes]):
        def popleft(self) -> bytes:
            return foreign

    wire.waiting = Endless([b""])
    assert ask(wire, 6, HOST[6]) == {}
    assert len(wire.sent) == len(PATIENCE_S)
    assert wire.now_s < sum(PATIENCE_S) + 2 * len(PATIENCE_S) * neighbours._FLOOD_S + 0.1


def test_as_long_as_patience_lasts(made: Make) -> None:
    wire = made(lambda _frame: [])
    assert ask(wire, 6, HOST[6]) == {}
    assert sum(PATIENCE_S) <= wire.now_s < sum(PATIENCE_S) + 0.1


@BOTH
@settings(deadline=None)
@given(frame=st.binary(max_size=120))
def test_rubbish_never_raises(family: int, frame: bytes) -> None:
    told = neighbours._read(family, frame)
    assert told is None or len(told[1]) == 6
