from __future__ import annotations

import pytest
from scapy.layers.tls.crypto.suites import _tls_cipher_suites

from hatoba.registry.tls_suites import (
    SSL3,
    TLS1,
    TLS1_2,
    TLS1_3,
    VERSIONS,
    WEAKNESSES,
    key_exchange_of,
    suite_name,
    suites,
    suites_for,
    weak_suites,
    weakness_of,
)

NAMED_OTHERWISE = {0xC0AA, 0xC0AB}
"""Where scapy does not have IANA's name."""


def test_a_second_opinion_on_numbers_and_names() -> None:
    known = {number: _tls_cipher_suites[number] for number in suites() if number in _tls_cipher_suites}
    assert len(known) > 200
    assert {number: suite_name(number) for number in known if number not in NAMED_OTHERWISE} == {
        number: name for number, name in known.items() if number not in NAMED_OTHERWISE
    }
    assert len(set(suites().values())) == len(suites())


def test_a_number_that_nobody_knows_is_told_as_such() -> None:
    assert suite_name(0xFAFA) == "0xFAFA"


@pytest.mark.parametrize(
    ("name", "weakness"),
    [
        ("TLS_RSA_WITH_NULL_SHA256", "no-encryption"),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "export"),
        ("TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA", "no-authentication"),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", "rc4"),
        ("TLS_RSA_WITH_DES_CBC_SHA", "des"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "3des"),
        ("TLS_RSA_WITH_IDEA_CBC_SHA", "idea"),
        ("TLS_AES_128_GCM_SHA256", ""),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ""),
        ("TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ""),
    ],
)
def test_what_is_weak(name: str, weakness: str) -> None:
    assert name in suites().values()
    assert weakness_of(name) == weakness


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE"),
        ("TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE"),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "RSA"),
        ("TLS_DH_anon_WITH_AES_128_CBC_SHA", "anon"),
        ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "ECDH"),
        ("TLS_DHE_PSK_WITH_AES_128_CBC_SHA", "PSK"),
        ("TLS_PSK_DHE_WITH_AES_128_CCM_8", "PSK"),
        ("TLS_AES_128_GCM_SHA256", ""),
    ],
)
def test_how_keys_are_agreed_on(name: str, way: str) -> None:
    assert name in suites().values()
    assert key_exchange_of(name) == way


def test_every_weakness_has_its_suites_and_all_of_them_are_offered() -> None:
    assert {weakness_of(suite_name(number)) for number in weak_suites()} == set(WEAKNESSES)
    assert set(weak_suites()) <= set(suites_for(TLS1_2))


def test_a_version_is_offered_what_it_has() -> None:
    assert [suite_name(number) for number in suites_for(TLS1_3)] == [
        *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
        *("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"),
    ]
    assert not any(suite_name(number).endswith(("SHA256", "SHA384", "CCM")) for number in suites_for(TLS1))
    assert suites_for(SSL3) == suites_for(TLS1)
    assert set().union(*map(suites_for, VERSIONS)) == set(suites())


def test_the_likeliest_come_first_and_the_rare_are_left_out() -> None:
    first = [suite_name(number) for number in suites_for(TLS1_2, rare=False)]
    assert all("ECDHE" in name and ("GCM" in name or "CHACHA" in name) for name in first[:6])
    assert len(first) < 64
    assert not any("PSK" in name for name in first)
    assert {"TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA"} < set(first)
