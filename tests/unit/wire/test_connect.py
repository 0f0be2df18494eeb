"""The connect wire's bookkeeping, over sockets that do what the test says. What the kernel does is in tests/net."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.errors import WireError
from hatoba.probes.connect import OUTCOME, Kind
from hatoba.wire.connect import ConnectWire, best_sockets
from hatoba.wire.connect_errors import ORIGIN_ICMP, ORIGIN_LOCAL, SocketError
from hatoba.wire.connect_salvo import Addresses, Round
from hatoba.wire.connect_sockets import Ended, PlainSockets, Slot, SocketAddress

HOST = bytes([198, 18, 0, 2])


class ScriptedSlot(Slot):
    """A slot without a socket; connect() returns what the script says for the port."""

    def __init__(self, descriptor: int, family: int, script: dict[int, int]) -> None:
        self.descriptor, self.family, self.script = descriptor, family, script
        self.token = self.zone_index = 0
        self.watched = False
        self.started_s = self.ended_s = 0.0
        self.connect = self._connect

    def _connect(self, address: SocketAddress) -> int:
        return self.script.get(address[1], errno.EINPROGRESS)


class ScriptedSockets:
    refused_at_once = Kind.LOCAL

    def __init__(self, sockets: int = 1000, script: dict[int, int] | None = None) -> None:
        self.flying: dict[int, Slot] = {}
        self.left, self.script, self.next = sockets, script or {}, 0
        self.refusal = errno.EMFILE
        self.to_end: dict[int, tuple[int, SocketError | None]] = {}
        self.given_up: list[int] = []
        self.asked: list[SocketAddress] = []
        self.waited: list[float] = []
        self.rounds: list[list[Round]] = []
        self.offered: list[int] = []
        self.most: list[int] = []
        self.near = False
        self.ended: list[int] = []

    def take(self, family: int) -> Slot:
        if self.left == 0:
            raise OSError(self.refusal, "no more")
        self.left -= 1
        self.next += 1
        return ScriptedSlot(self.next, family, self.script)

    def launch(self, slot: Slot, told_s: float = 0.0) -> None:
        slot.told_s = told_s
        self.asked.append(slot.address)
        self.flying[slot.descriptor] = slot

    def fire(self, family: int, addresses: Addresses, most: int) -> list[Round]:
        self.offered.append(len(addresses))
        self.most.append(most)
        if self.rounds:
            self.near = self.rounds[0][-1].is_near
        return self.rounds.pop(0) if self.rounds else []

    def end(self, slot: Slot, code: int) -> Ended:
        self.ended.append(slot.token)
        return slot, code, icmp(HOST) if code == errno.EHOSTUNREACH else None

    def put_back(self, slot: Slot) -> None:
        self.left += 1

    def settle(self, timeout_s: float, clock: Callable[[], float]) -> list[Ended]:
        self.waited.append(timeout_s)
        ended: list[Ended] = []
        for slot in list(self.flying.values()):
            if slot.token in self.to_end:
                slot.ended_s = clock()
                ended.append((slot, *self.to_end.pop(slot.token)))
                del self.flying[slot.descriptor]
                self.left += 1
        return ended

    def give_up(self, slots: list[Slot]) -> None:
        for slot in slots:
            del self.flying[slot.descriptor]
            self.given_up.append(slot.token)
            self.left += 1

    def close(self) -> None:
        self.flying.clear()


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def start(wire: ConnectWire, *tokens: int, host: bytes = HOST, first_port: int = 1, zone_index: int = 0) -> int:
    packed = np.tile(np.frombuffer(host, np.uint8), (len(tokens), 1))
    ports = np.array([first_port + place for place in range(len(tokens))], np.uint16)
    return wire.start(np.array(tokens, np.int64), packed, ports, zone_index)


def icmp(offender: bytes, origin: int = ORIGIN_ICMP) -> SocketError:
    return SocketError(errno.EHOSTUNREACH, origin, 3, 1, offender, 64, (HOST, 1))


def only(rows: npt.NDArray[np.void]) -> np.void:
    assert rows.dtype == OUTCOME
    assert len(rows) == 1
    return rows[0]


def test_outcomes_come_with_their_tokens_and_times() -> None:
    clock, sockets = Clock(), ScriptedSockets()
    wire = ConnectWire(limit=10, clock=clock, sockets=sockets)
    assert start(wire, 7, 8, 9) == 3
    assert (wire.in_flight, wire.room) == (3, 7)
    sockets.to_end = {8: (errno.ECONNREFUSED, None), 9: (0, None)}
    clock.now_s += 0.5
    rows = wire.poll(1.0)
    assert rows["token"].tolist() == [8, 9]
    assert rows["kind"].tolist() == [Kind.REFUSED, Kind.CONNECTED]
    assert rows["errno"].tolist() == [errno.ECONNREFUSED, 0]
    assert (rows["at_s"] - rows["started_s"]).tolist() == [0.5, 0.5]
    assert (wire.in_flight, wire.room) == (1, 9)
    assert sockets.waited[-1] == 1.0


def test_answers_taken_in_while_starting_are_in_flight_until_handed_out() -> None:
    sockets = ScriptedSockets()
    sockets.to_end = dict.fromkeys(range(100), (errno.ECONNREFUSED, None))
    wire = ConnectWire(limit=40, sockets=sockets)
    assert start(wire, *range(40)) == 40
    assert (wire.in_flight, wire.room) == (40, 40)
    assert len(wire.poll(5.0)) == 40
    assert sockets.waited[-1] == 0.0, "it does not wait while there is something to hand out"
    assert wire.in_flight == 0


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0, Kind.CONNECTED),
        (errno.ECONNRESET, Kind.CONNECTED),
        (errno.EPIPE, Kind.CONNECTED),
        (errno.ECONNREFUSED, Kind.REFUSED),
        (errno.ETIMEDOUT, Kind.EXPIRED),
        (errno.EHOSTUNREACH, Kind.LOCAL),
    ],
)
def test_what_an_errno_means(code: int, kind: Kind) -> None:
    sockets = ScriptedSockets()
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1)
    sockets.to_end = {1: (code, None)}
    assert only(wire.poll(0))["kind"] == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (icmp(HOST), Kind.ICMP),
        (icmp(bytes([198, 18, 0, 254])), Kind.ICMP),
        (icmp(bytes([198, 18, 0, 1])), Kind.LOCAL),
        (icmp(b"", ORIGIN_LOCAL), Kind.LOCAL),
    ],
)
def test_whose_word_it_was(error: SocketError, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.wire.connect.own_addresses", lambda: frozenset({bytes([198, 18, 0, 1])}))
    sockets = ScriptedSockets()
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1)
    sockets.to_end = {1: (error.errno, error)}
    row = only(wire.poll(0))
    assert row["kind"] == kind
    assert (row["icmp_type"], row["icmp_code"], row["ttl"]) == (3, 1, 64)
    assert row["offender"].tobytes() == error.offender.ljust(16, b"\0")
    assert row["offender_family"] == (4 if error.offender else 0)


def test_an_own_targets_own_icmp_error_is_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatoba.wire.connect.own_addresses", lambda: frozenset({HOST}))
    sockets = ScriptedSockets()
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1)
    sockets.to_end = {1: (errno.EHOSTUNREACH, icmp(HOST))}
    assert only(wire.poll(0))["kind"] == Kind.ICMP


def test_expire_gives_up_the_old_and_keeps_what_had_answered() -> None:
    clock, sockets = Clock(), ScriptedSockets()
    wire = ConnectWire(limit=10, clock=clock, sockets=sockets)
    start(wire, 1, 2)
    clock.now_s = 101.0
    start(wire, 3)
    sockets.to_end = {2: (0, None)}
    clock.now_s = 102.0
    row = only(wire.expire(100.5))
    assert (row["token"], row["kind"], row["errno"], row["started_s"], row["at_s"]) == (1, Kind.EXPIRED, 0, 100.0, 102.0)
    assert sockets.given_up == [1]
    assert only(wire.poll(0))["token"] == 2
    assert wire.in_flight == 1


def test_no_more_than_the_room() -> None:
    wire = ConnectWire(limit=3, sockets=ScriptedSockets())
    assert start(wire, *range(10)) == 3
    assert start(wire, 10) == 0


@pytest.mark.parametrize("refusal", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS])
def test_room_shrinks_when_descriptors_run_out_and_grows_again(refusal: int) -> None:
    sockets = ScriptedSockets(sockets=5)
    sockets.refusal = refusal
    wire = ConnectWire(limit=100, sockets=sockets)
    assert start(wire, *range(10)) == 5
    assert wire.room == 0
    sockets.to_end = dict.fromkeys(range(5), (errno.ECONNREFUSED, None))
    assert len(wire.poll(0)) == 5
    assert wire.room == 5
    start(wire, 20)
    assert wire.room == 5, "6 at once now, one of them taken"


def test_source_ports_running_out_is_no_outcome() -> None:
    sockets = ScriptedSockets(script={3: errno.EADDRNOTAVAIL})
    wire = ConnectWire(limit=100, sockets=sockets)
    assert start(wire, 1, 2, 3) == 2
    assert wire.room == 0
    assert len(wire.poll(0)) == 0


def test_no_source_address_with_nothing_under_way_is_an_outcome() -> None:
    wire = ConnectWire(limit=100, sockets=ScriptedSockets(script={1: errno.EADDRNOTAVAIL}))
    start(wire, 1)
    assert only(wire.poll(0))["kind"] == Kind.LOCAL


def test_not_one_descriptor() -> None:
    wire = ConnectWire(limit=100, sockets=ScriptedSockets(sockets=0))
    with pytest.raises(WireError, match="ulimit -n"):
        start(wire, 1)


def test_what_connect_itself_returns() -> None:
    script = {1: errno.ENETUNREACH, 2: errno.EACCES, 3: errno.ECONNREFUSED, 4: 0}
    wire = ConnectWire(limit=100, sockets=ScriptedSockets(script=script))
    assert start(wire, 1, 2, 3, 4) == 4
    rows = wire.poll(0)
    assert rows["kind"].tolist() == [Kind.LOCAL, Kind.LOCAL, Kind.LOCAL, Kind.CONNECTED]
    assert rows["errno"].tolist() == [errno.ENETUNREACH, errno.EACCES, errno.ECONNREFUSED, 0]


def test_a_family_that_the_kernel_lacks() -> None:
    sockets = ScriptedSockets(sockets=0)
    sockets.refusal = errno.EAFNOSUPPORT
    wire = ConnectWire(limit=100, sockets=sockets)
    assert start(wire, 1, host=bytes(15) + b"\1") == 1
    assert only(wire.poll(0))["errno"] == errno.EAFNOSUPPORT


def test_addresses_reach_the_kernel_as_given() -> None:
    sockets = ScriptedSockets()
    wire = ConnectWire(limit=100, sockets=sockets)
    start(wire, 1, first_port=65535)
    start(wire, 2, host=socket.inet_pton(socket.AF_INET6, "fe80::2"), first_port=22, zone_index=7)
    assert sockets.asked == [("198.18.0.2", 65535), ("fe80::2", 22, 0, 7)]


@pytest.mark.parametrize("make", [best_sockets, PlainSockets])
def test_an_interface_that_does_not_exist(make: Callable[[str], PlainSockets]) -> None:
    with pytest.raises(WireError, match="no interface nowhere0"):
        make("nowhere0").take(socket.AF_INET)


def fired(sockets: ScriptedSockets, first: int, *codes: int, at_once: bool = False) -> Round:
    slots = [sockets.take(socket.AF_INET) for _ in codes]
    times = np.arange(len(codes)) / 8
    return Round(first, slots, np.array(codes, np.int32), np.full(len(codes), at_once), times, times + 1)


def test_what_salvoes_ask_is_not_asked_again() -> None:
    sockets = ScriptedSockets()
    sockets.rounds = [[fired(sockets, 0, errno.ECONNREFUSED), fired(sockets, 1, errno.ECONNREFUSED, errno.ECONNREFUSED)]]
    wire = ConnectWire(limit=10, sockets=sockets)
    assert start(wire, 11, 12, 13, 14) == 4
    assert sockets.offered == [4, 1]
    assert [port for _host, port in sockets.asked] == [4]
    assert wire.in_flight == 4
    rows = wire.poll(5.0)
    assert sockets.waited[-1] == 0.0, "it does not wait while there is something to hand out"
    assert rows["token"].tolist() == [11, 12, 13]
    assert set(rows["kind"]) == {Kind.REFUSED}
    assert (rows["at_s"] - rows["started_s"]).tolist() == [1.0] * 3
    assert wire.in_flight == 1


def test_what_a_round_leaves_open_goes_on_as_if_asked_alone() -> None:
    sockets = ScriptedSockets()
    codes = (errno.EINPROGRESS, 0, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ETIMEDOUT)
    sockets.rounds = [[fired(sockets, 0, *codes)]]
    wire = ConnectWire(limit=10, sockets=sockets)
    assert start(wire, 1, 2, 3, 4, 5) == 5
    assert [slot.token for slot in sockets.flying.values()] == [1, 2]
    assert [slot.address for slot in sockets.flying.values()] == [("198.18.0.2", 1), ("198.18.0.2", 2)]
    assert [slot.told_s for slot in sockets.flying.values()] == [0.0, 1 + 1 / 8]
    assert sockets.ended == [3, 4, 5]
    rows = wire.poll(0)
    assert {int(row["token"]): Kind(row["kind"]) for row in rows} == {3: Kind.CONNECTED, 4: Kind.ICMP, 5: Kind.EXPIRED}
    assert rows[rows["token"] == 4]["icmp_type"] == 3


def test_icmp_behind_a_refusal_in_a_round() -> None:
    sockets = ScriptedSockets()
    one = fired(sockets, 0, errno.ECONNREFUSED, errno.ECONNREFUSED)
    one.errors[1] = icmp(bytes([198, 18, 0, 254]))
    sockets.rounds = [[one]]
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1, 2)
    assert {int(row["token"]): Kind(row["kind"]) for row in wire.poll(0)} == {1: Kind.REFUSED, 2: Kind.ICMP}


def test_what_connect_itself_told_in_a_round_is_nobodys_answer() -> None:
    sockets = ScriptedSockets()
    sockets.rounds = [[fired(sockets, 0, errno.ECONNREFUSED, errno.ENETUNREACH, at_once=True)]]
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1, 2)
    assert set(wire.poll(0)["kind"]) == {Kind.LOCAL}


def test_salvoes_stop_where_the_answers_take_time() -> None:
    sockets = ScriptedSockets()
    sockets.rounds = [[fired(sockets, 0, errno.EINPROGRESS, errno.EINPROGRESS)]]
    wire = ConnectWire(limit=10, sockets=sockets)
    assert start(wire, 1, 2, 3, 4) == 4
    assert sockets.offered == [4]
    assert [slot.token for slot in sockets.flying.values()] == [1, 2, 3, 4]


def test_few_sockets_do_for_many_questions_where_answers_come_at_once() -> None:
    sockets = ScriptedSockets()
    sockets.rounds = [[fired(sockets, 0, *[errno.ECONNREFUSED] * 6)], [fired(sockets, 0, *[errno.ECONNREFUSED] * 6)]]
    wire = ConnectWire(limit=8, sockets=sockets)
    assert start(wire, *range(6)) == 6
    sockets.near = True
    assert wire.room > 1000
    assert start(wire, *range(100)) == 6 + 8, "the others are for later when answers no longer come at once"
    assert set(sockets.most) == {8}
    sockets.near = True
    assert wire.room == 0


def test_addresses_of_a_zone_are_asked_one_by_one() -> None:
    sockets = ScriptedSockets()
    wire = ConnectWire(limit=10, sockets=sockets)
    start(wire, 1, host=bytes([0xFE, 0x80, *bytes(13), 2]), zone_index=3)
    assert sockets.offered == []
