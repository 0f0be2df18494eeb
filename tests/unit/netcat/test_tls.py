"""Who is trusted, what is agreed on, and what each refusal says."""

from __future__ import annotations

import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hatoba.errors import UsageError
from hatoba.netcat.self_signed import self_signed
from hatoba.netcat.tls import (
    TlsSettings,
    accept_encrypted,
    client_context,
    encrypt,
    fingerprint_of,
    fingerprint_wanted,
    negotiated,
    server_context,
)
from hatoba.netcat.tls_faults import TlsFault
from tests.unit.netcat import tls_pairs
from tests.unit.netcat.tls_pairs import PATIENCE_S, Authority, handshake

HOST = "www.example.org"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def serving(authority: Authority, name: str = HOST, **validity: int) -> TlsSettings:
    identity = authority.sign(name, **validity)
    return TlsSettings(certificate_file=identity.certificate, key_file=identity.key)


def trusting(authority: Authority) -> TlsSettings:
    return TlsSettings(trust_file=authority.file)


def test_what_was_agreed_on(authority: Authority) -> None:
    client = replace(trusting(authority), alpn=("h2", "http/1.1"))
    pair = handshake(client, replace(serving(authority), alpn=("http/1.1",)))
    found = negotiated(pair.client, client)
    assert found._replace(certificate=b"") == ("TLS 1.3", found.cipher, "http/1.1", b"", True)
    assert found.cipher.startswith("TLS_")
    assert negotiated(pair.server, TlsSettings()).certificate == b""


@pytest.mark.parametrize(
    ("validity", "host", "words"),
    [
        ({"ends_days": 0}, HOST, "the certificate of www.example.org has expired; it has to be renewed there"),
        ({"begins_days": 1, "ends_days": 2}, HOST, "is not valid yet; check the clock of both machines"),
        ({}, "mail.example.org", "the certificate of mail.example.org is for another name; write the name that it is for"),
        ({}, "198.18.0.2", "the certificate of 198.18.0.2 is not for this address; write the name that it is for"),
    ],
)
def test_a_certificate_that_does_not_hold(authority: Authority, validity: dict[str, int], host: str, words: str) -> None:
    with pytest.raises(TlsFault) as caught:
        handshake(trusting(authority), serving(authority, **validity), host)
    assert words in str(caught.value)


def test_without_verification_anything_goes(authority: Authority) -> None:
    pair = handshake(TlsSettings(), serving(authority, ends_days=0), "198.18.0.2")
    assert not negotiated(pair.client, TlsSettings()).verified


def test_an_authority_that_nobody_trusts(authority: Authority) -> None:
    with pytest.raises(TlsFault, match=r"nobody that this machine trusts vouches .* --ssl-trustfile"):
        handshake(TlsSettings(verify=True), serving(authority))


def test_a_certificate_made_on_the_spot_is_vouched_for_by_nobody() -> None:
    with pytest.raises(TlsFault, match=r"signed by nobody but itself; .*--ssl-fingerprint"):
        handshake(TlsSettings(verify=True), TlsSettings(server_name=HOST))


def test_a_servers_own_certificate_may_be_the_trusted_one(authority: Authority) -> None:
    identity = authority.sign(HOST)
    pair = handshake(
        TlsSettings(trust_file=identity.certificate), TlsSettings(certificate_file=identity.certificate, key_file=identity.key)
    )
    assert negotiated(pair.client, TlsSettings(verify=True)).verified


def test_the_name_that_is_asked_for_is_the_name_that_counts(authority: Authority) -> None:
    pair = handshake(replace(trusting(authority), server_name=HOST), serving(authority), "198.18.0.2")
    assert pair.client.tls.server_hostname == HOST


def test_a_fingerprint_vouches_alone(authority: Authority) -> None:
    server = serving(authority, ends_days=0)
    shown = fingerprint_of(negotiated(handshake(TlsSettings(), server).client, TlsSettings()).certificate)
    asked = TlsSettings(fingerprint=fingerprint_wanted(shown))
    assert negotiated(handshake(asked, server).client, asked).verified
    with pytest.raises(TlsFault, match=f"another certificate than the one asked for; its fingerprint is {shown}"):
        handshake(TlsSettings(fingerprint="0" * 64), server)


def test_a_server_may_ask_for_certificates(authority: Authority) -> None:
    server = replace(serving(authority), trust_file=authority.file)
    pair = handshake(serving(authority, "client.example.org"), server)
    assert negotiated(pair.server, server).certificate
    with pytest.raises(TlsFault) as caught:
        handshake(TlsSettings(), server)
    assert str(caught.value) == "the client showed no certificate, and --ssl-verify asks for one"
    stranger = Path(authority.file).with_name("stranger.pem")
    stranger.write_bytes(self_signed(("stranger.example.org",), time.time())[1])
    with pytest.raises(TlsFault) as caught:
        handshake(TlsSettings(certificate_file=str(stranger)), server)
    assert str(caught.value) == (
        "the certificate of the client is signed by nobody but itself; if you know it, name its file with --ssl-trustfile"
    )


