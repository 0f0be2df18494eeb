"""UDP: which datagrams count as answers, whose port unreachable closes a port, and which questions a port is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.model import Protocol
from hatoba.packets.answers import UDP_DATAGRAM
from hatoba.probes import udp
from hatoba.probes.udp import METHOD, asked_port, has_question, wording
from hatoba.probes.udp_questions import questions_for
from hatoba.wire.base import WIDTH_BYTES
from tests.udp_asking import BY_NAME
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
    rows,
    specified_errors,
)

COOKIE = 0x89ABCDEF
OPEN: Told = ("open", "udp-response", "udp")
DNS, UNKNOWN, NTP_AND_MORE = 53, 4, 123


def dns_answer(number: int) -> bytes:
    """A refusal without the question."""
    return number.to_bytes(2, "big") + b"\x80\x05" + bytes(8)


def of_datagram(family: int, port: int, data: bytes, **fields: int) -> list[Told]:
    """The judgement of one datagram from *port* with this content."""
    frames = np.full((2, WIDTH_BYTES), 0xEE, np.uint8)
    frames[1, 48 : 48 + len(data)] = np.frombuffer(data, np.uint8)
    told = {"kind": UDP_DATAGRAM, "protocol": 17, "dport": port, "row": 1, "data_at": 48, "data_bytes": len(data), **fields}
    return judged(METHOD, family, rows(**told), COOKIE, frames)


def tag_of(family: int, cookie: int) -> int:
    return cookie % (1 << (16 if family == 4 else 20)) or 1


@BOTH
@given(data=st.binary(max_size=100))
def test_where_no_protocol_is_expected_any_datagram_will_do(family: int, data: bytes) -> None:
    assert not questions_for(UNKNOWN)
    assert of_datagram(family, UNKNOWN, data) == [OPEN]


@BOTH
@given(number=st.integers(0, 0xFFFF))
def test_an_identification_that_is_not_ours_answers_somebody_else(family: int, number: int) -> None:
    assert of_datagram(family, DNS, dns_answer(number)) == ([OPEN] if number == COOKIE & 0xFFFF else [NOTHING])


@BOTH
@pytest.mark.parametrize("data", [b"", b"x", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(12), b"\xff" * 12])
def test_what_is_no_word_of_the_protocol_still_shows_that_somebody_is_there(family: int, data: bytes) -> None:
    assert of_datagram(family, DNS, data) == [OPEN]


@BOTH
def test_the_content_ends_where_it_was_said_to(family: int) -> None:
    """What lies behind the datagram in its slot is another packet's."""
    answer = dns_answer(COOKIE & 0xFFFF ^ 1)
    frames = np.zeros((1, WIDTH_BYTES), np.uint8)
    frames[0, 48 : 48 + len(answer)] = np.frombuffer(answer, np.uint8)
    told = {"kind": UDP_DATAGRAM, "dport": DNS, "data_at": 48}
    assert judged(METHOD, family, rows(data_bytes=len(answer), **told), COOKIE, frames) == [NOTHING]
    assert judged(METHOD, family, rows(data_bytes=11, **told), COOKIE, frames) == [OPEN], "too short for a header of DNS"


@BOTH
@pytest.mark.parametrize("port", [DNS, UNKNOWN])
def test_every_error_about_our_datagram(family: int, port: int) -> None:
    closed = {PORT_UNREACHABLE[family]: ("closed", "port-unreach", ICMP_WORD[family])}
    for cookie in COOKIES:
        answers = errors(17, tag=tag_of(family, cookie), dport=port)
        assert judged(METHOD, family, answers, cookie) == specified_errors(family, closed)


@BOTH
def test_a_port_unreachable_of_somebody_else_is_a_packet_filter_s(family: int) -> None:
    answers = errors(17, tag=tag_of(family, COOKIE))
    answers["source"][:, 3] = ROUTER
    assert judged(METHOD, family, answers, COOKIE) == specified_errors(family)


@BOTH
@pytest.mark.parametrize("place", range(16))
def test_the_target_is_known_by_its_whole_address(family: int, place: int) -> None:
    answers = errors(17, tag=tag_of(family, COOKIE))
    answers["source"][:, place] ^= 1
    assert judged(METHOD, family, answers, COOKIE) == specified_errors(family)


@BOTH
def test_an_error_about_another_s_datagram_is_nothing(family: int) -> None:
    nothing = [NOTHING] * (1 << 16)
    assert judged(METHOD, family, errors(17, tag=9, seq=8), 8) == nothing
    assert judged(METHOD, family, errors(17, tag=0), 0x1_00000) == nothing, "a tag is never zero"
    for protocol in (1, 6, 58, 132, 0):
        assert judged(METHOD, family, errors(protocol, tag=8, seq=8), 8) == nothing


