from __future__ import annotations

import numpy as np
import pytest
from builders import leg

from hatoba.engine.ledger import Ledger
from hatoba.engine.packet_transport import PacketTransport
from hatoba.engine.responders import Responders
from hatoba.engine.transport import HEARD
from hatoba.model import Answer, Reason, State
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ACK, ETHERNET_BYTES, RST, SYN
from hatoba.probes.syn import METHOD, segment
from hatoba.wire.fake import FakeClock, FakeWire, Probe, icmp_error, tcp_reply

FIRST_PORT = 61_000
SOURCE = bytes([198, 18, 0, 1])


class Bench:
    """A transport over a silent fake wire; the test plays the answers."""

    def __init__(self, ports: str = "1-10", local: bool = False) -> None:
        self.leg = leg(ports=ports)
        self.ledger = Ledger(len(self.leg))
        self.clock = FakeClock()
        self.wire = FakeWire(FrameTemplate(4, ETHERNET_BYTES, bytes(6), SOURCE, segment(4)), lambda _probe: (), self.clock)
        self.responders = Responders()
        self.transport = PacketTransport(
            METHOD, self.leg, self.wire, self.ledger, self.responders, FIRST_PORT, key=(1, 2), local=local
        )

    def ask(self, *indices: int, attempt: int = 0) -> list[Probe]:
        chosen = np.array(indices)
        count = self.transport.ask(chosen, attempt)
        assert count == len(chosen)
        self.ledger.note_asked(chosen, attempt, np.full(count, self.clock.now_s))
        return self.wire.sent[-count:]

    def hear(self, *packets: bytes) -> np.ndarray:
        for packet in packets:
            self.wire.deliver(self.clock.now_s, packet)
        return self.transport.hear(0.0)


def test_questions_go_to_their_host_and_port_and_answers_find_back() -> None:
    bench = Bench()
    probes = bench.ask(0, 13, 39)
    assert [(probe.dst[3], probe.dport) for probe in probes] == [(0, 1), (1, 4), (3, 10)]
    heard = bench.hear(tcp_reply(probes[1], SYN | ACK, ttl=61), tcp_reply(probes[2], RST | ACK))
    assert heard.dtype == HEARD
    assert heard["index"].tolist() == [13, 39]
    assert heard["state"].tolist() == [State.OPEN, State.CLOSED]
    assert heard["ttl"].tolist() == [61, 64]
    assert heard["attempt"].tolist() == [0, 0]
    assert heard["responder"].tolist() == [0, 0]


def test_the_source_port_tells_the_attempt_for_as_many_as_there_may_be() -> None:
    bench = Bench()
    sent = [bench.ask(5, attempt=attempt)[0] for attempt in range(20)]
    assert {probe.sport for probe in sent} == set(range(FIRST_PORT, FIRST_PORT + 8))
    assert bench.hear(tcp_reply(sent[19], SYN | ACK))["attempt"].tolist() == [19]
    assert bench.hear(tcp_reply(sent[15], SYN | ACK))["attempt"].tolist() == [15]


def test_answers_to_what_was_not_asked_are_left_out() -> None:
    bench = Bench()
    (probe,) = bench.ask(5)
    other = Bench().ask(6)[0]  # same key: a true cookie for a question that this scan has not asked yet
    assert len(bench.hear(tcp_reply(other, SYN | ACK))) == 0
    assert len(bench.hear(tcp_reply(probe, SYN | ACK, ack=probe.seq + 2))) == 0
    assert len(bench.hear(tcp_reply(probe, SYN | ACK, source=bytes([198, 18, 0, 3])))) == 0
    assert len(bench.hear(tcp_reply(probe, SYN | ACK))) == 1


def test_an_attempt_that_was_not_made_yet_is_not_answered() -> None:
    bench = Bench()
    bench.ask(5)
    ahead = Bench()
    ahead.ask(5)
    (second,) = ahead.ask(5, attempt=1)
    assert len(bench.hear(tcp_reply(second, SYN | ACK))) == 0


def test_who_sent_an_error_is_kept() -> None:
    bench = Bench()
    first, second = bench.ask(5, 6)
    router = bytes([198, 18, 0, 254])
    heard = bench.hear(icmp_error(first, 3, 13, router), icmp_error(second, 3, 3, second.dst))
    assert heard["reason"].tolist() == [Reason.ADMIN_PROHIBITED, Reason.PORT_UNREACH]
    assert heard["answer"].tolist() == [Answer.ICMP] * 2
    assert heard["responder"].tolist() == [1, 0]
    assert [address.packed for address in bench.responders.addresses] == [router]


@pytest.mark.parametrize("attempt", range(8))
def test_a_probe_to_its_own_source_port_leaves_from_another(attempt: int) -> None:
    bench = Bench(ports=f"{FIRST_PORT}-{FIRST_PORT + 15}", local=True)
    for earlier in range(attempt):
        bench.ask(*range(16), attempt=earlier)
    probes = bench.ask(*range(16), attempt=attempt)
    assert all(probe.sport != probe.dport for probe in probes)
    assert all(FIRST_PORT <= probe.sport < FIRST_PORT + 16 for probe in probes)
    heard = bench.hear(*(tcp_reply(probe, RST | ACK) for probe in probes))
    assert heard["attempt"].tolist() == [attempt] * 16


def test_our_own_probes_that_come_back_on_loopback_are_no_answers() -> None:
    bench = Bench(ports=f"{FIRST_PORT}-{FIRST_PORT + 15}", local=True)
    probes = [probe for attempt in range(3) for probe in bench.ask(*range(16), attempt=attempt)]
    assert len(bench.hear(*(probe.packet for probe in probes))) == 0
