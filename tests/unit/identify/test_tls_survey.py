"""The survey against OpenSSL's server in memory, set up so that the truth is known, and against strangers."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.identify.layers import PlainLayer
from hatoba.identify.manner import Patience, Target
from hatoba.identify.tls_hello import FAREWELL
from hatoba.identify.tls_survey import TlsSurvey, found_by_hand, surveyed
from hatoba.model import Protocol
from hatoba.registry.tls_suites import TLS1_2, TLS1_3, key_exchange_of, suite_name, suites_for
from hatoba.service import Facts, Outcome, Service, Tls
from tests.unit.identify.peers import END, FakeDials, Peer, Said, run
from tests.unit.identify.servers import NOW_S, TlsPeer, certificate, new_server_context
from tests.unit.identify.test_tls_hello import message, record, server_hello

TARGET = Target(ip_address("198.18.0.2"), Protocol.TCP, 443)
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def survey_of(make: Callable[[], Any]) -> tuple[TlsSurvey, FakeDials]:
    dials = FakeDials(make)
    return TlsSurvey(PlainLayer(dials, TARGET, 1.0), Patience(), "target.lab"), dials


def server(ciphers: str = "", least: str = "TLSv1_2", most: str = "TLSv1_3", **options: Any) -> Callable[[], Any]:
    context = new_server_context(least=least, most=most)
    if ciphers:
        context.set_ciphers(ciphers)
    for name, value in options.items():
        setattr(context, name, value)
    return lambda: TlsPeer(context)


def steps(survey: TlsSurvey, tls: Tls, all_ciphers: bool = False) -> list[Tls]:
    async def collected() -> list[Tls]:
        return [step async for step in surveyed(survey, tls, all_ciphers=all_ciphers)]

    found, _took_s = run(collected())
    return found


AGREED = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")


def test_two_versions_and_nothing_weak() -> None:
    survey, dials = survey_of(server())
    first, last = steps(survey, AGREED)
    assert (first.versions, first.weaknesses) == (("TLSv1.2", "TLSv1.3"), ())
    assert last == first
    assert len(dials.peers) == 5  # four older versions, and the weak ciphers
    assert all(peer.sent[-1] == FAREWELL for peer in dials.peers)
    dials.assert_all_closed()


def test_what_is_old_and_weak_is_named_the_worst_first() -> None:
    survey, dials = survey_of(server(EVERYTHING, least="TLSv1"))
    last = steps(survey, AGREED)[-1]
    assert last.versions == ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert last.weaknesses[:2] == ("tlsv1", "tlsv1.1")
    assert {"no-authentication", "no-encryption"} <= set(last.weaknesses)
    assert len(dials.peers) == 4 + len(last.weaknesses[2:]) + 1  # older versions; each weakness once, and the end of them


def test_of_a_server_that_takes_tls_1_3_alone_no_weak_cipher_is_asked() -> None:
    survey, dials = survey_of(server(least="TLSv1_3"))
    (only,) = steps(survey, AGREED)
    assert (only.versions, len(dials.peers)) == (("TLSv1.3",), 4)


def test_every_cipher_in_the_servers_order() -> None:
    wanted = ["CAMELLIA128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "NULL-SHA256", "ECDHE-RSA-AES256-SHA"]
    make = server(":".join(wanted) + ":@SECLEVEL=0", most="TLSv1_2", options=ssl.OP_CIPHER_SERVER_PREFERENCE)
    survey, _dials = survey_of(make)
    last = steps(survey, replace(AGREED, version="TLSv1.2"), all_ciphers=True)[-1]
    (accepted,) = last.ciphers
    assert accepted.preference == "server"
    assert accepted.ciphers == (
        "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
        *("TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_NULL_SHA256"),
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    )
    assert last.weaknesses == ("no-encryption",)


def test_in_the_clients_order() -> None:
    survey, _dials = survey_of(server("AES128-SHA:AES256-SHA:@SECLEVEL=0", most="TLSv1_2", options=ssl.OP_ALL))
    (accepted,) = steps(survey, replace(AGREED, version="TLSv1.2"), all_ciphers=True)[-1].ciphers
    assert accepted.preference == "client"
    assert set(accepted.ciphers) == {"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"}


def test_a_short_prime() -> None:
    survey, _dials = survey_of(server("DHE-RSA-AES128-SHA256:@SECLEVEL=0", most="TLSv1_2"))
    last = steps(survey, replace(AGREED, version="TLSv1.2"), all_ciphers=True)[-1]
    assert "weak-dh" not in last.weaknesses
    exchange = message(12, (128).to_bytes(2) + b"\x80" + bytes(127))
    answer = record(0x16, server_hello(0x0067) + exchange + message(14, b""))
    survey, _dials = survey_of(lambda: Peer((), lambda said: [answer] if b"\0\x67" in said else [END]))
    assert "weak-dh" in steps(survey, Tls("TLSv1.2", ""), all_ciphers=True)[-1].weaknesses


def test_a_client_certificate_is_asked_for() -> None:
    survey, _dials = survey_of(server(verify_mode=ssl.CERT_OPTIONAL, most="TLSv1_2"))
    assert steps(survey, AGREED)[0].wants_certificate


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\0\2\2\x28", b"\x16\x03\x03\xff\xff"]
)
@pytest.mark.parametrize("end", [[END], []])
def test_strangers_are_told_nothing_of_and_take_bounded_time(answer: bytes, end: list[Said]) -> None:
    survey, dials = survey_of(lambda: Peer((), lambda _said: [answer, *end]))
    found, took_s = run(survey.versions())
    assert found == {}
    assert took_s <= 3 * Patience().answer_s
    dials.assert_all_closed()


def test_one_that_chooses_what_nobody_offered_ends_the_enumeration() -> None:
    odd = record(0x16, server_hello(0x1234) + message(14, b""))
    survey, dials = survey_of(lambda: Peer((), lambda _said: [odd]))
    (accepted, _bits), _took_s = run(survey.ciphers(TLS1_2))
    assert accepted.ciphers == ()
    assert len(dials.peers) == 8  # seven ways to agree on keys, and one has more than 64


def test_one_that_trips_over_one_way_tells_the_others() -> None:
    """Dovecot without parameters for DHE: whoever offers that first is hung up on."""

    def tripping() -> Peer:
        def answers(said: bytes) -> list[Said]:
            if said[0] != 0x16:
                return []
            size = int.from_bytes(said[44:46])
            offered = {int.from_bytes(said[at : at + 2]) for at in range(46, 46 + size, 2)}
            if offered & {number for number in suites_for(TLS1_2) if key_exchange_of(suite_name(number)) == "DHE"}:
                return [END]
            taken = sorted(offered & {0x002F, 0xC060, 0x00BA})
            return [record(0x16, server_hello(taken[0]) + message(14, b""))] if taken else [b"\x15\3\3\0\2\2\x28"]

        return Peer((), answers)

    survey, _dials = survey_of(tripping)
    (accepted, _bits), _took_s = run(survey.ciphers(TLS1_2))
    assert set(accepted.ciphers) == {suite_name(number) for number in (0x002F, 0xC060, 0x00BA)}


def test_one_that_always_agrees_is_asked_for_each_cipher_once() -> None:
    def agreeing() -> Peer:
        def answers(said: bytes) -> list[Said]:
            offered = int.from_bytes(said[5 + 4 + 2 + 32 + 1 + 32 + 2 :][:2])
            return [record(0x16, server_hello(offered, TLS1_3))] if said[0] == 0x16 else []

        return Peer((), answers)

    survey, dials = survey_of(agreeing)
    (accepted, _bits), _took_s = run(survey.ciphers(TLS1_3))
    assert len(accepted.ciphers) == len(suites_for(TLS1_3))
    assert accepted.preference == "client"
    assert len(dials.peers) == len(accepted.ciphers) + 2


def by_hand(make: Callable[[], Any]) -> Service:
    survey, _dials = survey_of(make)
    before = Service(
        TARGET.address, TARGET.protocol, TARGET.port, Outcome.RECOGNISED, Facts("ssl", extra="no common version or cipher")
    )
    service, _took_s = run(found_by_hand(before, survey, NOW_S, ("target.lab",)))
    return service


def test_without_a_handshake_certificate_and_version_are_told_all_the_same() -> None:
    service = by_hand(server("AES128-SHA:@SECLEVEL=0", least="TLSv1", most="TLSv1", verify_mode=ssl.CERT_REQUIRED))
    assert service.tls is not None
    assert service.tls.certificate is not None
    assert (service.tls.version, service.tls.cipher) == ("TLSv1", "TLS_RSA_WITH_AES_128_CBC_SHA")
    assert service.tls.certificate.common_name == "target.lab"
    assert service.facts is not None
    assert service.facts.extra == "client certificate required"


def test_certificates_of_ten_megabytes_are_told_by_their_size() -> None:
    pouring = record(0x16, server_hello(0x002F) + message(11, bytes(2000), 10_000_000)) + record(0x16, bytes(16_000)) * 50
    service = by_hand(lambda: Peer((), lambda said: [pouring] if said[9:11] == b"\3\3" else [END]))
    assert service.facts is not None
    assert service.facts.extra == "certificates of 10000000 bytes"
    assert service.tls is not None
    assert (service.tls.version, service.tls.certificate) == ("TLSv1.2", None)


def test_nothing_that_speaks_no_version_changes_anything() -> None:
    service = by_hand(lambda: Peer((), lambda _said: [b"\x15\x03\x01\0\2\2\x28", END]))
    assert (service.tls, service.facts) == (None, Facts("ssl", extra="no common version or cipher"))


def test_a_certificate_with_others_keeps_them() -> None:
    first, second = (one[0] for one in (certificate(issuer="some authority", bits=0), certificate("some authority")))
    listed = b"".join(len(one).to_bytes(3) + one for one in (first, second))
    answer = record(0x16, server_hello(0x002F) + message(11, len(listed).to_bytes(3) + listed) + message(14, b""))
    service = by_hand(lambda: Peer((), lambda said: [answer] if said[9:11] == b"\3\3" else [END]))
    assert service.tls is not None
    assert [one.common_name for one in service.tls.chain] == ["some authority"]
