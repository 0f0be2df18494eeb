"""TLS on request, surveyed: mail servers in memory that change over, and some that do otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from hatoba.identify.interview import Interview
from hatoba.identify.layers import PlainLayer
from hatoba.identify.manner import Manner, Patience, Target
from hatoba.identify.protocols import databases, mail
from hatoba.identify.start_tls import StartTlsLayer
from hatoba.model import Protocol
from hatoba.service import Outcome, Service
from tests.unit.identify.peers import END, FakeDials, Peer, Said, run
from tests.unit.identify.protocols.feeding import CAPTURES
from tests.unit.identify.servers import TlsPeer, new_server_context

TARGET = Target(ip_address("198.18.0.2"), Protocol.TCP, 25)
ANSWERS = {b"EHLO": b"250-mail.lab\r\n250 STARTTLS\r\n", b"STAR": b"220 go ahead\r\n", b"QUIT": b"221 bye\r\n"}


class Mail(TlsPeer):
    """SMTP that takes TLS 1.2 and before, on request."""

    def __init__(self, most: str = "TLSv1_2", ciphers: str = "AES128-SHA:NULL-SHA:@SECLEVEL=0") -> None:
        context = new_server_context(least="TLSv1", most=most)
        context.set_ciphers(ciphers)
        super().__init__(context)
        self._plain = True
        self._say([b"220 mail.lab ESMTP Exim 4.96\r\n"])

    def _records(self, data: bytes) -> list[Said]:
        if not self._plain:
            return super()._records(data)
        self._plain = not data.startswith(b"STARTTLS")
        return [ANSWERS[data[:4]]]


def interview(make: Any, port: int = 25, **manner: Any) -> tuple[Service, FakeDials]:
    dials = FakeDials(make)
    service, _took_s = run(Interview(dials, Target(TARGET.address, Protocol.TCP, port), Manner(**manner)).run())
    dials.assert_all_closed()
    return service, dials


def test_every_cipher_on_request() -> None:
    service, dials = interview(Mail, tls_ciphers=True)
    assert service.tls is not None
    assert (service.tls.started, service.tls.versions) == (True, ("TLSv1", "TLSv1.1", "TLSv1.2"))
    assert {name for one in service.tls.ciphers for name in one.ciphers} == {
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_NULL_SHA",
    }
    assert service.tls.weaknesses == ("tlsv1", "tlsv1.1", "no-encryption")
    assert all(peer.sent[:2] == [b"EHLO hatoba.invalid\r\n", b"STARTTLS\r\n"] for peer in dials.peers)


def test_it_has_to_be_wished_for() -> None:
    service, dials = interview(Mail)
    assert service.tls is not None
    assert (service.tls.versions, len(dials.peers)) == ((), 1)


def test_what_openssl_has_no_version_for_is_told_all_the_same() -> None:
    class Ancient(Mail):
        def _records(self, data: bytes) -> list[Said]:
            """Hangs up at every hello but one for TLS 1.0."""
            if not self._plain and data[:1] == b"\x16" and data[9:11] != b"\3\1":
                return [END]
            return super()._records(data)

    service, _dials = interview(Ancient, tls_ciphers=True)
    assert service.tls is not None
    assert (service.tls.version, service.tls.started) == ("TLSv1", True)
    assert service.tls.certificate is not None


def test_mysql_counts_and_is_left_in_peace() -> None:
    greeting = CAPTURES["mariadb"].answers[0]
    turns: list[Peer] = []

    def make() -> Peer:
        turns.append(Peer([greeting]))
        return turns[-1]

    service, _dials = interview(make, 3306, tls_ciphers=True)
    assert service.outcome is Outcome.RECOGNISED
    assert len(turns) == 1
    assert databases.MYSQL.start_tls is not None
    assert not layer(databases.MYSQL, make).bears_many


def layer(known: Any, make: Any) -> StartTlsLayer:
    return StartTlsLayer(PlainLayer(FakeDials(make), TARGET, 1.0), known, known.start_tls, known.questions, Patience())


@pytest.mark.parametrize(
    "said",
    [
        {b"EHLO": [b"250 STARTTLS\r\n"], b"STAR": [b"454 not now\r\n"]},
        {b"EHLO": [b"250 STARTTLS\r\n"], b"STAR": []},
        {b"EHLO": [END], b"STAR": []},
        {},
    ],
)
def test_who_does_not_change_over_is_left(said: dict[bytes, Sequence[Said]]) -> None:
    peers: list[Peer] = []

    def make() -> Peer:
        peers.append(Peer([b"220 mail.lab ESMTP\r\n"], lambda data: said.get(data[:4], [])))
        return peers[-1]

    opened, took_s = run(layer(mail.SMTP, make).open())
    assert opened is None
    assert peers[0].closed
    assert took_s <= 2 * Patience().answer_s


def test_postgresql_is_asked_at_once_and_imap_after_its_greeting() -> None:
    opened, _took_s = run(layer(databases.POSTGRESQL, lambda: Peer((), lambda _said: [b"S"])).open())
    assert opened.sent == [bytes.fromhex("0000000804d2162f")]  # type: ignore[union-attr]
    answers = {b"hatoba1": b"hatoba1 OK\r\n", b"hatoba2": b"hatoba2 OK\r\n", b"hatoba3": b"hatoba3 OK go\r\n"}
    opened, _took_s = run(layer(mail.IMAP, lambda: Peer([b"* OK IMAP4\r\n"], lambda said: [answers[said.split()[0]]])).open())
    assert opened.sent[-1] == b"hatoba3 STARTTLS\r\n"  # type: ignore[union-attr]
