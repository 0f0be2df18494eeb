from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.identify.favicon import MOST_BYTES, hashed, icon_path, murmur3

ICON = b"\0\0\1\0\1\0\x10\x10\0\0" + bytes(range(250))


@pytest.mark.parametrize(
    ("data", "seed", "value"),
    [
        (b"", 0, 0),
        (b"", 1, 0x514E28B7),
        (b"hello", 0, 0x248BFA47),
        (b"hello, world", 0, 0x149BBB7F),
        (b"The quick brown fox jumps over the lazy dog", 0, 0x2E4FF723),
        (b"\xff\xff\xff\xff", 0, 0x76293B50),
        (b"\x21\x43\x65\x87", 0x5082EDEE, 0x2362F9DE),
        (b"\x21\x43\x65", 0, 0x7E4A8634),
        (b"\x21", 0, 0x72661CF4),
    ],
)
def test_the_hash_is_the_published_one(data: bytes, seed: int, value: int) -> None:
    assert murmur3(data, seed) & 0xFFFF_FFFF == value


def test_it_is_a_signed_number_as_search_engines_have_it() -> None:
    assert {murmur3(bytes([one])) < 0 for one in range(40)} == {True, False}


@given(st.binary(max_size=60))
def test_any_bytes_have_one(data: bytes) -> None:
    assert -(1 << 31) <= murmur3(data) < 1 << 31


def test_an_icon_is_hashed_in_base64_by_lines_of_76() -> None:
    found = hashed(ICON)
    assert found is not None
    text = base64.b64encode(ICON).decode()
    lines = "".join(text[at : at + 76] + "\n" for at in range(0, len(text), 76))
    assert found == (murmur3(lines.encode()), hashlib.sha256(ICON).hexdigest())


@pytest.mark.parametrize("body", [b"", b"<html>not found</html>", b"{}", b"\0\0\1\0" + bytes(MOST_BYTES)])
def test_what_is_no_picture_or_too_large_has_none(body: bytes) -> None:
    assert hashed(body) is None


@pytest.mark.parametrize(
    "body", [b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg xmlns='x'/>", b"RIFF\1\2\3\4WEBP"]
)
def test_pictures(body: bytes) -> None:
    assert hashed(body) is not None


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("", "/favicon.ico"),
        ("/static/icon.png?v=3", "/static/icon.png?v=3"),
        ("img/icon.svg", "/img/icon.svg"),
        ("//elsewhere.example/x.ico", "/favicon.ico"),
        ("https://elsewhere.example/x.ico", "/favicon.ico"),
        ("data:image/png;base64,AAAA", "/favicon.ico"),
        ("/../../etc/passwd", "/favicon.ico"),
        ("/a b", "/favicon.ico"),
        ("/a\r\nHost: x", "/favicon.ico"),
        ("/" + "a" * 200, "/favicon.ico"),
    ],
)
def test_the_icon_is_asked_of_the_same_server_only(named: str, path: str) -> None:
    assert icon_path(named) == path
