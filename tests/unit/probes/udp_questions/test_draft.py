"""Drafts: the places of the cookie move along with the bytes around them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatoba.packets.segment import Form, Place
from hatoba.probes.udp_questions.draft import COOKIE_16, COOKIE_32, COOKIE_HEX, Draft, digits, lower_half
from hatoba.probes.udp_questions.question import question, repeats_nothing

parts = st.lists(st.one_of(st.binary(max_size=9), st.sampled_from([COOKIE_16, COOKIE_32, COOKIE_HEX])), max_size=8)


@given(parts)
def test_places_are_where_the_blanks_came_to_lie(given_parts: list[bytes | Draft]) -> None:
    draft, expected = Draft(), []
    for part in given_parts:
        if isinstance(part, Draft):
            expected.append(Place(len(draft.data), part.cookies[0].form))
        draft = draft + part
    assert list(draft.cookies) == expected
    assert draft.data == b"".join(part.data if isinstance(part, Draft) else part for part in given_parts)


@given(parts, parts)
def test_the_order_of_adding_does_not_matter(first: list[bytes | Draft], second: list[bytes | Draft]) -> None:
    def together(items: list[bytes | Draft]) -> Draft:
        draft = Draft()
        for item in items:
            draft = draft + item
        return draft

    assert together(first) + together(second) == together([*first, *second])


def test_bytes_may_come_first() -> None:
    draft = b"id=" + COOKIE_HEX + b";"
    assert draft == Draft(b"id=" + bytes(8) + b";", (Place(3, Form.HEX),))
    assert len(draft) == 12


def test_how_a_cookie_is_read_back() -> None:
    assert lower_half(0x12345678) == 0x5678
    assert digits(0x00AB12CD) == b"00ab12cd"


def test_a_question_without_a_check_can_tell_nothing() -> None:
    made = question("name", (1,), b"\x01", "RFC 1", "something")
    assert (made.payload, made.cookies, made.repeats) == (b"\x01", (), repeats_nothing)
    assert made.repeats(b"\x01", 0) is None
