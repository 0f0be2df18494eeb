from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.identify.protocols.http import body_of, head_of, host_field, read, request

HEAD = b"HTTP/1.1 200 OK\r\nServer: nginx\r\n"


def details(answer: bytes) -> dict[str, str]:
    facts = read((answer,))
    assert facts is not None
    return dict(facts.details)


@pytest.mark.parametrize(
    ("answer", "ended", "body"),
    [
        (HEAD + b"Content-Length: 2\r\n\r\nhi", False, b"hi"),
        (HEAD + b"Content-Length: 2\r\n\r\nhi and more", False, b"hi"),
        (HEAD + b"Content-Length: 3\r\n\r\nhi", True, None),
        (HEAD + b"\r\nall of it", True, b"all of it"),
        (HEAD + b"\r\nthe beginning", False, None),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;a=b\r\n ho\r\n0\r\n\r\n", False, b"hi ho"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", True, None),
        (HEAD + b"Content-Length: -1\r\n\r\nhi", True, None),
        (b"HTTP/1.1 204 None\r\n\r\n", False, b""),
        (b"no HTTP", True, None),
        (HEAD, True, b""),
    ],
)
def test_the_body_of_an_answer_if_all_of_it_is_there(answer: bytes, ended: bool, body: bytes | None) -> None:
    assert body_of(answer, ended) == body


@given(
    st.binary(max_size=200), st.booleans(), st.sampled_from([b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 9\r\n"])
)
def test_no_body_makes_it_raise_or_grow(body: bytes, ended: bool, field: bytes) -> None:
    found = body_of(HEAD + field + b"\r\n" + body, ended)
    assert found is None or len(found) <= len(body)


def test_what_else_an_answer_tells() -> None:
    fields = b"Location: https://elsewhere.example/\r\nAllow: GET\r\nDAV: 1\r\nX-Powered-By: PHP/8\r\nAlt-Svc: h3=:443\r\n"
    page = b'<meta name="generator" content="WordPress 6"><link rel="icon" sizes="1x1" href="/i.png">'
    assert details(HEAD + fields + b"\r\n" + page) == {
        "status": "200 OK", "location": "https://elsewhere.example/", "allow": "GET", "dav": "1", "powered-by": "PHP/8",
        "alt-svc": "h3=:443", "generator": "WordPress 6", "icon": "/i.png",
    }  # fmt: skip


def test_what_stands_in_front_is_told_with_it() -> None:
    facts = read((HEAD + b"CF-Ray: 1-NRT\r\n\r\n",))
    assert facts is not None
    assert [shield.name for shield in facts.shields] == ["Cloudflare"]


@pytest.mark.parametrize("host", ["a b", "x\r\nEvil: 1", "wharf\u6ce2", ""])
def test_a_name_that_may_not_stand_in_a_request_is_not_put_there(host: str) -> None:
    said = request(host).data
    assert said.count(b"\r\n") == request("target.lab").data.count(b"\r\n")
    assert host_field(host) in ("localhost", "")


def test_a_request_without_a_user_agent_says_so() -> None:
    assert b"\r\nUser-Agent:\r\n" in request("target.lab", agent="").data
    assert request("target.lab", "/x", "OPTIONS").data.startswith(b"OPTIONS /x HTTP/1.1\r\nHost: target.lab\r\n")
    assert head_of(b"HTTP/1.1 200 OK\r\n") is not None
