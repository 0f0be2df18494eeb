"""What is said of a handshake."""

from __future__ import annotations

import time

import pytest

from hatoba.netcat.self_signed import self_signed
from hatoba.netcat.tls import Negotiated, fingerprint_of
from hatoba.netcat.tls_words import agreement

DER, _PEM = self_signed(("www.example.org",), time.time())


def agreed(*, certificate: bytes = DER, verified: bool = False, alpn: str = "") -> Negotiated:
    return Negotiated("TLS 1.3", "TLS_AES_128_GCM_SHA256", alpn, certificate, verified)


def test_what_v_says() -> None:
    first, second, third = agreement(agreed(alpn="h2\x1b[31m"), False, False, 0.0)
    assert first == "TLS 1.3 with TLS_AES_128_GCM_SHA256; protocol inside (ALPN): h2\\x1b[31m"
    assert second.startswith("the peer's certificate: CN=www.example.org, issued by CN=www.example.org, valid until 20")
    assert second.endswith(fingerprint_of(DER))
    assert third == "the certificate was not checked; --ssl-verify does that"
    assert len(agreement(agreed(verified=True), False, False, 0.0)) == 2
    assert agreement(agreed(certificate=b""), True, False, 0.0) == [
        "TLS 1.3 with TLS_AES_128_GCM_SHA256; protocol inside (ALPN): none agreed on"
    ]


@pytest.mark.parametrize(
    ("verified", "serving", "words"),
    [
        (False, False, "so the peer may be anybody, even somebody between us and the right one"),
        (True, False, "the peer is who it says it is"),
        (True, True, "the peer is who it says it is"),
        (False, True, "we did not ask the client who it is"),
    ],
)
def test_what_the_teaching_mode_says(verified: bool, serving: bool, words: str) -> None:
    first, *_certificate, last = agreement(agreed(verified=verified), serving, True, 0.0123)
    assert "the handshake took 12.3 ms, and from here on nobody between us can read along" in first
    assert words in last


def test_a_certificate_that_is_none() -> None:
    assert "the peer's certificate: ?, issued by ?" in agreement(agreed(certificate=b"x"), False, False, 0.0)[1]
