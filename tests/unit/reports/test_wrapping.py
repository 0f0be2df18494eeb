"""Lines broken by columns, not by characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatoba.reports.text import width
from hatoba.reports.wrapping import indented, wrapped


def test_words_stay_whole() -> None:
    assert wrapped("one two  three\nfour", 9) == ["one two", "three", "four"]


def test_a_wide_character_takes_two_columns_and_needs_no_space() -> None:
    assert wrapped("日本語の文章です", 6) == ["日本語", "の文章", "です"]


def test_a_line_does_not_begin_with_a_full_stop_or_end_with_a_bracket() -> None:
    assert wrapped("日本語。文（章）", 6) == ["日本", "語。文", "（章）"]


def test_nothing_is_no_line() -> None:
    assert wrapped("  ", 10) == []


@given(st.text(alphabet="ab 日本。（）ー", max_size=60), st.integers(4, 30))
def test_nothing_is_lost_and_what_can_be_broken_fits(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    plain = wrapped(text.translate({ord(mark): None for mark in "。（）ー"}), columns)
    longest_word = max((len(word) for word in text.replace("日", " ").replace("本", " ").split()), default=0)
    assert all(width(line) <= max(columns, longest_word) for line in plain)


def test_text_stands_behind_its_indent_in_every_line() -> None:
    assert indented("one two three", "  ", 22) == ["  one two three"]
    assert indented("one two three four five six", "  ", 22) == ["  one two three four", "  five six"]
    assert indented("one two three four five six", "  ", None) == ["  one two three four five six"]


def test_text_is_not_squeezed_to_nothing() -> None:
    assert indented("one two three four", " " * 30, 32) == [" " * 30 + "one two three four"]
