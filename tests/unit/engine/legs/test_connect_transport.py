from __future__ import annotations

import errno
import math
import os

import numpy as np
import numpy.typing as npt
import pytest
from builders import leg

from hatoba.engine.legs.connect_transport import ConnectTransport
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.responders import Responders
from hatoba.errors import WireError
from hatoba.model import Answer, Reason, State
from hatoba.probes.connect import CONNECT, OUTCOME, Kind
from hatoba.wire.faults import Refusals

ROUTER = bytes([198, 18, 0, 254])


class Recorder:
    """A connect wire that keeps what it was given and plays back outcomes."""

    room = 100

    def __init__(self) -> None:
        self.started: list[tuple[int, bytes, int]] = []
        self.outcomes: list[npt.NDArray[np.void]] = []
        self.expired_s: list[float] = []

    def start(self, tokens, packed, ports, zone_index=0):  # type: ignore[no-untyped-def]
        self.started += [(int(t), row.tobytes(), int(port)) for t, row, port in zip(tokens, packed, ports, strict=True)]
        return len(tokens)

    def poll(self, timeout_s: float) -> npt.NDArray[np.void]:
        found = np.concatenate([np.zeros(0, OUTCOME), *self.outcomes])
        self.outcomes = []
        return found

    def expire(self, started_before_s: float) -> npt.NDArray[np.void]:
        self.expired_s.append(started_before_s)
        return np.zeros(0, OUTCOME)

    def close(self) -> None: ...

    def play(self, token: int, kind: Kind, icmp: tuple[int, int] = (0, 0), offender: bytes = b"") -> None:
        row = np.zeros(1, OUTCOME)
        row["token"], row["kind"], row["started_s"], row["at_s"] = token, kind, 1.0, 1.25
        row["icmp_type"], row["icmp_code"] = icmp
        if offender:
            row["offender"][0, : len(offender)] = np.frombuffer(offender, np.uint8)
            row["offender_family"] = 4 if len(offender) == 4 else 6
        self.outcomes.append(row)


@pytest.fixture
def wire() -> Recorder:
    return Recorder()


def over(wire: Recorder, targets: str = "198.18.0.0/30") -> ConnectTransport:
    asked = leg(targets, method=CONNECT)
    return ConnectTransport(asked, wire, Ledger(len(asked)), Responders())


@pytest.fixture
def transport(wire: Recorder) -> ConnectTransport:
    return over(wire)


def test_questions_become_connections(wire: Recorder, transport: ConnectTransport) -> None:
    assert transport.ask(np.array([13, 39]), 0) == 2
    assert [(packed[3], port) for _token, packed, port in wire.started] == [(1, 4), (3, 10)]


def test_outcomes_find_back_to_question_and_attempt(wire: Recorder, transport: ConnectTransport) -> None:
    transport.ask(np.array([13]), 0)
    transport.ask(np.array([13, 39]), 3)
    wire.play(wire.started[1][0], Kind.CONNECTED)
    wire.play(wire.started[2][0], Kind.REFUSED)
    heard = transport.hear(0.0)
    assert heard["index"].tolist() == [13, 39]
    assert heard["attempt"].tolist() == [3, 3]
    assert heard["state"].tolist() == [State.OPEN, State.CLOSED]
    assert heard["answer"].tolist() == [Answer.CONNECTED, Answer.REFUSED]
    assert (heard["at_s"] - heard["asked_s"]).tolist() == [0.25, 0.25]


def test_who_refused_is_kept(wire: Recorder, transport: ConnectTransport) -> None:
    transport.ask(np.array([13, 14]), 0)
    wire.play(wire.started[0][0], Kind.ICMP, (3, 13), ROUTER)
    wire.play(wire.started[1][0], Kind.ICMP, (3, 3), wire.started[1][1])
    heard = transport.hear(0.0)
    assert heard["reason"].tolist() == [Reason.ADMIN_PROHIBITED, Reason.PORT_UNREACH]
    assert heard["responder"].tolist() == [1, 0]


def test_what_was_given_up_tells_nothing(wire: Recorder, transport: ConnectTransport) -> None:
    transport.ask(np.array([13]), 0)
    wire.play(wire.started[0][0], Kind.EXPIRED)
    assert len(transport.hear(0.0)) == 0


def test_the_next_leg_hears_nothing_of_this_one(wire: Recorder, transport: ConnectTransport) -> None:
    transport.ask(np.array([13]), 0)
    wire.play(wire.started[0][0], Kind.CONNECTED)
    transport.close()
    assert wire.expired_s == [math.inf]
    assert len(over(wire).hear(0.0)) == 0


def test_a_zone_that_is_no_interface_is_one_sentence(wire: Recorder) -> None:
    with pytest.raises(WireError, match=r"^there is no interface nowhere9; see: ip link$"):
        over(wire, "fe80::1%nowhere9")


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL])
def test_a_way_that_is_lost_ends_the_leg_after_what_was_heard(wire: Recorder, transport: ConnectTransport, code: int) -> None:
    transport.ask(np.array([13, 14]), 0)
    wire.play(wire.started[0][0], Kind.CONNECTED)
    wire.play(wire.started[1][0], Kind.LOCAL)
    wire.outcomes[-1]["errno"] = code
    assert transport.hear(0.0)["index"].tolist() == [13]
    with pytest.raises(WireError, match=rf"^no way to 198\.18\.0\.1 any more: {os.strerror(code)}; "):
        transport.hear(0.0)


def test_a_local_rule_for_one_port_loses_no_way(wire: Recorder, transport: ConnectTransport) -> None:
    """An own firewall's REJECT comes as ICMP from an own address, with the same errno."""
    transport.ask(np.array([13]), 0)
    wire.play(wire.started[0][0], Kind.LOCAL, (3, 0), bytes([198, 18, 0, 9]))
    wire.outcomes[-1]["errno"] = errno.ENETUNREACH
    assert transport.hear(0.0)["reason"].tolist() == [Reason.LOCAL_ERROR]
    assert len(transport.hear(0.0)) == 0


def test_what_this_machine_refuses_is_counted_and_who_has_no_neighbour_is_not(wire: Recorder) -> None:
    refusals = Refusals()
    made = ConnectTransport(leg("198.18.0.1-2", "22,80", method=CONNECT), wire, Ledger(4), Responders(), refusals)
    wire.play(0, Kind.LOCAL)
    wire.play(1, Kind.LOCAL)
    wire.play(2, Kind.LOCAL, (3, 1), bytes([198, 18, 0, 254]))
    wire.play(3, Kind.REFUSED)
    for outcome in wire.outcomes[:2]:
        outcome["errno"] = errno.EHOSTUNREACH
    heard = made.hear(0.0)
    assert heard["reason"].tolist() == [Reason.LOCAL_ERROR, Reason.LOCAL_ERROR, Reason.NO_NEIGHBOUR, Reason.CONN_REFUSED]
    assert (refusals.counts, refusals.first) == ({errno.EHOSTUNREACH: 2}, {errno.EHOSTUNREACH: bytes([198, 18, 0, 1])})
