from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.reports.text import json_text, padded, safe, width, xml_text

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("web.lab", "web.lab"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\r\nb\tc\x7f\x9b2J", "a\\x0d\\x0ab\\x09c\\x7f\\x9b2J"),
        ("safe\u202egnp.exe\u2069", "safe\\u202egnp.exe\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("\uffff", "\\uffff"),
        ("波止場.例え", "波止場.例え"),
    ],
)
def test_what_acts_is_escaped_and_what_shows_is_kept(raw: str, shown: str) -> None:
    assert safe(raw) == shown


@given(ANY_TEXT)
def test_nothing_that_acts_gets_through(raw: str) -> None:
    cleaned = safe(raw)
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert safe(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(ANY_TEXT)
def test_xml_attributes_parse_back_to_the_safe_text(raw: str) -> None:
    written = xml_text(raw)
    assert written.isascii()
    assert ET.fromstring(f'<a b="{written}"/>').get("b") == safe(raw)


@given(ANY_TEXT)
def test_json_text_can_be_encoded_and_changes_nothing_else(raw: str) -> None:
    written = json_text(raw)
    written.encode("utf-8")
    if not any(unicodedata.category(char) == "Cs" for char in raw):
        assert written == raw


def test_japanese_is_two_columns_wide() -> None:
    assert width("波止場") == 6
    assert width("ﾊﾄﾊﾞ") == 4
    assert width("か\u3099") == 2
    assert padded("ポート", 8) + "|" == "ポート  |"
    assert padded("port", 8) + "|" == "port    |"
