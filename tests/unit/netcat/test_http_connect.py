"""CONNECT, and what proxies say to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.errors import UsageError
from hatoba.netcat.http_connect import MOST_HEAD_BYTES, Reply, ask, authority
from hatoba.netcat.talks import HungUp, ProxyFault
from tests.unit.netcat.held_talks import hold


def test_the_stream_begins_right_behind_the_answer() -> None:
    held = hold(ask("www:80", None), b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nSSH-2.0")
    assert held.said == [b"CONNECT www:80 HTTP/1.1\r\nHost: www:80\r\n\r\n"]
    assert held.value == Reply(200, "Connection established", [])
    assert held.rest == b"SSH-2.0"


def test_old_and_talkative_proxies() -> None:
    assert hold(ask("www:80", None), b"HTTP/1.0 200 OK\n\nhello").rest == b"hello"
    assert hold(ask("www:80", None), b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200\r\n\r\nhello").rest == b"hello"


def test_who_one_is_goes_along_and_challenges_come_back() -> None:
    answer = (
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=a\r\n"
        b"proxy-authenticate: Digest nonce=b\r\nContent-Length: 5\r\n\r\nhello"
    )
    held = hold(ask("www:80", "Basic eA=="), answer)
    assert b"\r\nProxy-Authorization: Basic eA==\r\n" in held.said[0]
    assert (held.value.status, [one.scheme for one in held.value.challenges]) == (407, ["basic", "digest"])


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * MOST_HEAD_BYTES + b"\r\n\r\n", "does not come to the end of its answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3000, "does not come to the end of its answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "speaks no HTTP"),
    ],
)
def test_what_is_no_answer(heard: bytes, words: str) -> None:
    with pytest.raises(ProxyFault) as caught:
        hold(ask("www:80", None), heard)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("host", "written"),
    [("www", "www:80"), ("fd00:18::2", "[fd00:18::2]:80"), ("fe80::1%eth0", "[fe80::1]:80"), ("例え.jp", "xn--r8jz45g.jp:80")],
)
def test_authorities(host: str, written: str) -> None:
    assert authority(host, 80) == written


def test_what_can_not_be_asked() -> None:
    for host in ("", "a b", "a\r\nb", "x" * 300, "。。"):
        with pytest.raises(UsageError, match="can't be a name"):
            authority(host, 80)
    with pytest.raises(UsageError, match="HTTP can't carry this user"):
        hold(ask("www:80", "Basic \r\nX: y"), b"")


WORDS = (
    b"HTTP/1.1 ",
    b"200",
    b"407",
    b"100",
    b" OK",
    b"\r\n",
    b"\n",
    b": ",
    b"Content-Length: 3",
    b"\0",
    b"Transfer-Encoding: x",
)
HEADS = st.lists(st.sampled_from(WORDS)).map(b"".join)


@given(HEADS | st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_no_bytes_confuse_it(heard: bytes) -> None:
    try:
        held = hold(ask("www:80", None), heard)
    except (ProxyFault, HungUp):
        return
    assert isinstance(held.value, Reply)
    assert 200 <= held.value.status <= 999
