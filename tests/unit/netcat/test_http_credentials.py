"""Basic and Digest: the examples of their RFCs, and challenges as servers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.netcat.http_credentials import Challenge, answer, basic, challenges, digest_response
from hatoba.netcat.socks import Account

MUFASA = Account("Mufasa", "Circle of Life")
EXAMPLE = {
    "realm": "http-auth@example.org",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "uri": "/dir/index.html",
    "qop": "auth",
}
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: str) -> None:
    assert digest_response({**EXAMPLE, "algorithm": algorithm}, MUFASA, "GET", "00000001", CNONCE) == response


def test_the_example_of_rfc_2617_and_of_its_elders() -> None:
    """RFC 2069 section 2.4, by its erratum 749; RFC 2617 section 3.5."""
    old = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093", "uri": "/dir/index.html"}
    account = Account("Mufasa", "CircleOfLife")
    assert digest_response(old, account, "GET", "", "") == "1949323746fe6a43ef61f9606e7febea"
    newer = {**old, "qop": "auth"}
    response = digest_response(newer, Account("Mufasa", "Circle Of Life"), "GET", "00000001", "0a4f113b")
    assert response == "6629fae49393a05397450978507c4ef1"


def test_a_session_key_depends_on_both_nonces() -> None:
    parameters = {**EXAMPLE, "algorithm": "MD5-sess"}
    first = digest_response(parameters, MUFASA, "GET", "00000001", CNONCE)
    plain = digest_response({**EXAMPLE, "algorithm": "MD5"}, MUFASA, "GET", "00000001", CNONCE)
    assert first != plain


def test_the_example_of_rfc_7617() -> None:
    assert basic(Account("Aladdin", "open sesame")) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic(Account("test", "123£")) == "Basic dGVzdDoxMjPCow=="


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (['Basic realm="a, b"'], [("basic", {"realm": "a, b"})]),
        (['Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'],
         [("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}), ("basic", {"realm": "simple"})]),
        (["Basic", 'Digest nonce=abc , qop="auth,auth-int"'],
         [("basic", {}), ("digest", {"nonce": "abc", "qop": "auth,auth-int"})]),
        (["Negotiate, NTLM dG9rZW4=, Basic realm=x"], [("negotiate", {}), ("ntlm", {}), ("basic", {"realm": "x"})]),
        ([", ,Basic realm = x"], [("basic", {"realm": "x"})]),
        (['Basic realm="unclosed'], [("basic", {})]),
        (["", "\"", "=="], []),
    ],
)  # fmt: skip
def test_challenges_as_they_come(values: list[str], found: list[tuple[str, dict[str, str]]]) -> None:
    assert challenges(values) == [Challenge(*one) for one in found]


def test_the_safest_answer_is_taken() -> None:
    digest = 'Digest realm="p", nonce="n", qop="auth", algorithm='
    offered = challenges(['Basic realm="p"', digest + "MD5", digest + "SHA-256"])
    best = answer(offered, MUFASA, "CONNECT", "www:80", "c")
    assert best is not None
    agreed = {"realm": "p", "nonce": "n", "uri": "www:80", "qop": "auth", "algorithm": "SHA-256"}
    response = digest_response(agreed, MUFASA, "CONNECT", "00000001", "c")
    assert best == (
        f'Digest username="Mufasa", realm="p", nonce="n", uri="www:80", response="{response}", algorithm=SHA-256, cnonce="c", '
        "qop=auth, nc=00000001"
    )
    assert "algorithm=MD5" in str(answer(offered[:2], MUFASA, "CONNECT", "www:80", "c"))
    assert str(answer(offered[:1], MUFASA, "CONNECT", "www:80", "c")).startswith("Basic ")


@pytest.mark.parametrize("value", ["Negotiate", 'Digest nonce="n", algorithm=SHA-512-256', 'Digest nonce="n", qop="auth-int"'])
def test_what_we_can_not_meet(value: str) -> None:
    assert answer(challenges([value]), MUFASA, "CONNECT", "www:80", "c") is None


def test_an_old_server_gets_an_old_answer() -> None:
    told = answer(challenges(['Digest realm="a\\"b", nonce="n", opaque="o"']), Account('q"', "p"), "CONNECT", "www:80", "c")
    assert told is not None
    assert told.startswith('Digest username="q\\"", realm="a\\"b", nonce="n", uri="www:80", opaque="o", response="')
    assert "qop" not in told
    assert "cnonce" not in told


@given(st.lists(st.text(st.sampled_from('Digest Basic,="\\ \trealmnonceqopauth;é\0')) | st.text(max_size=200), max_size=5))
def test_no_challenge_confuses_it(values: list[str]) -> None:
    found = challenges(values)
    told = answer(found, MUFASA, "CONNECT", "www:80", "c")
    assert told is None or told.startswith(("Basic ", "Digest "))


def test_reading_takes_time_in_proportion() -> None:
    """64 KiB of what would make a reader that goes back and forth go mad: this ends at once."""
    for piece in ('a="', 'a="\\', "a=b,", "a ", ",", "\\"):
        challenges(["Basic " + piece * (65536 // len(piece))])
