"""Whatever arrives: true answers, damaged ones, answers to others, rubbish. Nothing raises, and no state without the cookie."""

from __future__ import annotations

import itertools
import struct
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.model import Answer, Reason, State
from hatoba.packets.answers import read_answers
from hatoba.probes import METHODS, PINGS
from hatoba.probes.method import Heard
from hatoba.probes.udp_questions import questions_for
from hatoba.wire.base import WIDTH_BYTES
from hatoba.wire.fake import ip_packet
from tests.udp_asking import written
from tests.unit.packets.one_by_one import (
    ICMP_ERROR,
    ICMP_REPLY,
    OTHER_PACKET,
    SCTP,
    SCTP_PACKET,
    TCP,
    TCP_SEGMENT,
    UDP,
    UDP_DATAGRAM,
    Seen,
    seen,
)
from tests.unit.probes.asking import SOURCE, TARGET
from tests.unit.probes.judging import never, words

ALL = {**METHODS, **PINGS}
US, THEM = ({family: ip_address(table[family]).packed for family in (4, 6)} for table in (SOURCE, TARGET))
ROUTER = {4: bytes([198, 18, 9, 9]), 6: THEM[6][:-1] + b"\x99"}
ICMP = {4: 1, 6: 58}
RST, ACK, SYN = 4, 16, 2
Mutation = tuple[int, int]

EACH = pytest.mark.parametrize("name", ALL)
BOTH = pytest.mark.parametrize("family", [4, 6])
u32 = st.integers(0, 0xFFFFFFFF)


def answers_to(family: int, cookie: int) -> list[bytes]:
    """True answers of all kinds to probes with this cookie."""
    us, them, low = US[family], THEM[family], cookie & 0xFFFF
    segment = [
        struct.pack(">HHIIBBHHH", 53, 61440, seq, ack & 0xFFFFFFFF, 0x50, flags, 1024, 0, 0)
        for flags, seq, ack in ((SYN | ACK, 9, cookie + 1), (RST | ACK, 0, cookie + 1), (RST, cookie, 0), (SYN, 9, 0))
    ]
    datagram = struct.pack(">HHHHHH", 53, 61440, 20, 0, low, 0x8005) + bytes(8)
    chunks = [struct.pack(">HHIIBBH", 53, 61440, cookie, 0, kind, 0, 4) for kind in (2, 6)]
    types = (0, 14, 18) if family == 4 else (129,)
    replies = [struct.pack(">BBHHH", kind, 0, 0, 61440, low) + bytes(12) for kind in types]
    found = [ip_packet(family, TCP, them, us, body) for body in segment]
    found += [ip_packet(family, UDP, them, us, datagram), ip_packet(family, 47, them, us, bytes(8))]
    found += [ip_packet(family, SCTP, them, us, body) for body in chunks]
    found += [ip_packet(family, ICMP[family], them, us, body) for body in replies]
    asked = {
        TCP: struct.pack(">HHI", 61440, 53, cookie) + bytes(12),
        UDP: struct.pack(">HHHHH", 61440, 53, 20, 0, low) + bytes(10),
        SCTP: struct.pack(">HHIIII", 61440, 53, cookie, 0, 0x01000014, cookie),
        ICMP[family]: struct.pack(">BBHHH", 8, 0, 0, 61440, low),
        47: cookie.to_bytes(4, "big") + bytes(4),
    }
    kinds = ((3, 3), (3, 2), (3, 13), (3, 8), (11, 0)) if family == 4 else ((1, 4), (1, 1), (3, 0), (4, 1), (4, 0))
    for protocol, body in asked.items():
        quoted = bytearray(ip_packet(family, protocol, us, them, body))
        if family == 4:
            quoted[4:6] = (low or 1).to_bytes(2, "big")
        else:
            quoted[:4] = (6 << 28 | (cookie & 0xFFFFF or 1)).to_bytes(4, "big")
        rewritten = bytearray(quoted)
        rewritten[5 if family == 4 else 3] ^= 0x55
        for source, quote in itertools.product((them, ROUTER[family]), (quoted, rewritten)):
            for kind, code in kinds:
                error = struct.pack(">BBHI", kind, code, 0, 0) + bytes(quote)
                found.append(ip_packet(family, ICMP[family], source, us, error))
    return found


def quoted_cookie(name: str, family: int, cookie: int, told: Seen) -> bool:
    """Whether the quoted packet, as far as it is there, has the cookie where probes of this method have it."""
    whole, low = cookie.to_bytes(4, "big"), (cookie & 0xFFFF).to_bytes(2, "big")
    if name == "udp":
        places = [(question.cookies[0], 8) for question in questions_for(told.dport) if question.cookies]
        words = [(at + place.at, written(place.form, cookie)) for place, at in places]
    elif name == "sctp-cookie":
        words = [(4, whole)]
    else:
        words = {TCP: [(4, whole)], UDP: [], SCTP: [(16, whole)], ICMP[family]: [(6, low)]}.get(told.protocol, [(0, whole)])
    return any(told.data[at : at + len(word)] == word for at, word in words)


