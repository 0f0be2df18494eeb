from __future__ import annotations

import sys
import time

import pytest

from hatoba.errors import UsageError
from hatoba.identify.signatures import patterns
from hatoba.identify.signatures.patterns import MOST_BYTES, BadPattern, Pattern


def test_groups_by_number_and_name() -> None:
    pattern = Pattern(r"^SSH-(\d\.\d)-(?P<software>\S+)(?: (.*))?")
    assert (pattern.groups, pattern.names) == (3, {"software": 2})
    found = pattern.search(b"SSH-2.0-\xffThing\r\n")
    assert found == (b"SSH-2.0-\xffThing", (b"2.0", b"\xffThing", b""), {"software": b"\xffThing"})
    assert pattern.search(b"HTTP/1.1 200 OK") is None


@pytest.mark.parametrize(
    ("written", "options", "said", "found"),
    [
        (r"\x00\xff", {}, b"a\0\xff", True),
        ("波止場", {}, "ようこそ波止場へ".encode(), True),
        ("^.$", {}, b"\xff", True),
        ("abc", {"ignore_case": True}, b"xABc", True),
        ("abc", {}, b"xABc", False),
        ("a.b", {}, b"a\nb", False),
        ("a.b", {"dot_all": True}, b"a\nb", True),
        ("^b$", {}, b"a\nb\nc", False),
        ("^b$", {"multiline": True}, b"a\nb\nc", True),
        ("x", {}, b"a" * MOST_BYTES + b"x", False),
        ("ax", {}, b"a" * (MOST_BYTES - 1) + b"x", True),
    ],
)
def test_bytes_are_bytes(written: str, options: dict[str, bool], said: bytes, found: bool) -> None:
    assert (Pattern(written, **options).search(said) is not None) is found


@pytest.mark.parametrize(
    "written", ["(a+)+b", "(a|a)*b", "(a|aa)+$b", ".*.*.*.*.*b", "(.*a){20}b", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_what_makes_others_go_back_and_forth_for_ages(written: str) -> None:
    """Python's own matcher would not be done with most of these today; a limit of a second is not about speed."""
    began_s = time.process_time()
    Pattern(written).search(b"a" * MOST_BYTES)
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("(?=a)b", r"\(\?= looks ahead, looks behind"),
        ("(?<!a)b", r"\(\?<! looks ahead, looks behind"),
        ("(?>a)b", r"\(\?> looks ahead, looks behind or never goes back"),
        (r"(a)\1", r"\\1 refers back to a group"),
        (r"\q", r"there is no escape \\q"),
        ("(a", r"a bracket \( has no end: close it, or write \\\("),
        ("a)", r"a bracket \) has no beginning"),
        ("[a", r"a bracket \[ has no end"),
        ("*a", r"nothing before \* to repeat: write \\\*"),
        ("a++", r"\+\+ repeats a repetition"),
        ("a{1001}", r"\{1001\} repeats more than 1,000 times"),
        ("[b-a]", "b-a is no range"),
        ("a\\", "it ends with a backslash"),
        ("(?P<1.2>a)", "is no name for a group"),
        ("".join(f"{letter}{{1000}}" for letter in "abcdefghijklmnopqrstuvwxyz"), "it is too large: shorten it"),
        ("\ud800", "half a character"),
    ],
)
def test_what_can_not_be_taken(written: str, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason):
        Pattern(written)


def test_without_the_library_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    patterns._library.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"pip install 'hatoba\[signatures\]'"):
            Pattern("a")
    finally:
        patterns._library.cache_clear()


def test_a_letter_of_several_bytes_is_one_letter() -> None:
    """Unless bytes stand beside it."""
    found = Pattern("caf[é–]+ 波+$").search("\xffcafé– 波波".encode("latin-1", "replace"))
    assert found is None
    found = Pattern("caf[é–]+ 波+$").search(b"\xff" + "café– 波波".encode())
    assert found is not None
    assert found.whole.decode() == "café– 波波"
    assert Pattern(r"é\xff").search("é".encode() + b"\xff") is not None


def test_a_dot_is_any_byte_beside_a_letter_that_stands_for_itself() -> None:
    assert Pattern("é.{2}ok", dot_all=True).search("é".encode() + b"\xff\xfeok") is not None
