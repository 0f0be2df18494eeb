"""Whatever a stranger says, nothing of ours raises, and what is told of it is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.identify.protocols import PROTOCOLS, ServiceProtocol
from hatoba.identify.protocols.text import first_line, text
from tests.unit.identify.protocols.feeding import CAPTURES

BEGINNINGS = sorted({answer[:size] for one in CAPTURES.values() for answer in one.answers for size in (2, 5, 9, 24, 70)})
ANYTHING = st.binary(max_size=300) | st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=200))
EACH = pytest.mark.parametrize("known", PROTOCOLS, ids=[f"{one.name}-{one.protocol.word}" for one in PROTOCOLS])
MOST_BYTES = 8000


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[bytes, ...]:
    """A real daemon's answers with some bytes changed, left out or doubled."""
    answers = list(draw(st.sampled_from([one.answers for one in CAPTURES.values()])))
    which = draw(st.integers(0, len(answers) - 1))
    raw = bytearray(answers[which])
    for _change in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(raw) - 1, 0)))
        raw[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return (*answers[:which], bytes(raw), *answers[which + 1 :])


@EACH
@settings(max_examples=25)
@given(answers=st.lists(ANYTHING, min_size=1, max_size=4).map(tuple) | spoiled())
def test_no_bytes_make_a_reader_raise(known: ServiceProtocol, answers: tuple[bytes, ...]) -> None:
    facts = known.read(answers)
    if facts is not None:
        assert facts.name
        texts = (facts.name, facts.product, facts.version, facts.extra, facts.os, facts.hostname, *facts.cpe23)
        assert sum(map(len, texts)) + sum(len(value) for _name, value in facts.details) + len(facts.evidence) < MOST_BYTES
        assert 0 <= facts.confidence <= 10
    for question in known.questions:
        assert all(question.complete(answer) in (True, False) for answer in answers)
    assert all(known.wants_tls(answer) in (True, False) for answer in answers)
    if known.start_tls is not None:
        assert known.start_tls.offered(answers) in (True, False)
        for answer in answers:
            assert known.start_tls.accepted(answer) in (True, False)
            assert known.start_tls.complete(answer) in (True, False)


@given(st.binary(max_size=2000), st.integers(1, 200))
def test_text_is_bounded_and_has_no_white_space_of_its_own(raw: bytes, most: int) -> None:
    for made in (text(raw, most), first_line(raw, most)):
        assert len(made) <= most
        assert "\n" not in made
        assert "\r" not in made


def test_the_first_line_is_the_first_that_has_anything() -> None:
    assert first_line(b"\r\n one\ttwo \r\nthree") == "one two"


HEADS = (b"", b"+OK \r\n", b"220 ", b"HTTP/1.1 200 OK\r\n\r\n", b"* OK IMAP ", b"SIP/2.0 200 OK\r\nServer: ", b"OK 1\r\n---\n")
REPEATED = (b"\r\n", b" ", b"a", b"\0", b"<title", b"<meta name=generator ", b"<stream:stream ", b":a ", b"1.1.", b"\xff\xfa")


@pytest.mark.parametrize("repeated", REPEATED)
def test_time_grows_with_the_input_and_no_faster(repeated: bytes) -> None:
    """A pattern that goes back over what it has read takes hours for so much, four times of what is ever
    heard of one answer, and the test's time runs out."""
    for head in HEADS:
        poured = (head + repeated * (1 << 20))[: 1 << 18]
        for known in PROTOCOLS:
            known.read((poured,))
            known.read((head, poured))
            assert all(question.complete(poured) in (True, False) for question in known.questions)
