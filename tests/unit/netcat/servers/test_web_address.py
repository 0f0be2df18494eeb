from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.netcat.servers.web_address import Address, read_target


@pytest.mark.parametrize(
    ("target", "parts", "is_folder"),
    [
        (b"/", (), True),
        (b"/a", (b"a",), False),
        (b"/a/b/", (b"a", b"b"), True),
        (b"//a///b", (b"a", b"b"), False),
        (b"/a%20b?x=1#frag", (b"a b",), False),
        (b"/%e3%81%82", ("あ".encode(),), False),
        (b"/%252e%252e", (b"%2e%2e",), False),  # decoded once
        (b"/%c0%ae%c0%ae", (b"\xc0\xae\xc0\xae",), False),  # a name of four odd bytes, no dots
        (b"/..%5c..%5c", (b"..\\..\\",), False),  # a backslash is a character like any other
        (b"/...", (b"...",), False),
        (b"/%", (b"%",), False),
        (b"http://x:80/a", (b"a",), False),
        (b"HTTPS://x", (), True),
    ],
)
def test_targets(target: bytes, parts: tuple[bytes, ...], is_folder: bool) -> None:
    assert read_target(target) == Address(parts, is_folder)


@pytest.mark.parametrize(
    "target",
    [
        b"/..",
        b"/a/../b",
        b"/%2e%2e/b",
        b"/.%2E",
        b"/./a",
        b"/a%2fb",
        b"/..%2f..%2fetc",
        b"/a%00",
        b"*",
        b"a",
        b"x:80",
        b"",
        b"http://x/../y",
        b"ftp://x/y",
        b"\\a",
        b"?a",
    ],
)
def test_targets_that_name_nothing(target: bytes) -> None:
    assert read_target(target) is None


@given(st.binary(max_size=60) | st.lists(st.sampled_from([b"..", b"%2e", b"/", b"%2f", b"\\", b"%00", b"a"])).map(b"".join))
def test_no_target_leads_out(raw: bytes) -> None:
    for target in (raw, b"/" + raw, b"http://x/" + raw):
        address = read_target(target)
        if address is not None:
            assert not {b"", b".", b".."} & set(address.parts)
            assert not any(b"/" in part or b"\0" in part for part in address.parts)
            again = read_target(address.path.encode())
            assert again is not None
            assert again.parts == address.parts


@pytest.mark.parametrize(
    ("target", "hidden"), [(b"/.git/config", True), (b"/a/.b", True), (b"/.well-known/x", False), (b"/a.b", False)]
)
def test_hidden(target: bytes, hidden: bool) -> None:
    address = read_target(target)
    assert address is not None
    assert address.is_hidden is hidden


def test_where_a_listing_goes_on() -> None:
    after = read_target(b"/?after=%ff%20b&x=y")
    assert after is not None
    assert after.after == "\udcff b"
    many = read_target(b"/?" + b"a=b&" * 5000)
    assert many is not None
    assert many.after == ""


def test_a_redirect_never_leads_to_another_host() -> None:
    address = read_target(b"//evil.example/x")
    assert address is not None
    assert address.path == "/evil.example/x"