@BOTH
def test_other_kinds_of_packets_are_nothing(family: int) -> None:
    for kind in (0, 1, 4, 5, 6):
        assert judged(METHOD, family, rows(kind=kind, seq=8, tag=8, icmp_type=3, icmp_code=3), 8) == [NOTHING]


def asked_about(port: int, data: bytes, kind: int = UDP_DATAGRAM, asked: tuple[int, ...] = ()) -> int:
    """Which port an answer is about that comes from *port*, of a host that has been asked for these."""
    frames = np.zeros((1, WIDTH_BYTES), np.uint8)
    frames[0, 48 : 48 + len(data)] = np.frombuffer(data, np.uint8)
    answers = rows(kind=kind, dport=port, data_at=48, data_bytes=len(data))
    return int(asked_port(answers, frames, lambda ports: np.isin(ports, asked))[0])


def test_a_tftp_server_answers_from_a_port_of_its_choosing() -> None:
    """RFC 1350 section 4: only its errors are known by their looks, as that is what our question meets."""
    error = b"\0\x05\0\x01File not found\0"
    assert asked_about(40_000, error) == 69
    assert asked_about(1023, error) == 1023, "a server may not choose a port of the system's"
    assert asked_about(40_000, error, kind=1) == 40_000
    for other in (b"", error[:-1], error + b"x", b"\0\x05\0\x09" + error[4:], b"\0\x03" + error[2:]):
        assert asked_about(40_000, other) == 40_000


def test_who_has_been_asked_may_answer_what_he_likes() -> None:
    error = b"\0\x05\0\x04Illegal TFTP operation\0"
    for asked in ((40_000,), (69, 40_000)):
        assert asked_about(40_000, error, asked=asked) == 40_000
    assert asked_about(40_001, error, asked=(69, 40_000)) == 69
    named = b"\0\x05\0\x01No such file: hatoba-89abcdef\0"
    assert asked_about(40_000, named, asked=(69, 40_000)) == 69, "it was asked for no file"


@BOTH
@pytest.mark.parametrize(("name", "expected"), [(b"hatoba-89abcdef", OPEN), (b"hatoba-89abcdee", NOTHING), (b"hatoba", OPEN)])
def test_an_error_that_names_another_file_is_somebody_else_s(family: int, name: bytes, expected: Told) -> None:
    assert of_datagram(family, 40_000, b"\0\x05\0\x01" + name + b"\0") == [expected]


def test_each_port_takes_its_questions_in_turn() -> None:
    ports = np.array([UNKNOWN, DNS, NTP_AND_MORE, DNS, 5], np.uint16)
    segments, choice = wording(4, ports)
    for row, port in zip(choice, ports.tolist(), strict=True):
        expected = [question.payload for question in questions_for(port)] or [b""]
        assert len(row) % len(expected) == 0
        asked = [segments[number].data[8:] for number in row.tolist()]
        assert asked == expected * (len(row) // len(expected))
    assert len(segments) == len({segment.data[8:] for segment in segments}), "one probe for what is asked alike"


@pytest.mark.parametrize("ports", [[], [UNKNOWN], [514]])
def test_ports_without_a_question_are_asked_with_nothing(ports: list[int]) -> None:
    segments, choice = wording(6, np.array(ports, np.uint16))
    assert [segment.data for segment in segments] == [bytes(4) + b"\0\x08\0\0"]
    assert choice.tolist() == [[0]] * len(ports)


def test_all_ports_at_once() -> None:
    ports = np.arange(65536).astype(np.uint16)
    segments, choice = wording(4, ports)
    assert len(choice) == 65536
    assert 0 <= choice.min() <= choice.max() < len(segments)
    asked = {segment.data[8:] for segment in segments}
    assert asked == {question.payload for question in BY_NAME.values()} | {b""}


@pytest.mark.parametrize("name", BY_NAME)
def test_the_datagram_around_a_question(name: str) -> None:
    question = BY_NAME[name]
    segment = udp.segment(question)
    assert segment.data[8:] == question.payload
    assert int.from_bytes(segment.data[4:6], "big") == len(segment.data)
    assert [(place.at - 8, place.form) for place in segment.cookies] == list(question.cookies)


def test_only_what_a_program_would_answer_is_a_question() -> None:
    ports = np.array([UNKNOWN, DNS, 514, 51820], np.uint16)
    assert has_question(ports).tolist() == [False, True, False, False], "nothing is asked of syslog and WireGuard"


def test_what_silence_means() -> None:
    assert METHOD.protocol is Protocol.UDP
    assert [code.word for code in METHOD.silence] == ["open|filtered", "no-response"]
    assert METHOD.rationed_silence is not None
    assert [code.word for code in METHOD.rationed_silence] == ["closed|filtered", "no-response"]
