from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatoba.targets.quoting import shown, shown_path


def test_what_acts_is_spelt_out() -> None:
    assert shown("a\x1b[31mb\n\u202ec\udc80") == "a\\x1b[31mb\\n\\u202ec\\udc80"


def test_what_is_long_is_cut() -> None:
    assert shown("x" * 100, 10) == "x" * 9 + "…"


def test_a_path_is_never_cut() -> None:
    assert shown_path("/" + "x" * 3000 + "\x07") == "/" + "x" * 3000 + "\\x07"


def test_plain_text_stays() -> None:
    assert shown("事務所 198.51.100.0/24") == "事務所 198.51.100.0/24"


@given(st.text())
def test_nothing_unprintable_is_left(text: str) -> None:
    assert shown(text).isprintable()
