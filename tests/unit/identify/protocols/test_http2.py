from __future__ import annotations

import pytest
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

from hatoba.identify.protocols.http2 import PREFACE, PROTOCOL, complete, is_http2, read, request, settings_of

PAGE = b"<html><title>inside</title></html>"


def frame(kind: int, content: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


SETTINGS = frame(4, bytes.fromhex("000300000080000400010000000500ffffff"))
FIELDS = Encoder().encode([(":status", "200"), ("server", "nginx/1.22.1"), ("x-powered-by", "PHP/8.2"), ("CF-Ray", "1-NRT")])
ANSWER = SETTINGS + frame(4, b"", 1) + frame(1, FIELDS, 4, 1) + frame(0, PAGE, 1, 1)


def test_what_an_answer_says() -> None:
    facts = read((ANSWER,))
    assert facts is not None
    assert (facts.name, facts.product, facts.version) == ("http", "nginx", "1.22.1")
    assert facts.evidence == SETTINGS + b"\r\nserver: nginx/1.22.1"
    details = dict(facts.details)
    assert (details["title"], details["powered-by"], details["h2"]) == ("inside", "PHP/8.2", "yes")
    assert details["h2-settings"] == "max_concurrent_streams=128, initial_window_size=65536, max_frame_size=16777215"
    assert [shield.name for shield in facts.shields] == ["Cloudflare"]


def test_settings_alone_are_enough_to_know_it() -> None:
    facts = read((SETTINGS,))
    assert facts is not None
    assert (facts.name, facts.product, dict(facts.details)["h2"]) == ("http", "", "yes")
    assert read((frame(4),)) is not None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        SETTINGS[:8],
        frame(4, b"", 1),
        frame(4, bytes(6), 0, 1),
        frame(4, bytes(5)),
        frame(7),
    ],
)
def test_what_is_something_else(said: bytes) -> None:
    assert read((said,)) is None


def test_fields_in_several_frames_padded_and_with_a_priority() -> None:
    padded = b"\3" + bytes(5) + FIELDS[:7] + bytes(3)
    answer = SETTINGS + frame(1, padded, 0x8 | 0x20 | 0x1, 1) + frame(9, FIELDS[7:], 4, 1)
    facts = read((answer,))
    assert facts is not None
    assert facts.product == "nginx"


def test_what_others_streams_say_is_not_taken_for_the_answer() -> None:
    pushed = frame(1, Encoder().encode([(":status", "200"), ("server", "forged/9")]), 4, 2)
    facts = read((SETTINGS + pushed + ANSWER[len(SETTINGS) :],))
    assert facts is not None
    assert facts.product == "nginx"


def test_fed_byte_by_byte() -> None:
    told = [read((ANSWER[:size],)) for size in range(len(ANSWER) + 1)]
    assert told[-1] is not None
    assert [complete(ANSWER[:size]) for size in range(len(ANSWER) + 1)] == [False] * len(ANSWER) + [True]
    assert all(facts is None or facts.product in ("", "nginx") for facts in told)


@pytest.mark.parametrize("garbage", [b"\0", b"\xff" * 30, ANSWER, frame(1, FIELDS, 4, 1)])
def test_fed_with_garbage_behind(garbage: bytes) -> None:
    clean, facts = read((ANSWER,)), read((ANSWER + garbage,))
    assert facts is not None
    assert clean is not None
    assert (facts.product, facts.version, facts.evidence) == (clean.product, clean.version, clean.evidence)


@pytest.mark.parametrize(
    "end", [frame(7, bytes(8)), frame(3, bytes(4), 0, 1), frame(1, FIELDS, 5, 1), b"HTTP/1.1 400 Bad\r\n\r\n"]
)
def test_when_an_answer_is_whole(end: bytes) -> None:
    said = end if end.startswith(b"HTTP") else SETTINGS + end
    assert complete(said)
    assert not complete(said[:-1])


def test_a_bomb_of_fields_is_not_unpacked() -> None:
    """A large field that is remembered once and repeated by one byte each."""
    bomb = Encoder().encode([(":status", "200"), ("x", "y" * 3000)]) + b"\xbe" * 16_000
    facts = read((SETTINGS + frame(1, bomb, 5, 1),))
    assert facts is not None
    assert dict(facts.details).keys() == {"h2", "h2-settings"}


@pytest.mark.parametrize(("method", "scheme"), [("GET", "http"), ("HEAD", "https")])
def test_the_request_is_what_another_reader_reads(method: str, scheme: str) -> None:
    host = "w" * 200 + ".lab"
    said = request(host, method, scheme).data
    assert said.startswith(PREFACE)
    rest = said[len(PREFACE) :]
    assert rest[:9] == frame(4, bytes(6))[:9]
    fields = rest[15:]
    assert (fields[3], fields[4], fields[5:9]) == (1, 5, (1).to_bytes(4))
    assert Decoder().decode(fields[9:]) == [
        *((":method", method), (":scheme", scheme), (":path", "/"), (":authority", host)),
        *(("user-agent", "Mozilla/5.0 (compatible; hatoba)"), ("accept", "*/*")),
    ]


def test_settings_that_nobody_knows_are_told_by_number_and_few() -> None:
    assert settings_of(frame(4, bytes.fromhex("001000000007"))) == "16=7"
    assert settings_of(frame(4, bytes(6) * 40)).count("=") == 16


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda packed: SETTINGS + frame(1, packed, 5, 1)))
def test_no_bytes_make_it_raise(said: bytes) -> None:
    for answer in (said, SETTINGS + said):
        facts = read((answer,))
        assert (facts is not None) is is_http2(answer)
        assert complete(answer) in (True, False)
    assert PROTOCOL.read is read
