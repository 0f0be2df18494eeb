"""The table as a whole: what it holds, in which order, and that nobody's datagram ever breaks it.

``HATOBA_RENEW_GOLDEN=1 python -m pytest tests/unit/probes/udp_questions`` writes the golden file anew.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.packets.segment import Form
from hatoba.probes.udp_questions import (
    QUESTIONS,
    Question,
    clocks,
    desktops,
    directories,
    discovery,
    encrypted,
    games,
    machines,
    names,
    questions_for,
    remote_calls,
    routers,
    silent,
    snmp,
    storage,
    tunnels,
    voice,
)
from tests.udp_asking import BY_NAME, filled, written
from tests.unit.probes.udp_questions.answers import ANSWERS, four, low

GOLDEN = Path(__file__).parents[3] / "golden" / "udp" / "questions.txt"
COOKIES = (0, 1, 0xFFFF, 0x12345678, 0x80FF7F00, 0xFFFFFFFF)
COOKIE = 0x89ABCDEF
SILENT = ("syslog", "wireguard")
REPEATS_NOTHING = {question.name for question in QUESTIONS if not question.cookies}
FAMILIES = (
    *(clocks, desktops, directories, discovery, encrypted, games, machines, names),
    *(remote_calls, routers, silent, snmp, storage, tunnels, voice),
)
EACH = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)


def dump(raw: bytes) -> str:
    """Offset, sixteen bytes, their letters. What is all the same over many lines is left out."""
    lines: list[str] = []
    for at in range(0, len(raw), 16):
        row = raw[at : at + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        blank = row == bytes(16) and raw[at - 16 : at] == row == raw[at + 16 : at + 32]
        lines.append("      *" if blank else f"{at:6}  {row.hex(' '):<48} {letters}".rstrip())
    return "".join(f"{line}\n" for place, line in enumerate(lines) if line != "      *" or lines[place - 1] != line)


def test_golden_bytes() -> None:
    text = "\n".join(
        f"{question.name}, cookie {COOKIE:08x}: {len(question.payload)} bytes\n{dump(filled(question, COOKIE))}"
        for question in QUESTIONS
    )
    if os.environ.get("HATOBA_RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(parents=True, exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_family_is_in_the_table() -> None:
    assert {question.name for family in FAMILIES for question in family.QUESTIONS} == set(BY_NAME)


@EACH
def test_a_question_is_complete(question: Question) -> None:
    assert question.name.replace("-", "").isalnum()
    assert question.name == question.name.lower()
    assert question.ports
    assert all(0 < port < 65536 for port in question.ports)
    assert len(set(question.ports)) == len(question.ports)
    assert len(question.source) > 4
    assert question.expects
    assert question.expects[0].islower() or question.expects.startswith("QUIC")
    assert not question.expects.endswith(".")
    with pytest.raises(dataclasses.FrozenInstanceError):
        question.name = "other"  # type: ignore[misc]


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(QUESTIONS)


@EACH
def test_places_are_blank_apart_and_inside(question: Question) -> None:
    taken = [at for place in question.cookies for at in range(place.at, place.at + place.form.value)]
    assert len(set(taken)) == len(taken)
    assert all(at < len(question.payload) for at in taken)
    assert not any(question.payload[at] for at in taken)


@EACH
def test_two_cookies_make_two_datagrams(question: Question) -> None:
    assert (filled(question, 1) != filled(question, 2)) == bool(question.cookies)


@EACH
def test_questions_are_small(question: Question) -> None:
    """Nothing is asked that has to be cut, and only QUIC is asked at length, because its servers want that."""
    assert len(question.payload) == 1200 if question.name == "quic" else len(question.payload) < 600


def test_the_likeliest_is_asked_first() -> None:
    asked = {port: [question.name for question in questions_for(port)] for port in (53, 123, 161, 443, 500, 514, 3702)}
    assert asked == {
        53: ["dns", "dns-root"],
        123: ["ntp", "ntp-control"],
        161: ["snmp-v3", "snmp-v2c", "snmp-v1"],
        443: ["quic", "dtls"],
        500: ["ike", "ike-v1"],
        514: ["syslog"],
        3702: ["ws-discovery", "ws-discovery-any", "ws-discovery-oasis"],
    }


def test_every_question_is_asked_where_it_says_and_nowhere_else() -> None:
    found = {(question.name, port) for port in range(65536) for question in questions_for(port)}
    assert found == {(question.name, port) for question in QUESTIONS for port in question.ports}
    assert questions_for(9) == ()


def test_what_is_silent_by_design_is_asked_nothing_and_says_so() -> None:
    empty = [question for question in QUESTIONS if not question.payload]
    assert tuple(question.name for question in empty) == SILENT
    assert all("silent by design" in question.expects for question in empty)


def test_there_is_an_answer_to_try_for_every_question() -> None:
    assert set(ANSWERS) == set(BY_NAME) - set(SILENT)


@pytest.mark.parametrize("cookie", COOKIES, ids=hex)
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_repeats_its_own_cookie_and_no_other(name: str, cookie: int) -> None:
    question, answer = BY_NAME[name], ANSWERS[name](cookie)
    if name in REPEATS_NOTHING:
        assert question.repeats(answer, cookie) is None
        return
    assert question.repeats(answer, cookie) is True
    others = {cookie ^ 1, cookie ^ 0x8000, ~cookie & 0xFFFFFFFF}
    for other in others:
        foreign = question.repeats(answer, other)
        small_record = name == "dtls" and cookie < 16
        assert foreign is (None if small_record else False), hex(other)


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - REPEATS_NOTHING))
def test_all_bits_of_a_wide_cookie_count(name: str) -> None:
    """Where 32 bits or 8 digits fit, every one of them must be repeated; else the lower 16."""
    question = BY_NAME[name]
    wide = any(place.form is not Form.U16 for place in question.cookies) and name != "coap-ping"
    answer = ANSWERS[name](COOKIE)
    for bit in range(32):
        counts = wide or bit < 16
        assert question.repeats(answer, COOKIE ^ 1 << bit) is not counts, bit


@EACH
@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0", id="zero"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(bytes(2000), id="many-zeros"),
        pytest.param(b"\xff" * 64, id="ones"),
        pytest.param(b"\n", id="newline"),
        pytest.param(b"Protocol mismatch.\n", id="text"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", id="http"),
    ],
)
def test_garbage_tells_nothing(question: Question, garbage: bytes) -> None:
    assert [question.repeats(garbage, cookie) for cookie in COOKIES] == [None] * len(COOKIES)


@EACH
@pytest.mark.parametrize("cookie", COOKIES, ids=hex)
def test_an_echo_of_the_question_is_no_answer(question: Question, cookie: int) -> None:
    """An echo server says nothing about the protocol, nor does our own datagram that came back."""
    assert question.repeats(filled(question, cookie), cookie) is None


def mentions(datagram: bytes, cookie: int) -> bool:
    """Whether a datagram holds the cookie in any way in which a protocol could repeat it."""
    forms = (low(cookie).to_bytes(2, "big"), four(cookie)[::-1], written(Form.HEX, cookie))
    return any(form in datagram.lower() or form in datagram for form in forms)


questions = st.sampled_from(QUESTIONS)
cookies = st.integers(0, 0xFFFFFFFF)


@given(questions, cookies, st.binary(max_size=300))
def test_random_bytes(question: Question, cookie: int, datagram: bytes) -> None:
    told = question.repeats(datagram, cookie)
    assert told in (None, False) or mentions(datagram, cookie)


@given(st.sampled_from(sorted(ANSWERS)), cookies, cookies, st.integers(0, 400))
def test_truncated_answers(name: str, cookie: int, other: int, size: int) -> None:
    datagram = ANSWERS[name](cookie)[:size]
    told = BY_NAME[name].repeats(datagram, other)
    assert told in (None, False) or (low(other) == low(cookie) and mentions(datagram, other))


@given(st.data(), st.sampled_from(sorted(ANSWERS)), cookies)
def test_mutated_answers(data: st.DataObject, name: str, cookie: int) -> None:
    datagram = bytearray(ANSWERS[name](cookie))
    for at in data.draw(st.lists(st.integers(0, len(datagram) - 1), min_size=1, max_size=6)):
        datagram[at] = data.draw(st.integers(0, 255))
    told = BY_NAME[name].repeats(bytes(datagram), cookie)
    assert told in (None, False) or mentions(bytes(datagram), cookie)


@given(st.sampled_from(sorted(ANSWERS)), questions, cookies, st.binary(max_size=40))
def test_answers_of_other_protocols_and_with_something_behind(name: str, question: Question, cookie: int, tail: bytes) -> None:
    datagram = ANSWERS[name](cookie) + tail
    told = question.repeats(datagram, cookie)
    assert told in (None, False) or mentions(datagram, cookie)