def test_the_client_hears_that_it_is_not_trusted(authority: Authority) -> None:
    """With TLS 1.3 the client's handshake is over by then: it hears it when it reads."""
    server = replace(serving(authority), trust_file=authority.file)
    context, _made = server_context(server)
    ours, theirs = socket.socketpair()
    with ThreadPoolExecutor(1) as pool:
        refusing = pool.submit(accept_encrypted, theirs, context, server, "the client", PATIENCE_S)
        inside = encrypt(ours, client_context(TlsSettings()), TlsSettings(), HOST, PATIENCE_S)
        assert isinstance(refusing.exception(), TlsFault)
        with pytest.raises(TlsFault) as caught, inside:
            inside.recv(100)
    assert str(caught.value) == f"{HOST} wants to see a certificate; give one with --ssl-cert and --ssl-key"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            b"",
            "took the connection and did not answer the TLS handshake in 0.01 s; leave out --ssl if it does not speak TLS",
        ),
        (b"\x16\x03", "did not come to the end of the TLS handshake in 0.01 s; give it longer with -w"),
    ],
)
def test_who_is_silent_is_not_waited_for_longer_than_that(said: bytes, words: str) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(said)
    with theirs, pytest.raises(TlsFault) as caught:
        encrypt(ours, client_context(TlsSettings()), TlsSettings(), HOST, 0.01)
    assert str(caught.value).startswith(f"{HOST} {words}")
    assert ours.fileno() == -1


def test_a_silent_client_is_not_waited_for_either() -> None:
    context, _made = server_context(TlsSettings())
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(TlsFault, match=r"^the client does not come to the end of the TLS handshake$"):
        accept_encrypted(ours, context, TlsSettings(), "the client", 0.01)


def test_nothing_in_common(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's key is one of elliptic curves; TLS 1.2 with RSA is all that the client offers."""
    client = TlsSettings(ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    context = client_context(client)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    monkeypatch.setattr(tls_pairs, "client_context", lambda _settings: context)
    with pytest.raises(TlsFault) as caught:
        handshake(client, serving(authority))
    assert str(caught.value) == f"{HOST} and this end have no version or cipher of TLS in common"


def test_the_made_certificate_says_what_it_is_for() -> None:
    _context, made = server_context(TlsSettings(server_name="here.example.org"))
    assert made is not None
    assert made.names == ("here.example.org",)
    pair = handshake(TlsSettings(), TlsSettings())
    assert "localhost" in server_context(TlsSettings())[1].names  # type: ignore[union-attr]
    assert len(fingerprint_of(negotiated(pair.client, TlsSettings()).certificate)) == 95


@pytest.mark.parametrize("text", ["ab" * 32, "AB:" * 31 + "AB", "SHA256=" + "Ab" * 32])
def test_fingerprints_are_written_in_many_ways(text: str) -> None:
    assert fingerprint_wanted(text) == "ab" * 32


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (TlsSettings(ciphers="NOTHING"), "--ssl-ciphers 'NOTHING': OpenSSL knows none of these"),
        (TlsSettings(alpn=("x" * 256,)), "--ssl-alpn takes names of 1 to 255 characters"),
        (TlsSettings(alpn=("",)), "--ssl-alpn takes names of 1 to 255 characters"),
        (TlsSettings(trust_file="/nowhere.pem"), "/nowhere.pem can't be read: No such file or directory"),
        (TlsSettings(trust_file="/etc/passwd"), "/etc/passwd holds no certificates in PEM"),
        (TlsSettings(certificate_file="/nowhere.pem"), "/nowhere.pem can't be read: No such file or directory"),
        (TlsSettings(certificate_file="/etc/passwd"), "must hold a certificate and its key in PEM"),
    ],
)
def test_what_the_user_got_wrong(settings: TlsSettings, words: str) -> None:
    for make in (client_context, server_context):
        with pytest.raises(UsageError) as caught:
            make(settings)
        assert words in str(caught.value)


def test_files_that_do_not_fit(authority: Authority) -> None:
    one, other = authority.sign("a.example.org"), authority.sign("b.example.org")
    with pytest.raises(UsageError, match="does not belong to the certificate"):
        client_context(TlsSettings(certificate_file=one.certificate, key_file=other.key))
    with pytest.raises(UsageError, match="must hold a certificate and its key"):
        client_context(TlsSettings(certificate_file=one.certificate))
    locked = authority.sign("locked.example.org", password=b"secret")
    with pytest.raises(UsageError, match="is locked with a password; unlock it first: openssl pkey"):
        client_context(TlsSettings(certificate_file=locked.certificate, key_file=locked.key))


def test_a_fingerprint_is_a_clients() -> None:
    with pytest.raises(UsageError, match="--ssl-fingerprint is for connecting"):
        server_context(TlsSettings(fingerprint="0" * 64))
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        fingerprint_wanted("abc")
