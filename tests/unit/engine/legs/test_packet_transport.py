from __future__ import annotations

import numpy as np
import pytest
from builders import leg

from hatoba.engine.legs.asks import Asks
from hatoba.engine.legs.ledger import Ledger
from hatoba.engine.legs.leg import Leg
from hatoba.engine.legs.packet_transport import PacketTransport, Wordings
from hatoba.engine.legs.responders import Responders
from hatoba.engine.legs.transport import HEARD
from hatoba.model import Answer, Protocol, Reason, State
from hatoba.packets.frames import FrameTemplate
from hatoba.packets.layouts import ACK, ETHERNET_BYTES, RST, SYN
from hatoba.probes import METHODS, PINGS
from hatoba.probes.method import Method
from hatoba.wire.fake import FakeClock, FakeWire, Probe, icmp_error, ip_packet, tcp_reply, udp_reply
from hatoba.wire.packet_filter import answers_program
from tests.unit.wire import bpf

FIRST_PORT = 61_000
SOURCE = bytes([198, 18, 0, 1])


class Bench:
    """A transport over a silent fake wire; the test plays the answers."""

    def __init__(
        self,
        ports: str = "1-10",
        local: bool = False,
        methods: tuple[str, ...] = ("syn",),
        one_port: bool = False,
        leg_number: int = 0,
    ) -> None:
        every: dict[str, Method] = {**METHODS, **PINGS}
        block = leg(ports=ports).block
        asked = [(every[name], block.ports[Protocol.TCP] if name in METHODS else np.zeros(1, np.uint16)) for name in methods]
        self.leg = Leg(block, Asks(asked), np.arange(block.count))
        self.ledger = Ledger(len(self.leg))
        self.clock = FakeClock()
        wordings = Wordings([method for method, _ports in asked], [its_ports for _method, its_ports in asked], 4)
        template = FrameTemplate(4, ETHERNET_BYTES, bytes(6), SOURCE, wordings.segments)
        self.wire = FakeWire(template, lambda _probe: (), self.clock)
        self.responders = Responders()
        own = self.responders, FIRST_PORT, (1, 2), local, one_port, leg_number
        self.transport = PacketTransport([method for method, _ports in asked], wordings, self.leg, self.wire, self.ledger, *own)

    def ask(self, *indices: int, attempt: int = 0) -> list[Probe]:
        chosen = np.array(indices)
        count = self.transport.ask(chosen, attempt)
        assert count == len(chosen)
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


@pytest.mark.parametrize("leg_number", [0, 1])
def test_a_late_answer_counts_though_its_port_is_another_attempt_s_by_now(leg_number: int) -> None:
    """Other questions have been asked so often meanwhile that the same source port has come round."""
    bench = Bench(leg_number=leg_number)
    (first,) = bench.ask(5)
    for attempt in range(1, 20):
        bench.ask(6, attempt=attempt)
    heard = bench.hear(tcp_reply(first, SYN | ACK))
    assert heard[["index", "attempt"]].tolist() == [(5, 0)]


def test_the_next_leg_asks_by_other_flows() -> None:
    flows = [{bench.ask(5, attempt=attempt)[0].sport for attempt in range(3)} for bench in (Bench(), Bench(leg_number=1))]
    assert not flows[0] & flows[1]


@pytest.mark.parametrize("attempt", range(10))
def test_in_the_next_leg_the_source_port_tells_the_attempt_too(attempt: int) -> None:
    bench = Bench(leg_number=1)
    probes = [bench.ask(5, attempt=number)[0] for number in range(attempt + 1)]
    assert bench.hear(tcp_reply(probes[attempt], SYN | ACK))["attempt"].tolist() == [attempt]


@pytest.mark.parametrize("one_port", [False, True])
@pytest.mark.parametrize("later", [1, 2])
def test_what_answers_one_leg_is_no_answer_to_another(later: int, one_port: bool) -> None:
    before, bench = Bench(one_port=one_port), Bench(one_port=one_port, leg_number=later)
    for attempt in range(8):
        (late,), (probe,) = before.ask(5, attempt=attempt), bench.ask(5, attempt=attempt)
        assert late.dport == probe.dport
        assert len(bench.hear(tcp_reply(late, SYN | ACK), tcp_reply(late, RST | ACK))) == 0
    assert len(bench.hear(tcp_reply(probe, SYN | ACK))) == 1


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


