"""IP protocol: every number is asked with something sound, and what comes back is judged by the specification's table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hatoba.model import Protocol
from hatoba.packets.answers import ICMP_REPLY, OTHER_PACKET, SCTP_PACKET, TCP_SEGMENT, UDP_DATAGRAM
from hatoba.packets.layouts import ACK, FIN, RST, SYN
from hatoba.probes.ip_protocol import METHOD, asked_protocol, segment, wording
from tests.unit.probes.judging import (
    BOTH,
    COOKIES,
    ICMP_WORD,
    NOTHING,
    PORT_UNREACHABLE,
    ROUTER,
    Told,
    errors,
    judged,
    never,
    rows,
    specified_errors,
)

OPEN: Told = ("open", "proto-response", "packet")
OFFSETS = (0, 1, -1, 1 << 16)


def tag_of(family: int, cookie: int) -> int:
    return cookie % (1 << (16 if family == 4 else 20)) or 1


@BOTH
@pytest.mark.parametrize("protocol", [0, 1, 2, 6, 17, 47, 58, 132, 255])
def test_every_error_of_the_target_itself(family: int, protocol: int) -> None:
    word = ICMP_WORD[family]
    special = {PORT_UNREACHABLE[family]: ("open", "port-unreach", word)}
    special[3, 2] = ("closed", "proto-unreach", word) if family == 4 else ("filtered", "time-exceeded", word)
    if family == 6:
        special[4, 1] = ("closed", "param-problem", word)
    for cookie in COOKIES:
        answers = errors(protocol, tag=tag_of(family, cookie))
        assert judged(METHOD, family, answers, cookie) == specified_errors(family, special)


@BOTH
def test_every_error_of_somebody_else(family: int) -> None:
    answers = errors(47, tag=tag_of(family, 5))
    answers["source"][:, 3] = ROUTER
    assert judged(METHOD, family, answers, 5) == specified_errors(family)


@BOTH
def test_an_error_about_another_s_packet_is_nothing(family: int) -> None:
    for protocol in (6, 17, 47):
        assert judged(METHOD, family, errors(protocol, tag=9, seq=8), 8) == [NOTHING] * (1 << 16)


@BOTH
@pytest.mark.parametrize("kind", [OTHER_PACKET, UDP_DATAGRAM])
def test_any_packet_in_the_protocol_will_do_where_nothing_is_repeated(family: int, kind: int) -> None:
    assert judged(METHOD, family, rows(kind=kind), 0x12345678) == [OPEN]


@BOTH
def test_a_segment_has_to_repeat_the_cookie(family: int) -> None:
    cases = list(itertools.product((RST, RST | ACK, SYN | ACK, ACK, FIN | ACK, SYN, 0), OFFSETS, OFFSETS, COOKIES))
    answers = rows(len(cases), kind=TCP_SEGMENT, protocol=6)
    answers["flags"] = [flags for flags, _ack, _seq, _cookie in cases]
    answers["ack"] = [(cookie + offset) & 0xFFFFFFFF for _flags, offset, _seq, cookie in cases]
    answers["seq"] = [(cookie + offset) & 0xFFFFFFFF for _flags, _ack, offset, cookie in cases]
    expected = [
        OPEN if (flags & ACK and not ack_offset) or (flags & RST and not seq_offset) else NOTHING
        for flags, ack_offset, seq_offset, _cookie in cases
    ]
    assert judged(METHOD, family, answers, [cookie for *_rest, cookie in cases]) == expected


@BOTH
@pytest.mark.parametrize(("kind", "bits"), [(SCTP_PACKET, 32), (ICMP_REPLY, 16)])
def test_a_packet_of_sctp_or_icmp_has_to_repeat_the_cookie(family: int, kind: int, bits: int) -> None:
    for cookie, offset in itertools.product(COOKIES, OFFSETS):
        seq = (cookie + offset) % (1 << bits)
        expected = OPEN if offset % (1 << bits) == 0 else NOTHING
        assert judged(METHOD, family, rows(kind=kind, seq=seq), cookie) == [expected]


def test_an_answer_is_about_its_own_protocol_or_the_quoted_one() -> None:
    answers = rows(3)
    answers["protocol"] = (0, 47, 255)
    assert asked_protocol(answers, np.zeros((1, 8), np.uint8), never).tolist() == [0, 47, 255]
    assert METHOD.asked_port is asked_protocol


@BOTH
def test_each_protocol_is_asked_in_its_own_number(family: int) -> None:
    numbers = np.arange(256).astype(np.uint16)
    segments, choice = wording(family, numbers)
    assert [segments[place].protocol for place in choice[:, 0].tolist()] == list(range(256))
    assert all(segment.dport_at is None for segment in segments), "a port of its own would be taken for the protocol's number"
    assert all(segment.tag_ip for segment in segments), "an error may quote eight bytes only"


@BOTH
def test_well_known_protocols_get_a_sound_header_and_others_eight_bytes(family: int) -> None:
    icmp, foreign = (1, 58) if family == 4 else (58, 1)
    sizes = {number: len(segment(family, number).data) for number in range(256)}
    assert sizes == dict.fromkeys(range(256), 8) | {6: 20, 17: 8, 132: 32, icmp: 16, foreign: 8}
    assert segment(family, 6).data[13] == ACK
    assert segment(family, icmp).data[0] == (8 if family == 4 else 128)
    assert segment(family, foreign).data == bytes(8)
    assert [int.from_bytes(segment(family, number).data[2:4], "big") for number in (6, 17, 132)] == [80] * 3


def test_what_silence_means() -> None:
    assert METHOD.protocol is Protocol.IP
    assert [code.word for code in METHOD.silence] == ["open|filtered", "no-response"]
    assert not METHOD.tells_attempt