def vouched(name: str, family: int, cookie: int, told: Seen) -> bool:
    """Whether anything in the answer shows that a probe of this method, with this cookie, was answered."""
    tag = cookie % (1 << (16 if family == 4 else 20)) or 1
    segment = told.kind == TCP_SEGMENT and bool(
        (told.flags & ACK and (told.ack - cookie) & 0xFFFFFFFF in (0, 1)) or (told.flags & RST and told.seq == cookie)
    )
    chunk = told.kind == SCTP_PACKET and told.seq == cookie
    quoting = told.kind == ICMP_ERROR
    reply = told.kind == ICMP_REPLY and told.seq == cookie & 0xFFFF
    error = quoting and (told.tag == tag or quoted_cookie(name, family, cookie, told))
    match name:
        case "udp":
            return told.kind == UDP_DATAGRAM or (error and told.protocol == UDP)
        case "sctp-init" | "sctp-cookie":
            return chunk or (error and told.protocol == SCTP)
        case "icmp-echo" | "icmp-timestamp" | "icmp-mask":
            return reply or (quoting and told.protocol == ICMP[family] and told.seq == cookie & 0xFFFF)
        case "ip-protocol":
            return segment or chunk or reply or told.kind in (UDP_DATAGRAM, OTHER_PACKET) or error
        case "syn" if told.kind == TCP_SEGMENT and told.flags & 0x17 == SYN:
            return True
    return segment or (quoting and told.protocol == TCP and told.seq == cookie)


def assert_sound(name: str, family: int, cookie: int, packets: list[bytes]) -> int:
    """Judge the packets; how many brought a state."""
    packets = [packet[:WIDTH_BYTES] for packet in packets]
    frames = np.full((len(packets), WIDTH_BYTES), 0xEE, np.uint8)
    for row, packet in zip(frames, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet, np.uint8)
    lengths = np.array([len(packet) for packet in packets], np.uint32)
    answers = read_answers(family, frames, lengths, np.zeros(len(packets)))
    ports = ALL[name].asked_port(answers, frames, never)
    verdicts = ALL[name].judge(Heard(family, answers, np.full(len(answers), cookie, np.uint32), frames, ports))
    for row, state, reason, answer in zip(answers["row"], verdicts.state, verdicts.reason, verdicts.answer, strict=True):
        told = seen(family, packets[row])
        assert told is not None
        assert State(state) if state else True
        assert not state or (Reason(reason) and Answer(answer)), "a state without a reason"
        if answer:
            assert vouched(name, family, cookie, told), (words(int(state), int(reason), int(answer)), told)
    return int(np.count_nonzero(verdicts.state))


@EACH
@BOTH
def test_true_answers_bring_states_and_others_do_not(name: str, family: int) -> None:
    cookie = 0x89ABCDEF
    assert assert_sound(name, family, cookie, answers_to(family, cookie)) > 5
    foreign = assert_sound(name, family, cookie, answers_to(family, 0x76543210))
    # What has no place for a cookie: a bare SYN; a packet of a protocol that is asked for. DNS repeats one.
    assert foreign == {"syn": 1, "ip-protocol": 2}.get(name, 0)


@EACH
@BOTH
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_cut_and_foreign_packets(name: str, family: int, data: st.DataObject) -> None:
    cookie, other = data.draw(u32), data.draw(u32)
    packets = data.draw(st.lists(damaged(family, cookie) | damaged(family, other) | st.binary(max_size=220), max_size=6))
    assert_sound(name, family, cookie, packets)


@st.composite
def damaged(draw: st.DrawFn, family: int, cookie: int) -> bytes:
    raw = bytearray(draw(st.sampled_from(answers_to(family, cookie))))
    ip = 20 if family == 4 else 40
    likely = st.sampled_from([0, 2, 3, 4, 5, 6, 7, 9, ip, ip + 1, ip + 4, ip + 7, ip + 8, ip + 11, ip + 13, 2 * ip + 8])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(likely | st.integers(0, len(raw) - 1))
        raw[min(at, len(raw) - 1)] = draw(st.integers(0, 255))
    cut = draw(st.just(len(raw)) | st.integers(0, len(raw)))
    return bytes(raw[:cut]) + draw(st.just(b"") | st.binary(max_size=60))


@EACH
@BOTH
def test_answers_cut_anywhere(name: str, family: int) -> None:
    for packet in answers_to(family, 0x89ABCDEF):
        assert_sound(name, family, 0x89ABCDEF, [packet[:length] for length in range(len(packet))])


@EACH
@BOTH
def test_every_bit_of_the_cookie_counts(name: str, family: int) -> None:
    """As far as the probe's header has room for it: 16 bits of an identification, 20 of a flow label."""
    cookie = 0x89ABCDEF
    for bit in range(32):
        assert_sound(name, family, cookie ^ 1 << bit, answers_to(family, cookie))