def test_several_methods_ask_and_hear_side_by_side() -> None:
    bench = Bench(ports="80", methods=("syn", "ack", "udp", "icmp-echo"))
    probes = bench.ask(*range(4, 8))  # the second host's
    assert [(probe.protocol, probe.flags, probe.dport) for probe in probes] == [
        (6, SYN, 80),
        (6, ACK, 80),
        (17, 0, 80),
        (1, 0, 0),
    ]
    assert probes[0].seq != probes[1].seq, "two methods would take each other's answers"
    echo = ip_packet(4, 1, probes[3].dst, SOURCE, bytes(4) + probes[3].packet[24:])
    heard = bench.hear(
        tcp_reply(probes[0], SYN | ACK), tcp_reply(probes[1], RST, seq=probes[1].ack), udp_reply(probes[2], b""), echo
    )
    told = sorted(heard[["index", "state", "answer"]].tolist())
    assert told == [
        (4, State.OPEN, Answer.SYN_ACK),
        (5, State.UNFILTERED, Answer.RST),
        (6, State.OPEN, Answer.UDP),
        (7, State.OPEN, Answer.ECHO_REPLY),
    ]


def test_an_answer_from_an_address_that_was_not_asked_is_nobody_s() -> None:
    """A recorded weakness of other scanners, in UDP, where nothing needs to be repeated."""
    bench = Bench(methods=("udp",))
    (probe,) = bench.ask(5)
    for source in (bytes([198, 18, 0, 1]), bytes([198, 18, 0, 3]), bytes([198, 18, 7, 7])):
        assert len(bench.hear(udp_reply(probe, b"", source))) == 0
    assert len(bench.hear(udp_reply(probe, b"", sport=99), udp_reply(probe, b"", sport=7))) == 0, (
        "from a port that was not asked"
    )
    assert bench.hear(udp_reply(probe, b""))["index"].tolist() == [5]


def test_a_datagram_to_another_port_of_ours_is_no_answer() -> None:
    bench = Bench(methods=("udp",))
    (probe,) = bench.ask(5)
    for port in (FIRST_PORT - 1, FIRST_PORT + 1, FIRST_PORT + 8, FIRST_PORT + 16):
        raw = bytearray(udp_reply(probe, b""))
        raw[22:24] = port.to_bytes(2, "big")
        assert len(bench.hear(bytes(raw))) == 0, port
    assert len(bench.hear(udp_reply(probe, b""))) == 1


def test_what_looks_like_tftp_is_of_the_port_that_it_comes_from_if_that_was_asked() -> None:
    bench = Bench(ports="69,20001,20002", methods=("udp",))
    error = b"\0\x05\0\x04Illegal TFTP operation\0"
    tftp, other = bench.ask(0, 1)
    assert (tftp.dport, other.dport) == (69, 20001)
    heard = bench.hear(udp_reply(other, error), udp_reply(tftp, error, sport=20002), udp_reply(tftp, error, sport=40_000))
    assert heard["index"].tolist() == [1, 0, 0], "port 20002 has not been asked yet"
    named = b"\0\x05\0\x01No such file: " + tftp.payload[2:17] + b"\0"
    assert bench.hear(udp_reply(tftp, named, sport=20001))["index"].tolist() == [0]


def test_each_attempt_asks_the_next_question() -> None:
    bench = Bench(ports="4,53", methods=("udp",))
    assert bench.transport.turns.tolist() == [1, 2]
    payloads = [bench.ask(0, 1, attempt=attempt) for attempt in range(4)]
    first, second, third, fourth = (sent[1].payload[2:] for sent in payloads)  # behind the identification
    assert first == third != second == fourth
    assert {sent[0].payload for sent in payloads} == {b""}


def test_with_one_source_port_any_attempt_may_be_the_answered_one() -> None:
    bench = Bench(one_port=True)
    sent = [bench.ask(5, attempt=attempt)[0] for attempt in range(3)]
    assert {probe.sport for probe in sent} == {FIRST_PORT}
    heard = bench.hear(tcp_reply(sent[0], SYN | ACK))
    assert (heard["index"].tolist(), heard["attempt"].tolist()) == ([5], [2])


@pytest.mark.parametrize("attempt", [0, 254, 255, 256, 700])
def test_an_answer_to_a_late_attempt_counts(attempt: int) -> None:
    """``--prove-closed`` asks for a long time."""
    bench = Bench()
    (probe,) = bench.ask(5, attempt=attempt)
    assert bench.hear(tcp_reply(probe, SYN | ACK))["index"].tolist() == [5]


@pytest.mark.parametrize("method", ["udp", "sctp-init", "ip-protocol", "icmp-echo", "ack", "fin"])
def test_our_own_probes_that_come_back_answer_no_method(method: str) -> None:
    bench = Bench(
        ports=f"1,6,17,47,{FIRST_PORT}-{FIRST_PORT + 15}" if method != "ip-protocol" else "1-255", local=True, methods=(method,)
    )
    probes = bench.ask(*range(len(bench.leg.asks)))
    program = answers_program(4, FIRST_PORT, bench.wire.template.protocols)
    mirrored = [probe.packet[:12] + probe.dst + probe.dst + probe.packet[20:] for probe in probes]
    assert len(bench.hear(*(packet for packet in mirrored if bpf.run(program, packet)))) == 0
